"""The server as a thing to keep: its keys, its backup, and the way back from one."""
