"""A round of the review: opened, moved to another version, closed."""
