"""ODK Collect as another way in: its protocol, its keys, what it brings."""
