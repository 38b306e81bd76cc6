"""What we ask: a workbook becomes a `Form`; a `Form` and answers become values, relevance and problems. Pure."""
