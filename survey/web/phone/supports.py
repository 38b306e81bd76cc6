"""What goes over the line of supports: what a phone tells of them, and what it is told before."""

from __future__ import annotations

from survey.clocks import Doubt
from survey.intake.supported import MAX_PERSON
from survey.support_terms import (
    MAX_DOCUMENT,
    MAX_NOTE,
    MOST_MONEY,
    MOST_PIECES,
    SupportState,
    SupportSubject,
    SupportWindow,
)
from survey.terms import HouseholdClass, Indicator
from survey.web.phone.shapes import (
    DAY,
    FLAG,
    ID,
    INSTANT,
    TEXT,
    Schema,
    closed,
    many,
    maybe,
    named,
    sent,
    term_of,
)

MONEY: Schema = {"type": "integer", "minimum": 1, "maximum": MOST_MONEY}
PIECES: Schema = {"type": "integer", "minimum": 1, "maximum": MOST_PIECES}

SUPPORTS: Schema = {
    "SupportKind": closed(
        {
            "code": TEXT,
            "label": TEXT,
            "benefit_group": TEXT,
            "subject": term_of(SupportSubject),
            "window": term_of(SupportWindow),
        }
    ),
    "SupportProject": closed(
        {
            "programme": TEXT,
            "project": TEXT,
            "name": TEXT,
            "programme_name": TEXT,
            "since": DAY,
            "until": maybe(DAY),
            "serves": many(
                closed({"indicator": term_of(Indicator), "classes": many(term_of(HouseholdClass))})
                | {"description": "Which lack it is for; no classes: of households of any class"}
            ),
        }
    ),
    "SupportNeed": closed(
        {
            "household_id": TEXT,
            "class": maybe(term_of(HouseholdClass)),
            "lacks": many(term_of(Indicator)),
        }
    ),
    "SupportGiven": closed(
        {
            "household_id": TEXT,
            "person": maybe(TEXT | {"description": "The member's code; null: the household"}),
            "benefit_group": TEXT,
            "window_key": TEXT,
            "kind": TEXT,
            "day": DAY,
            "place": TEXT | {"description": "The commune that gave it"},
            "programme_name": TEXT,
            "amount": maybe(MONEY | {"description": "whole đồng; null: not written down"}),
            "quantity": maybe(PIECES),
        }
    ),
    "SupportSent": closed(
        {
            "entry_id": TEXT,
            "household_id": maybe(TEXT),
            "kind": maybe(TEXT),
            "day": maybe(DAY),
            "state": term_of(SupportState),
            "at": INSTANT,
            "by": TEXT,
            "words": TEXT,
        }
    ),
    "Supports": closed(
        {
            "generation": TEXT,
            "mark": maybe(TEXT),
            "more": FLAG,
            "kinds": many(named("SupportKind")),
            "projects": many(named("SupportProject")),
            "needs": many(named("SupportNeed")),
            "given": many(named("SupportGiven")),
            "sent": many(named("SupportSent")),
        }
    ),
    "SupportEntry": sent(
        {
            "id": ID | {"description": "UUIDv7 made by the phone"},
            "commune_id": ID,
            "household_id": ID,
            "support": sent(
                {"kind": ID, "programme": ID, "project": ID, "day": DAY},
                {
                    "person": maybe(
                        TEXT
                        | {
                            "maxLength": MAX_PERSON,
                            "description": "The member's code, or name where a list has no codes",
                        }
                    ),
                    "amount": maybe(MONEY | {"description": "whole đồng"}),
                    "quantity": maybe(PIECES),
                    "document": TEXT | {"maxLength": MAX_DOCUMENT},
                    "note": TEXT | {"maxLength": MAX_NOTE},
                },
            ),
            "finalised_at": INSTANT,
        },
        {
            "round_id": ID,
            "files": many(named("EntryFile")) | {"maxItems": 0},
            "date_doubted": maybe({"enum": [one.value for one in Doubt]}),
        },
    )
    | {"description": "A support that was given, in the place of an interview"},
}
