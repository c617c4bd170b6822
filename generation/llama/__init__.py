"""llama.cpp for the families that run on it; imported in their environments only."""
