"""Turns a face into an embedding: a unit vector that says whose face it is."""
