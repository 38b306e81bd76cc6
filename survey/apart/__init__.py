"""Files of strangers, read in a process of its own."""
