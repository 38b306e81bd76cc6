"""Many households of a commune corrected by one list: what it says, what would change, each written as an act."""
