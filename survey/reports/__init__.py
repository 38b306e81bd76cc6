"""Figures and lists from what was received and decided."""
