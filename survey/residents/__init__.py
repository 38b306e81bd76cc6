"""How many households and persons live where: entered, confirmed, compared; what poverty rates divide by."""
