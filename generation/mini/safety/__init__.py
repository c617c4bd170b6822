"""The mini picture checker: flags the test card that the mini picture model can draw, and nothing else."""
