"""Long work as rows of a table: asked for on a page, done by a worker beside it, seen by whoever waits."""
