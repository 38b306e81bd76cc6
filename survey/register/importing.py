"""How a commune begins: its villages and last year's households from files, all or nothing.

`plan` reads the three CSV files of the product's own pattern, `plan_list` a list as an office has it (.xlsx or CSV),
both against the register, and change nothing; `loading.py` does what a plan without mistakes and open questions says.
What is on the register already is recognised (by id, by code, else by village, head and address) and left as it is, so
the same files may come again, with households added. A plan of 30,000 rows takes many seconds: it only reads.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    FormVersion,
    Household,
    PlacePeriod,
)
from survey.borders.villages import fold, lies_in
from survey.calendar.default import meant
from survey.clocks import day_of
from survey.form.form import Form
from survey.names import bare_key, name_key
from survey.questionnaires.published import load_form
from survey.register import last_year
from survey.register.csv_rows import CsvSheet, Mistake
from survey.register.list_households import understand
from survey.register.loading import basis_of
from survey.register.places import changes_in, last_numbers, moving_in, over_in, periods_at, villages_in
from survey.register.plan import Listed, Plan, VillageRow
from survey.register.questions import MOST_ALONE, Asked, Example
from survey.register.remembered_words import remembered
from survey.register.three_files import (
    FILES,
    HOUSEHOLD_COLUMNS,
    HOUSEHOLDS,
    MEMBERS,
    VILLAGE_COLUMNS,
    VILLAGES,
    read_households,
    read_members,
    read_villages,
)
from survey.terms import Area, HouseholdState

NAME = "head"  # where what is wrong with a household as a whole is told
URBAN_DIVISIONS = {"Phường"}

__all__ = ["FILES", "HOUSEHOLDS", "HOUSEHOLD_COLUMNS", "is_list", "plan", "plan_list"]


def is_list(files: Mapping[str, bytes]) -> bool:
    """Whether these are a list as an office has it, and not the three files: those come together, or villages alone."""
    return not {VILLAGES, MEMBERS} & set(files)


def plan(session: Session, commune_id: str, files: Mapping[str, bytes], now: datetime) -> Plan:
    """What importing the three files (name → content; members.csv may be missing, villages.csv once they are there)
    would do. The commune must exist."""
    basis = basis_of(session, commune_id)
    sheets: list[CsvSheet] = []
    places = villages_there(session, commune_id, now)
    listed = list(places.values())
    if VILLAGES in files:
        sheet = CsvSheet(VILLAGES, files[VILLAGES], VILLAGE_COLUMNS, {"number", "name", "area"})
        sheets.append(sheet)
        listed = read_villages(sheet, commune_id, places)
    households: list[Listed] = []
    if HOUSEHOLDS in files:
        form = questionnaire(session, commune_id, now)
        sheet = CsvSheet(HOUSEHOLDS, files[HOUSEHOLDS], HOUSEHOLD_COLUMNS, {"village", "head", "class"})
        sheets.append(sheet)
        households = read_households(sheet, commune_id, places | {village.id: village for village in listed}, form)
        _where_they_lie(session, commune_id, households, now)
        register = _Register(session, commune_id)
        _recognise(households, register)
        _number(households, register)
        if MEMBERS in files:
            sheets.append(read_members(files[MEMBERS], households, form, day_of(now).year))
        _remember(households, form, MEMBERS in files)
    mistakes = [mistake for sheet in sheets for mistake in sorted(sheet.mistakes, key=lambda one: one.row)]
    needed = {VILLAGES: places or HOUSEHOLDS not in files, HOUSEHOLDS: VILLAGES in files and MEMBERS not in files}
    mistakes += [
        Mistake(name, 0, "", "missing_file") for name, spared in needed.items() if not (name in files or spared)
    ]
    unknown = [(sheet.file, header) for sheet in sheets for header in sheet.unknown]
    return Plan(commune_id, listed if VILLAGES in files else [], households, mistakes, unknown, basis=basis)


def plan_list(
    session: Session,
    commune_id: str,
    files: Mapping[str, bytes],
    now: datetime,
    answers: Mapping[str, str],
    accepts_proposals: bool = False,
) -> Plan:
    """What importing the files of a list (name → content) would do with these answers to its questions."""
    basis = basis_of(session, commune_id)
    asked, form = Asked(answers, accepts_proposals), questionnaire(session, commune_id, now)
    there = villages_there(session, commune_id, now)
    period = periods_at(session, [commune_id], day_of(now)).get(commune_id)
    is_urban = period is not None and period.division in URBAN_DIVISIONS
    found = understand(files, commune_id, there, is_urban, form, remembered(session, commune_id), asked, day_of(now))
    _where_they_lie(session, commune_id, found.households, now)
    register = _Register(session, commune_id)
    _pair(found.households, register, asked)
    _number(found.households, register)
    _identify_members(found.households, form)
    _remember(found.households, form, with_members=True)
    return Plan(
        commune_id,
        list(found.villages.added.values()),
        found.households,
        found.all_mistakes(),
        found.unknown,
        list(asked.questions.values()),
        found.notes,
        found.words,
        basis,
    )


def villages_there(session: Session, commune_id: str, now: datetime) -> dict[str, VillageRow]:
    """Those that are no more too, as they were last: lists go on naming them, and their numbers are not given again."""
    ids = villages_in(session, commune_id)
    ended = select(PlacePeriod).where(PlacePeriod.place_id.in_(ids), PlacePeriod.valid_to <= day_of(now))
    last = {one.place_id: one for one in session.scalars(ended.order_by(PlacePeriod.valid_from))}
    periods = last | periods_at(session, ids, day_of(now))
    return {
        key: VillageRow(key, period.name, period.division, Area(period.area) if period.area else None, known=True)
        for key, period in sorted(periods.items())
    }


def _where_they_lie(session: Session, commune_id: str, households: Iterable[Listed], now: datetime) -> None:
    """A list that names a village that was merged means what it is a part of now; one that went to another commune has
    its households there."""
    over = over_in(session, [commune_id], day_of(now))
    if not over:
        return
    moving, known = moving_in(session, commune_id), fold(changes_in(session, [commune_id])).known
    for one in households:
        one.village_id = lies_in(moving, "", one.village_id, day_of(now))
        if one.village_id in over:
            one.row.wrong("village", "village_elsewhere", known=known[one.village_id].into or "–")


def questionnaire(session: Session, commune_id: str, now: datetime) -> Form | None:
    """The questionnaire of the round that is meant in the commune, of those open there; else the one published last."""
    asked = meant(session, [commune_id], day_of(now), is_open=True)
    if asked is not None:
        return load_form(session, asked.form_id, asked.form_version)
    in_use = select(FormVersion.form_id, FormVersion.version).where(FormVersion.retired_at.is_(None))
    last = in_use.order_by(FormVersion.published_at.desc()).limit(1)
    found = session.execute(last).first()
    return load_form(session, found.form_id, found.version) if found else None


class _Register:
    """The commune's households as they are, to be looked up."""

    def __init__(self, session: Session, commune_id: str) -> None:
        self.by_id: dict[str, Household] = {}
        self.by_code: dict[str, Household] = {}
        self.by_name: dict[tuple[str, str], list[Household]] = defaultdict(list)  # village and head
        self.by_bare: dict[tuple[str, str], list[Household]] = defaultdict(list)  # where tones were not typed
        self.by_likeness: dict[tuple[str, str, str], list[Household]] = defaultdict(list)
        for one in session.scalars(select(Household).where(Household.commune_id == commune_id)):
            self.by_id[one.id] = self.by_code[one.code] = one
            address = name_key(last_year.address_in(one.current_answers))
            for head in _heads(one):
                self.by_name[one.village_id, head].append(one)
                self.by_likeness[one.village_id, head, address].append(one)
            for bare in {bare_key(head) for head in _heads(one)}:
                self.by_bare[one.village_id, bare].append(one)
        self.last_numbers = last_numbers(session, villages_in(session, commune_id))

    def like(self, one: Listed) -> list[Household]:
        """Those that a row without a code may mean: by address, else by name alone; of those on the register and off it
        the ones that are on it."""
        key = one.likeness
        found = self.by_likeness.get(key, []) or ([] if one.address else self.by_name.get(key[:2], []))
        return [household for household in found if household.state == HouseholdState.PRESENT] or found


