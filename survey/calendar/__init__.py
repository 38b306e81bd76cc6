"""Which rounds there are, where each stands in each commune, and which one is meant where nobody names one."""
