"""What goes over the line of households without an interview: outcomes, and changes that are proposed."""

from __future__ import annotations

from survey.intake.proposed import GIVEN
from survey.terms import OutcomeKind, OutcomeState, ProposalState
from survey.web.phone.shapes import (
    DAY,
    ID,
    INSTANT,
    PLACE,
    TEXT,
    WHOLE,
    Schema,
    closed,
    keyed,
    many,
    maybe,
    named,
    sent,
    term_of,
)

PROPOSED: Schema = {"type": "string", "enum": [kind.value for kind in GIVEN]}

WITHOUT_INTERVIEW: Schema = {
    "Proposal": closed(
        {
            "entry_id": TEXT,
            "kind": PROPOSED,
            "state": term_of(ProposalState),
            "at": INSTANT,
            "by": TEXT,
            "words": TEXT,
        }
    ),
    "Outcome": closed(
        {
            "entry_id": TEXT,
            "kind": term_of(OutcomeKind),
            "state": term_of(OutcomeState),
            "at": INSTANT,
            "by": TEXT,
            "words": TEXT,
        }
    ),
    "Attempt": sent({"at": INSTANT}, {"place": maybe(PLACE)}),
    "OutcomeEntry": sent(
        {
            "id": ID | {"description": "UUIDv7 made by the phone"},
            "commune_id": ID,
            "round_id": ID,
            "household_id": ID,
            "no_interview": sent(
                {"kind": term_of(OutcomeKind)},
                {
                    "reason": TEXT,
                    "attempts": many(named("Attempt")),
                    "place": maybe(PLACE),
                },
            ),
            "finalised_at": INSTANT,
        },
        {"files": many(named("EntryFile"))},
    )
    | {"description": "Why a household has no interview, in the place of one"},
    "ProposalEntry": sent(
        {
            "id": ID | {"description": "UUIDv7 made by the phone"},
            "commune_id": ID,
            "household_id": ID,
            "proposal": sent(
                {"kind": PROPOSED, "effective_on": DAY},
                {
                    "person": maybe(TEXT | {"description": "The member's code, or name where a list has no codes"}),
                    "given": keyed(maybe({"anyOf": [TEXT, WHOLE]})) | {"description": "What is otherwise"},
                    "base": keyed(maybe(TEXT)) | {"description": "What the phone showed of it"},
                    "reason": TEXT,
                },
            ),
            "finalised_at": INSTANT,
        },
        {"round_id": ID, "files": many(named("EntryFile")) | {"maxItems": 0}},
    )
    | {"description": "A change of the register that is asked for, in the place of an interview"},
}
