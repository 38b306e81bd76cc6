"""Interviews carried by hand, without network: sealed files, codes, and the receipts carried back."""
