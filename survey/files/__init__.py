"""Bytes of answers (photos, signatures, sound): addressed by their SHA-256, whole or not at all."""
