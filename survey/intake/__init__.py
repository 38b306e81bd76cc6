"""What arrives: read, judged, logged. Exactly once, never refused, never lost."""
