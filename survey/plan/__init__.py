"""The plan: targets as rows, what they came to, and how they stand against the path from base to target."""
