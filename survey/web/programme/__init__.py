"""What the programme is steered by: overview, reports, official tables, residents, plan, what-if, data files."""
