"""What the kinds of long work are called in the table of jobs."""

READ_LIST = "read_list"
LOAD_LIST = "load_list"
OPEN_ROUND = "open_round"
DUPLICATES = "duplicates"
REOPEN = "reopen"
