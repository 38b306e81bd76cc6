"""A workbook that an author wrote → a `Form`, or its mistakes by sheet, row and column. Pure."""
