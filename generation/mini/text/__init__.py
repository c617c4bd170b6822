"""The mini text model: a small llama trained on sentences that this project's own grammar writes."""
