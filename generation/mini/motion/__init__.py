"""A try of a motion adapter for the mini picture model; see README.md."""
