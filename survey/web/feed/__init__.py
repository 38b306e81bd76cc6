"""The door of Excel, Power BI and programs that read the feed, and the keys to it."""
