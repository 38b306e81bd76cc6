"""The door of ODK Collect, and the keys to it."""
