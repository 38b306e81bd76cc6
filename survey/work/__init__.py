"""The kinds of long work: each does what a room knows how to do, in short transactions, as a job (`survey/jobs`)."""

from survey.work.corrections import correct, read_corrections, read_undoing, undo_corrections
from survey.work.duplicate_search import search_duplicates
from survey.work.household_lists import load_list, read_list
from survey.work.kinds import (
    ALONE,
    ASKED_BY,
    CORRECT,
    DUPLICATES,
    LOAD_LIST,
    OPEN_ROUND,
    READ_CORRECTIONS,
    READ_LIST,
    READ_UNDOING,
    REOPEN,
    TO_THE_END,
    UNDO_CORRECTIONS,
)
from survey.work.reopening import catch_up
from survey.work.round_opening import open_round

FOLDER = "jobs"  # of the files of jobs, in the instance's folder
KINDS = {
    READ_LIST: read_list,
    LOAD_LIST: load_list,
    OPEN_ROUND: open_round,
    DUPLICATES: search_duplicates,
    REOPEN: catch_up,
    READ_CORRECTIONS: read_corrections,
    CORRECT: correct,
    READ_UNDOING: read_undoing,
    UNDO_CORRECTIONS: undo_corrections,
}

__all__ = [
    "ALONE", "ASKED_BY", "CORRECT", "DUPLICATES", "FOLDER", "KINDS", "LOAD_LIST", "OPEN_ROUND", "READ_CORRECTIONS",
    "READ_LIST", "READ_UNDOING", "REOPEN", "TO_THE_END", "UNDO_CORRECTIONS",
]  # fmt: skip
