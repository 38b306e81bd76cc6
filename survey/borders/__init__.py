"""What villages are on a day, and the communes of before."""
