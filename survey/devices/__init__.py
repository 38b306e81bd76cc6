"""The phones: what each holds, what it is told, what is missing of it."""
