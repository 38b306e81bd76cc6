"""What `round verify` says of a file, in words."""

from __future__ import annotations

from flask_babel import lazy_gettext

from survey.rounds.proof import Differs
from survey.rounds.proof_file import Fault

FAULTS = {
    "not_json": lazy_gettext("This is no file of proofs: it is damaged, cut off, or something else."),
    "too_large": lazy_gettext("The file is too large to be one of proofs."),
    "misshapen": lazy_gettext("This is no file of proofs of this program, or something in it was taken out or added."),
    "not_canonical": lazy_gettext("Another program wrote the file anew: it is not byte for byte what was made."),
    "signature": lazy_gettext("The signature is wrong: what was signed is not what stands here."),
    "root": lazy_gettext("The households at the end are not those that were signed."),
    "start_root": lazy_gettext("The start list is not the one that was signed."),
    "other_leaf": lazy_gettext("A household of another round or commune stands here."),
    "twice": lazy_gettext("Something stands here twice."),
    "start_lost": lazy_gettext("A household of the start list has no end."),
    "start_invented": lazy_gettext("A household is said to be of the start list, and is not."),
    "start_differs": lazy_gettext(
        "The village or the persons of a household at the start are not those of the start list."
    ),
    "end_differs": lazy_gettext("What a household is at the end does not fit what is said to have become of it."),
    "no_end": lazy_gettext("Nobody says what became of a household."),
    "counts": lazy_gettext("The numbers of households do not follow from the list."),
    "flow": lazy_gettext("The table does not follow from the list of households."),
    "identity": lazy_gettext("The table does not add up: end = 1−2−3−4+5+6+7+8."),
    "previous": lazy_gettext("A later revision does not name the one before it."),
    "other_root": lazy_gettext("The root given stands in no proof of this file."),
    "key_unnamed": lazy_gettext("The file does not name the key that it is signed with."),
    "key_unknown": lazy_gettext("It is signed with a key that the one given does not lead to."),
    "key_statement": lazy_gettext("What the file says of a key is not signed by the keys that it names."),
    "key_stolen": lazy_gettext(
        "The key is named as compromised: this proof counts only with a root from elsewhere (--root), and only if it "
        "was made before that day."
    ),
    "not_stored": lazy_gettext("This database knows no such proof, or another one."),
}
NOTES = {
    "trial": lazy_gettext("Trial: it counts for nothing official."),
    "illustrative": lazy_gettext("Classes rest on the illustrative B1 table, which is not official."),
    "corrected": lazy_gettext("Households whose class at the start was corrected after the round opened"),
    "key_stolen_later": lazy_gettext("The key was compromised later; the root from elsewhere vouches for this proof."),
    "made_later": lazy_gettext(
        "Made after the closing, by the register's log of that day and the rows as they stood when it was made"
    ),
    "superseded": lazy_gettext(
        "The commune was opened again since, or has a newer proof: only what never changes was compared."
    ),
    "not_anchored": lazy_gettext("Nothing from elsewhere vouches for this proof: do not trust it yet."),
    "key_unchecked": lazy_gettext(
        "The key was not checked: a key that the file brings itself proves nothing. Give its fingerprint, as the "
        "office published it: --key FINGERPRINT."
    ),
}
DIFFERS = {
    "changed": lazy_gettext("changed"),
    "missing": lazy_gettext("missing"),
    "added": lazy_gettext("added"),
    "log": lazy_gettext("not as it was written"),
}


def fault_in_words(fault: Fault) -> str:
    words = FAULTS.get(fault.code) or NOTES.get(fault.code) or fault.code
    where = " ".join(part for part in (fault.commune, str(fault.revision or "")) if part)
    return printable(f"{where + ': ' if where else ''}{words}{f' ({fault.what})' if fault.what else ''}")


def difference_in_words(commune: str, one: Differs) -> str:
    """A table, how many of its rows are otherwise, and the keys of the first."""
    named = ", ".join(one.rows) + (" …" if len(one.rows) < one.number and one.rows else "")
    return printable(f"{commune}: {one.table}: {one.number} {DIFFERS[one.kind]}{f': {named}' if named else ''}")


def printable(text: str) -> str:
    """What a file brings along, so that it cannot steer the terminal that it is shown on."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