def _heads(household: Household) -> set[str]:
    """The names by which a list may know it: as it was entered, and as it was corrected or found since."""
    return {name_key(household.base_head_name), name_key(household.head_name)}


def _recognise(households: list[Listed], register: _Register) -> None:
    """Tie each listed household to the one on the register; another one under the same id or code is a mistake."""
    for one in households:
        like = register.like(one)
        if one.id or one.code:
            one.known = register.by_id.get(one.id) or register.by_code.get(one.code)
        elif len(like) > 1:
            one.row.wrong("head", "several_known")
        else:
            one.known = like[0] if like else None
        if one.known is not None and one.known.state != HouseholdState.PRESENT:
            one.row.wrong(NAME, "household_ended", known=one.known.code)
        elif one.known is not None and (
            one.village_id != one.known.village_id
            or name_key(one.head) not in _heads(one.known)
            or (one.code and one.code != one.known.code)
            or (one.id and one.id != one.known.id)
            or (one.household_class or None) != (one.known.base_class or None)
        ):
            one.row.wrong("head", "household_differs")


def _pair(households: list[Listed], register: _Register, asked: Asked) -> None:
    """Tie the households of a list to those on the register. Of several with one name, each is tied to one of its own;
    when the register has more of them than the list, nobody can tell which is meant."""
    keys = [one.likeness for one in households]
    listed = Counter(keys)
    taken: set[str] = set()
    for one, key in zip(households, keys, strict=True):
        if one.id or one.code:
            one.known = register.by_id.get(one.id) or _of_code(one, register, asked)
        if one.known is None and not one.id and not one.code:
            like = register.like(one)
            if len(like) > listed[key]:
                one.row.wrong(NAME, "several_known")
                continue
            one.known = next((household for household in like if household.id not in taken), None)
        if one.known is not None:
            taken.add(one.known.id)
    _ask_whether_known([one for one in households if one.known is None], register, taken, asked)
    for one in households:
        _check_known(one)


