"""What the kinds of long work are called in the table of jobs."""

from survey.rounds import closing

READ_LIST = "read_list"
LOAD_LIST = "load_list"
OPEN_ROUND = "open_round"
DUPLICATES = "duplicates"
CLOSE = "close_round"
REOPEN, RECOUNT = closing.REOPEN, closing.RECOUNT
READ_CORRECTIONS = "read_corrections"
CORRECT = "correct_by_list"
READ_UNDOING = "read_undoing"
UNDO_CORRECTIONS = "undo_corrections"
READ_POLICE = "read_police_list"
ASK_POLICE = "ask_by_police_list"
WRITE_POLICE = "write_police_list"
WRITE_REGISTER = "write_register_list"
READ_SUPPORTS = "read_supports"
GIVE_SUPPORTS = "give_by_list"
REBUILD = "rebuild"
EXPORT = "export"
RESEARCH = "research"
CHANGES = "export_changes"
TABLES = "tables_of_day"

DATA_FILES = (EXPORT, RESEARCH, CHANGES, TABLES)  # what is made of them is a file that waits for who asked
REGISTER_FILES = (WRITE_POLICE, WRITE_REGISTER)  # the same, on the page of its list
ALONE = frozenset({LOAD_LIST, CORRECT, UNDO_CORRECTIONS, ASK_POLICE, GIVE_SUPPORTS})  # a commune has one at a time
TO_THE_END = frozenset({REOPEN, RECOUNT})  # what it takes over is already so: nobody stops it halfway
ASKED_BY = {  # the verb of whoever asks for it, and so of whoever stops it
    READ_LIST: "register.import",
    LOAD_LIST: "register.import",
    OPEN_ROUND: "round.manage",
    DUPLICATES: "register.change",
    CLOSE: "round.close",
    RECOUNT: "register.change",
    REOPEN: "round.accept",
    READ_CORRECTIONS: "register.correct",
    CORRECT: "register.correct",
    READ_UNDOING: "register.correct",
    UNDO_CORRECTIONS: "register.correct",
    READ_POLICE: "register.police",
    ASK_POLICE: "register.police",
    WRITE_POLICE: "register.police",
    WRITE_REGISTER: "register.correct",
    READ_SUPPORTS: "support.give",
    GIVE_SUPPORTS: "support.give",
    REBUILD: "round.manage",
    EXPORT: "export.read",
    RESEARCH: "export.research",
    CHANGES: "export.read",
    TABLES: "export.read",
}
