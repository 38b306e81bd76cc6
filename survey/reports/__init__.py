"""Figures, lists and data files from what was received and decided."""
