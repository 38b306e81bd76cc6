"""A commune's register as a list: the columns of an import, to be corrected in a spreadsheet and brought back.

What a household is stands in its first row alone, its code in each; the last column marks what the cells were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from survey.corrections.corrections import Now, cells_of_person
from survey.corrections.list_corrections import (
    ADDRESS,
    BIRTH,
    CLASS_FIELD,
    HEAD,
    NAME,
    OF_HOUSEHOLD,
    OF_PERSON,
    VILLAGE,
    mark,
)
from survey.form.form import Form
from survey.names import name_key
from survey.register import importing
from survey.register.plan import VillageRow
from survey.terms import HouseholdClass, HouseholdState
from survey.text import N_

CODE, PERSON, MARK = "code", "person", "mark"
HEADINGS = {  # as the reader of lists knows them, in either language
    CODE: N_("Household code"),
    VILLAGE: N_("Village"),
    HEAD: N_("Head of household"),
    ADDRESS: N_("Address"),
    CLASS_FIELD: N_("Class last year"),
    PERSON: N_("Person code"),
    NAME: N_("Full name"),
    BIRTH: N_("Date of birth"),
    "sex": N_("Sex"),
    "relation": N_("Relation to head"),
    "number": N_("Citizen ID"),
    MARK: N_("Mark of the register (leave as it is)"),
}
# A field → its list of choices in the questionnaire.
LISTS = {"sex": "gioi_tinh", "relation": "quan_he", "people": "dan_toc"}


WIDTHS = {CODE: 16, VILLAGE: 20, HEAD: 24, ADDRESS: 28, CLASS_FIELD: 18, NAME: 24, BIRTH: 12, "number": 16}


def widths() -> list[int]:
    """Of the columns, in characters."""
    return [WIDTHS.get(name, 14) for name in HEADINGS]


def headings(translate: Callable[[str], str] = str) -> list[str]:
    return [translate(words) for words in HEADINGS.values()]


def rows(
    session: Session, commune_id: str, now: datetime, tell: Callable[[int, int], None] = lambda _done, _all: None
) -> Iterator[list[str]]:
    """Each household on the register by its code, each member in a row. `tell`: called with how many households are
    written, of how many."""
    form = importing.questionnaire(session, commune_id, now)
    words = Words(importing.villages_there(session, commune_id, now), form)
    register = Now(session, commune_id)
    present = [one for one in register.households.values() if one.state == HouseholdState.PRESENT]
    for number, one in enumerate(sorted(present, key=lambda each: (each.village_id, each.code))):
        tell(number, len(present))
        household = register.household(one.id)
        members = [(person.id, cells_of_person(person)) for person in register.members(one.id)] or [("", {})]
        for at, (person_id, person) in enumerate(members):
            cells = (household if at == 0 else {}) | person
            shown = {name: words.shown(name, cells.get(name, "")) for name in (*OF_HOUSEHOLD, *OF_PERSON)}
            said = {CODE: one.code, PERSON: person_id, MARK: mark(one.code, person_id, cells, is_first=at == 0)}
            yield [(shown | said)[name] for name in HEADINGS]


class Words:
    """How a list says what the register knows by a code."""

    def __init__(self, villages: Mapping[str, VillageRow], form: Form | None) -> None:
        keys = [name_key(one.name) for one in villages.values()]
        self._villages = {id: one.name if keys.count(name_key(one.name)) == 1 else id for id, one in villages.items()}
        choices = form.choices if form is not None else {}
        self._choices = {
            field: {str(one["name"]): str(one["label"].get("vi", one["name"])) for one in choices.get(name, [])}
            for field, name in LISTS.items()
        }

    def shown(self, field: str, said: str) -> str:
        if field == VILLAGE:
            return self._villages.get(said, said)
        if field == CLASS_FIELD:
            return HouseholdClass(said).vi if said else ""
        if field == BIRTH:
            return "/".join(reversed(said.split("-")))
        return self._choices.get(field, {}).get(said, said)
