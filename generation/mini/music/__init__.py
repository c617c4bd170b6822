"""The mini music model: a codec and a language model in MusicGen's format, trained on our own composer's pieces."""
