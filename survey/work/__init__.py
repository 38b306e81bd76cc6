"""The kinds of long work: each does what a room knows how to do, in short transactions, as a job (`survey/jobs`)."""

from collections.abc import Mapping
from functools import partial

from survey.evidence.signing import Signer
from survey.jobs.worker import Kind
from survey.supports.giving import Blind
from survey.work.area_recount import change_area, change_villages, recount_area, undo_change
from survey.work.closing import ask_to_close, being_closed, close_round
from survey.work.corrections import correct, read_corrections, read_undoing, undo_corrections
from survey.work.duplicate_search import search_duplicates
from survey.work.exporting import export, export_changes, export_research
from survey.work.household_lists import load_list, read_list
from survey.work.kinds import (
    ALONE,
    ASK_POLICE,
    ASKED_BY,
    CHANGES,
    CLOSE,
    CORRECT,
    DATA_FILES,
    DUPLICATES,
    EXPORT,
    GIVE_SUPPORTS,
    LOAD_LIST,
    OPEN_ROUND,
    READ_CORRECTIONS,
    READ_LIST,
    READ_POLICE,
    READ_SUPPORTS,
    READ_UNDOING,
    REBUILD,
    RECOUNT,
    REGISTER_FILES,
    REOPEN,
    RESEARCH,
    TABLES,
    TO_THE_END,
    UNDO_CORRECTIONS,
    WRITE_POLICE,
    WRITE_REGISTER,
)
from survey.work.police import ask_police, read_police
from survey.work.rebuilding import rebuild
from survey.work.register_lists import write_list
from survey.work.reopening import catch_up
from survey.work.round_opening import open_round
from survey.work.support_lists import give_supports, read_supports
from survey.work.tables_of_day import WordsIn, count_tables

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
    READ_POLICE: read_police,
    ASK_POLICE: ask_police,
    RECOUNT: recount_area,
    REBUILD: rebuild,
    EXPORT: export,
    RESEARCH: export_research,
    CHANGES: export_changes,
}


def kinds(prover: Signer, words_in: WordsIn, blind: Blind) -> Mapping[str, Kind]:
    """All that a worker can do that has the key of proofs, the catalog of each language, and the keyed hash of identity
    numbers."""
    lists = dict.fromkeys(REGISTER_FILES, partial(write_list, words_in))
    supports = {READ_SUPPORTS: partial(read_supports, blind), GIVE_SUPPORTS: partial(give_supports, blind)}
    tables = {CLOSE: partial(close_round, prover), TABLES: partial(count_tables, prover, words_in)}
    return KINDS | lists | supports | tables


__all__ = [
    "ALONE", "ASKED_BY", "ASK_POLICE", "CHANGES", "CLOSE", "CORRECT", "DATA_FILES", "DUPLICATES", "EXPORT", "FOLDER",
    "GIVE_SUPPORTS", "KINDS", "LOAD_LIST", "OPEN_ROUND", "READ_CORRECTIONS", "READ_LIST", "READ_POLICE",
    "READ_SUPPORTS", "READ_UNDOING", "REBUILD", "RECOUNT", "REGISTER_FILES", "REOPEN", "RESEARCH", "TABLES",
    "TO_THE_END", "UNDO_CORRECTIONS", "WRITE_POLICE", "WRITE_REGISTER",
    "ask_to_close", "being_closed", "change_area", "change_villages", "kinds", "undo_change",
]  # fmt: skip
