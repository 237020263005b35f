"""Finds faces, heads, hands and people in pixels."""
