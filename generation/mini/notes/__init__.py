"""The mini notes model: a small llama over MIDI tokens, trained on melodies that our own composer writes."""
