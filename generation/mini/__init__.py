"""Rehearsal ("mini") models: small weights in the real formats, with the scripts that trained them."""
