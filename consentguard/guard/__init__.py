"""The guard: the only room that knows the whole order, from the bytes of a photo to bytes that may leave."""
