"""The villages and households of a round, before anybody has asked them."""
