"""Image files: read in a sandbox, decoded to sRGB pixels, written bare, and proved to be bare."""
