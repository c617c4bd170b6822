"""`atelier models`: fetching real models from the hub, looking after them, and which are there."""
