"""The ministry's report tables, from one definition as data: page, CSV, and workbooks that prove themselves."""
