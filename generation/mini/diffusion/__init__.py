"""The mini picture model: drawn scenes, their wordings, training, reading and scoring."""
