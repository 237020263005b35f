"""Languages that a screen reads: one package each, with its lists of words."""
