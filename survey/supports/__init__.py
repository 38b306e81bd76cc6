"""What was given to whom: written down at a desk, told from a phone, read from a list; the same is given once."""
