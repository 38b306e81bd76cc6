"""Sổ Hộ: the yearly review of poor and near-poor households, from the doorstep to the decision."""
