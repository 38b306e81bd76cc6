"""The desk: the commune that reviews, the province that reads."""
