"""Data files for people and machines: each described once, written by one writer a format over the same rows."""
