"""The kinds of long work: each does what a room knows how to do, in short transactions, as a job (`survey/jobs`)."""

from survey.work.duplicate_search import search_duplicates
from survey.work.household_lists import load_list, read_list
from survey.work.kinds import ALONE, ASKED_BY, DUPLICATES, LOAD_LIST, OPEN_ROUND, READ_LIST, REOPEN, TO_THE_END
from survey.work.reopening import catch_up
from survey.work.round_opening import open_round

FOLDER = "jobs"  # of the files of jobs, in the instance's folder
KINDS = {
    READ_LIST: read_list,
    LOAD_LIST: load_list,
    OPEN_ROUND: open_round,
    DUPLICATES: search_duplicates,
    REOPEN: catch_up,
}

__all__ = [
    "ALONE", "ASKED_BY", "DUPLICATES", "FOLDER", "KINDS", "LOAD_LIST", "OPEN_ROUND", "READ_LIST", "REOPEN",
    "TO_THE_END",
]  # fmt: skip
