"""What became of households without an interview: said, decided, and what stands."""
