"""The phone's door: its shell and the sync protocol."""
