"""Questionnaires and points tables as managed things: drafted, checked, published, never changed after."""
