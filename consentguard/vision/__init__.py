"""The eyes and the brush: sees and paints pixels, and knows nothing of pupils."""
