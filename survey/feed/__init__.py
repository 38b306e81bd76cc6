"""The tables that Excel, Power BI and programs read, with the keys that open them."""
