"""Reads, finds and paints: pixels only; it knows nothing of pupils."""
