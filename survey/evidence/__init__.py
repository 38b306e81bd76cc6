"""What the server signs and can prove: receipts, the keys they are signed with, the log of what was done."""
