"""What is counted of a round: the bases, what is lacked, one narrow row a household, sums a place."""