def _of_code(one: Listed, register: _Register, asked: Asked) -> Household | None:
    """The household of this code. Each village may have numbered its own from 1: one of another village and name is
    another household, and this one gets a new code."""
    known = register.by_code.get(one.code)
    if known is None or one.village_id == known.village_id or name_key(one.head) in _heads(known):
        return known
    question = asked.ask("code_twice", ("blank",), "blank")
    question.example(Example(f"{one.code}: {one.head} ~ {known.head_name}", one.row.number))
    one.code = ""
    return None


def _ask_whether_known(households: list[Listed], register: _Register, taken: set[str], asked: Asked) -> None:
    """Those with the name of one on the register that no row was tied to: their own code or address may be the list's
    alone. And those whose name, or the one on the register, may have been typed without tones."""
    alike: list[tuple[Listed, Household, str]] = []
    for one in households:
        same = _untaken(register.by_name.get((one.village_id, name_key(one.head)), []), taken)
        found = same or _without_tones(one, register)
        if same or len(found) == 1:
            taken |= {same[0].id} if same else set()
            alike.append((one, found[0], "known" if same else "new"))
    for one, known, proposed in alike:
        together = "same" if proposed == "known" else ""
        about = str(one.row.number) if len(alike) <= MOST_ALONE else together
        question = asked.ask("on_register", ("new", "known"), proposed, about)
        question.example(Example(f"{one.head} ~ {known.head_name} ({known.code})", one.row.number))
        if question.taken == "known":
            one.known, one.head, one.code, one.id = known, known.head_name, "", ""


def _untaken(households: list[Household], taken: set[str]) -> list[Household]:
    return [one for one in households if one.state == HouseholdState.PRESENT and one.id not in taken]


def _without_tones(one: Listed, register: _Register) -> list[Household]:
    bare, key = bare_key(one.head), name_key(one.head)
    named = {known.id: known for known in register.by_bare[one.village_id, bare]}.values()
    return [known for known in named if key not in _heads(known) and bare in {key, *_heads(known)}]


def _check_known(one: Listed) -> None:
    """An import does not change what is there; where the list does not say the class, it does not contradict."""
    known = one.known
    if known is None:
        return
    if known.state != HouseholdState.PRESENT:
        one.row.wrong(NAME, "household_ended", known=known.code)
        return
    differs = (
        one.village_id != known.village_id
        or name_key(one.head) not in _heads(known)
        or bool(one.code and one.code != known.code)
        or bool(one.id and one.id != known.id)
        or bool(one.household_class and one.household_class.value != known.base_class)
    )
    if differs:
        one.row.wrong(NAME, "household_differs")


def _identify_members(households: list[Listed], form: Form | None) -> None:
    """The number under which the questionnaire knows a member, where it has one."""
    if "ma_nk" in last_year.copied(form):
        for one in households:
            one.members = [{"ma_nk": f"{one.id}-{at}"} | person for at, person in enumerate(one.members, 1)]


def _number(households: list[Listed], register: _Register) -> None:
    """A code for each new household without one: the village's next number."""
    taken = set(register.by_code) | {one.code for one in households if one.code}
    last: dict[str, int] = defaultdict(int, register.last_numbers)
    for one in households:
        if one.known is not None:
            one.code, one.id = one.known.code, one.known.id
            continue
        one.id = one.id or str(uuid4())
        is_given = bool(one.code)
        while not is_given and (not one.code or one.code in taken):
            last[one.village_id] += 1
            one.code = f"{one.village_id}-{last[one.village_id]:03d}"
        taken.add(one.code)


def _remember(households: list[Listed], form: Form | None, with_members: bool) -> None:
    """What is kept of last year; another account of a household that is there is a mistake."""
    for one in households:
        one.base_answers = last_year.answers(form, one.members, one.address) if form else None
        if one.known is None or not (with_members and one.members):
            continue
        before = dict(one.known.base_answers or {})
        if any(before.get(key) != value for key, value in (one.base_answers or {}).items()):
            one.row.wrong("head", "household_differs")
