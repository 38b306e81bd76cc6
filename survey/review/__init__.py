"""What people do with what arrived: the queue, a record, and every decision on it."""
