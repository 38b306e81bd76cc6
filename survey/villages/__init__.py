"""What is written down of a village, with the households and interviews that rest on it."""
