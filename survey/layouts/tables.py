"""The tables of a round in a place: figures put into the forms, held against each other, with what must be said.

A table with a fault is shown with the fault and never handed out: a place whose residents nobody entered has no rate, a
flow that does not add up is no flow. What differs and has a reason is told beside the figures, and nothing is mended
silently.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from sqlalchemy.orm import Session

from models import Place, RegisterEntry, Round
from survey.calendar.standing import not_accepted
from survey.clocks import day_of
from survey.layouts import group_notes, grouping
from survey.layouts.figures import BASE, Classified, Counts, Flowed, Lines, classified, flowed, has_any, regrouped
from survey.layouts.flow_list import FlowCell, transitions
from survey.layouts.former import NOT_KNOWN, Former, former_communes
from survey.layouts.forms import Layout, layouts, peoples
from survey.layouts.grid import Grid, Values
from survey.layouts.laying import MOVED, TOTAL, Heading, Line, lay
from survey.layouts.past import Past
from survey.layouts.words import Said, Translate
from survey.questionnaires import readings as table_readings
from survey.register.places import names_in, names_of, over_in
from survey.reports.selection import Basis, Condition
from survey.residents import residents
from survey.residents.residents import Numbers, Whole
from survey.rounds import log
from survey.rounds.end_states import Flow
from survey.rounds.joined_flow import told_of_several
from survey.submissions.register_table import Level
from survey.tallies import bases
from survey.terms import CommuneState, HouseholdClass, Indicator, ResidentStatus

POOR, NEAR_POOR = HouseholdClass.POOR, HouseholdClass.NEAR_POOR
MOST_PLACES_NAMED = 30
SINCE_FIRST = "cac_dot"  # the value of `tai_ngheo` by which a flow is proved
BY_GROUP = range(8, 14)  # layouts that the words of `tallies/told.py` are counted for
OF_RESIDENTS = (1, 12, 13)  # layouts with rates of all residents
_BY_PEOPLE = (12, 13)
_BY_CLASS = {2: POOR, 3: NEAR_POOR, 4: POOR, 5: POOR, 6: NEAR_POOR, 7: NEAR_POOR, 12: POOR, 13: NEAR_POOR}
_CLASSES, _INDICATORS = ({one.value for one in of} for of in (HouseholdClass, Indicator))
_OF_RESIDENTS = (*Numbers._fields, "other_households", "other_persons")


@dataclass(frozen=True)
class Scope:
    """`place_id`: the province, commune or village that is meant; `by`: a line for each commune or village of it;
    `former`: of a commune or province, a line for each former commune that it is made of, with `by_district` for each
    former district; `past`: as it stood on a day, instead of now."""

    survey_round: Round
    place_id: str
    communes: tuple[str, ...]
    by: Level
    village_id: str | None = None
    former: bool = False
    past: Past | None = None
    by_district: bool = False

    @property
    def at(self) -> datetime | None:
        """As of which instant; None: now."""
        return self.past.at if self.past is not None else None

    @property
    def lines(self) -> str:
        """What a line of it is of, as headings and the signed text name it."""
        if self.former:
            return "former_district" if self.by_district else "former_commune"
        return self.by.value

    @property
    def is_wide(self) -> bool:
        """Whether it is of a province."""
        return self.place_id not in self.communes and self.village_id is None

    @property
    def condition(self) -> Condition:
        return Condition(self.survey_round.id, self.communes, village_id=self.village_id)


@dataclass
class Made:
    """A table: `faults` says why it is not handed out."""

    grid: Grid
    faults: list[Said] = field(default_factory=list)
    notes: list[Said] = field(default_factory=list)


@dataclass
class Book:
    """The tables of a scope by their numbers."""

    scope: Scope
    marks: list[Said]
    tables: dict[int, Made]
    made_at: datetime
    names: Mapping[str, str]

    @property
    def values(self) -> Values:
        return Values({one.grid.name: one.grid for one in self.tables.values()})

    @property
    def whole(self) -> dict[int, Made]:
        """What can be handed out."""
        return {number: one for number, one in self.tables.items() if not one.faults}


def make(session: Session, scope: Scope, numbers: Iterable[int], now: datetime, translate: Translate) -> Book:
    """The tables that are asked for, with those that they rest on."""
    forms = layouts()
    wanted = {number for number in numbers if number in forms and not forms[number].is_list}
    wanted |= {other for number in wanted for other in forms[number].stands_on}
    reading = Reading(session, scope, wanted, now, translate)
    marks = marks_of(session, scope, reading)
    said = [one.sentence(translate) for one in marks]
    found: dict[int, Made] = {}
    for number in sorted(wanted):
        layout = forms[number].with_peoples(reading.province_id)
        faults, notes = reading.judged(layout)
        faults += [Said("rests_on", {"number": one}) for one in sorted(layout.stands_on) if found[one].faults]
        lines = reading.lines(layout)
        heading = Heading(reading.name(scope.place_id), scope.survey_round, scope.lines, said, translate)
        others = {one: found[one].grid for one in layout.stands_on}
        some = {figure for one in lines for figure, count in one.numbers.items() if count}
        layout = layout.with_beside(some)
        if broken := _not_adding_up(layout, lines):
            faults.append(Said("sums_broken", {"places": reading.named(broken)}))
        grid = lay(layout, heading, lines, (faults, notes), others)
        found[number] = Made(grid, faults, notes)
    return Book(scope, marks, found, now, reading.names)


def _not_adding_up(layout: Layout, lines: Sequence[Line]) -> list[str]:
    """The places of whose figures one is not what the form makes of the others. Those of the flow are held against each
    other as they were proved."""
    added = [] if layout.is_flow else layout.added
    return list(dict.fromkeys(
        line.code
        for line in lines for one, terms in added
        if (number := line.numbers.get(one.figure)) is not None
        and sum(sign * (line.numbers.get(figure) or 0) for sign, figure in terms) != number
    ))  # fmt: skip


def held_in(session: Session, survey_round: Round, communes: Sequence[str]) -> list[str]:
    """Those of `communes` in which a round is held and was not cancelled, and that have a household in it."""
    states = {row.commune_id: row.state for row in log.rows_of(session, survey_round)}
    settled = log.settled(session, survey_round.id, RegisterEntry)
    return [one for one in communes if one in settled and states.get(one) != CommuneState.CANCELLED]


def marks_of(session: Session, scope: Scope, reading: Reading) -> list[Said]:
    found = [scope.past.mark] if scope.past is not None else []
    found += [Said("trial")] if scope.survey_round.trial else []
    found.append(Said("provisional"))
    if reading.classified.illustrative:
        found.append(Said("illustrative", {"count": reading.classified.illustrative}))
    open_ = sorted(not_accepted(session, scope.survey_round.id, scope.communes, scope.at))
    if open_ and not scope.survey_round.trial:
        found.append(Said("not_accepted", {"places": reading.named(open_)}))
    return found


class Reading:
    """All that the tables are made of, read once: what none of them needs is not read."""

    def __init__(
        self, session: Session, scope: Scope, wanted: Iterable[int], now: datetime, translate: Translate = str
    ) -> None:
        self.session, self.scope, self.translate = session, scope, translate
        self.today = scope.past.day if scope.past is not None else day_of(now)
        forms = [layouts()[one] for one in wanted]
        self.names = self._names()
        self.places = self._places()
        self.elsewhere = self._elsewhere()
        checks_lacks = bool(scope.survey_round.standard) and any(one.number in (4, 5, 6, 7) for one in forms)
        by_group = any(one.number in BY_GROUP for one in forms)
        self.readings = {one.reading.name: one for one in table_readings.of_tables(session, scope.at)}
        self.in_use = {name: one.reading.value for name, one in self.readings.items()}
        self.classified: Classified = classified(
            session, scope.condition, scope.by, checks_lacks, self.in_use if by_group else None, scope.past
        )
        is_flow = any(one.is_flow or one.number in OF_RESIDENTS for one in forms)
        self.flowed: Flowed | None = self._flowed() if is_flow else None
        window = residents.window_of(scope.survey_round)
        self.residents: Whole | None = None
        if any(one.number in OF_RESIDENTS for one in forms):
            parts = [] if scope.village_id else self.places
            self.residents = residents.whole(session, scope.place_id, parts, window, scope.at)
        self.places += [one for one in self._other_places() if one not in self.places]
        self.villages, self.former = self.places, None
        if scope.former:
            self.former = self._in_former_borders()

    def _in_former_borders(self) -> Former:
        """What was read of villages, by their former communes."""
        scope = self.scope
        found = former_communes(self.session, self.province_id, scope.communes, scope.by_district)
        places = {found.code(one): Counts() for one in self.places}
        for village_id, counts in self.classified.places.items():
            places.setdefault(found.code(village_id), Counts()).add(counts)
        self.classified.places = places
        if self.flowed is not None:
            told = (list(transitions(self.session, scope.survey_round, one, scope.at)) for one in scope.communes)
            twice = told_of_several(self.session, scope.survey_round, scope.communes, scope.at)
            self.flowed = regrouped(self.flowed, told, twice, found.code)
            for code in self.flowed.places:
                places.setdefault(code, Counts())
        self.places = sorted(places, key=lambda code: (code == NOT_KNOWN, code))
        if scope.is_wide:  # two communes may have a village of one name
            for one in found.missing(self.villages):
                self.names[one] = f"{self.name(one)} ({self.name(one.partition('-')[0])})"
        self.names |= found.names() | {NOT_KNOWN: Said("former_unknown").sentence(self.translate)}
        return found

    def _names(self) -> dict[str, str]:
        scope = self.scope
        if scope.by is Level.VILLAGE and not scope.is_wide:
            return names_in(self.session, {scope.place_id, *scope.communes}, self.today)
        named = names_of(self.session, {scope.place_id, *scope.communes}, self.today)
        villages = names_in(self.session, scope.communes, self.today) if scope.by is Level.VILLAGE else {}
        return villages | named

    def _elsewhere(self) -> list[str]:
        """The communes of the province that are not of the round: with them left out its figures are not its own."""
        if not self.scope.is_wide:
            return []
        known = set(self.scope.communes)
        found = [one for one in residents.parts_of(self.session, self.scope.place_id, self.today) if one not in known]
        self.names |= names_of(self.session, found, self.today)
        return found

    def _places(self) -> list[str]:
        scope = self.scope
        if scope.village_id:
            return [scope.village_id]
        if scope.by is Level.COMMUNE:
            return list(scope.communes)
        over = over_in(self.session, scope.communes, self.today)
        return [one for one in self.names if one not in over and one not in scope.communes and one != scope.place_id]

    def _other_places(self) -> list[str]:
        """Villages that are no more, and in which somebody was counted all the same."""
        found = {one for one in self.classified.places if one not in self.places}
        if self.flowed is not None and not self.scope.village_id:
            found |= {one for one in self.flowed.places if one not in self.places}
        return sorted(found) if not self.scope.village_id else []

    def _flowed(self) -> Flowed:
        scope = self.scope
        found = flowed(self.session, scope.survey_round, scope.communes, scope.by, scope.at)
        if scope.village_id:
            own = found.places.get(scope.village_id)
            found.places = {scope.village_id: own} if own is not None else {}
            found.between, found.whole = None, own
        return found

    def name(self, place_id: str) -> str:
        return self.names.get(place_id, place_id)

    def named(self, places: Sequence[str]) -> str:
        more = f" … (+{len(places) - MOST_PLACES_NAMED})" if len(places) > MOST_PLACES_NAMED else ""
        return ", ".join(self.name(one) for one in places[:MOST_PLACES_NAMED]) + more

    # --- the lines

    def lines(self, layout: Layout) -> list[Line]:
        """Place by place, who moved between them, and the whole, last."""
        if layout.is_flow:
            return self._lines_of_flow(layout)
        found = [(one, self.classified.places.get(one, Counts())) for one in self.places] + [(TOTAL, self.total)]
        units = ("households", "persons") if layout.in_persons_too else ("",)
        return [self._line(layout, place_id, counts, unit) for place_id, counts in found for unit in units]

    def _line(self, layout: Layout, place_id: str, counts: Counts, unit: str) -> Line:
        known, suffix = self._known(layout, counts), ".persons" if unit == "persons" else ""
        numbers: dict[str, int | None] = {
            one.figure: known.get(one.figure + suffix, 0) for one in layout.columns if one.figure
        }
        if not unit:
            numbers.update(known)
        is_sum = False
        if layout.number in OF_RESIDENTS:
            of_place = self._residents(place_id)
            for measure in _OF_RESIDENTS:
                numbers[f"resident.{measure}"] = getattr(of_place, measure) if of_place else None
            is_sum = place_id == TOTAL and self.residents is not None and self._is_sum(layout, self.residents)
        condition = self._condition(place_id)
        is_listed = self.former is None or place_id == TOTAL  # no list is of a former commune
        links = {
            one.figure: self._link(layout, condition, one.figure, unit)
            for one in layout.columns if is_listed and self.scope.past is None and numbers.get(one.figure)
        }  # fmt: skip
        name = "" if place_id == TOTAL else self.name(place_id)
        return Line(place_id, name, unit, numbers, links, residents_add_up=is_sum)

    def _link(self, layout: Layout, condition: Condition, figure: str, unit: str) -> Condition | None:
        named, _, what = figure.partition(".")
        if layout.number in BY_GROUP and what not in ("households", "persons") and named in _CLASSES:
            of_class = condition.narrowed(household_class=HouseholdClass(named))
            return grouping.link(of_class, what, unit, self.in_use)
        return _link(condition, figure)

    def _known(self, layout: Layout, counts: Counts) -> dict[str, int]:
        if layout.number not in BY_GROUP:
            return dict(counts.numbers)
        return dict(counts.numbers) | grouping.others(counts.numbers, peoples().get(self.province_id, {}))

    @cached_property
    def total(self) -> Counts:
        found = Counts()
        for one in self.classified.places.values():
            found.add(one)
        return found

    @cached_property
    def province_id(self) -> str:
        found = self.session.get(Place, self.scope.communes[0]) if self.scope.communes else None
        return (found.parent_id if found is not None else None) or self.scope.place_id

    def _residents(self, place_id: str) -> Numbers | None:
        whole = self.residents
        if whole is None:
            return None
        if place_id in (TOTAL, self.scope.place_id):
            return whole.numbers
        if self.former is not None:
            of_place = [one for one in self.villages if self.former.code(one) == place_id]
            known = [whole.parts[one].numbers for one in of_place if one in whole.parts]
            return residents.summed(known) if known and len(known) == len(of_place) else None
        return whole.parts[place_id].numbers if place_id in whole.parts else None

    def _is_sum(self, layout: Layout, whole: Whole) -> bool:
        """Whether the residents of the whole are those of its lines."""
        differing = {f"resident.{one.measure}" for one in whole.differences}
        is_same = whole.sums is not None and not differing & {one.figure for one in layout.columns}
        return is_same or bool(self.scope.village_id)

    def _condition(self, place_id: str) -> Condition:
        condition = self.scope.condition.narrowed(basis=Basis.FINAL, base=BASE)
        if place_id == TOTAL:
            return condition
        if self.scope.by is Level.COMMUNE:
            return condition.narrowed(communes=(place_id,))
        return condition.narrowed(village_id=place_id)

    def _lines_of_flow(self, layout: Layout) -> list[Line]:
        flow, found = self.flowed, list[Line]()
        if flow is None:
            return found
        measure = _BY_CLASS[layout.number]
        lines: list[tuple[str, str, Lines | None]] = [
            (one, self.name(one), flow.places.get(one)) for one in self.places if one in flow.places or self._is_missing
        ]
        if has_any(flow.between):
            lines.append((MOVED, "", flow.between))
        whole = flow.whole if not flow.missing else None
        for place_id, name, line in [*lines, (TOTAL, "", whole)]:
            both = line.get(measure) if line is not None else None
            for unit in ("households", "persons"):
                row = self._columns(both.households if unit == "households" else both.persons) if both else None
                numbers = {one.figure: row[int(one.code)] if row else None for one in layout.columns}
                cell = self._flow_cell(layout.number, place_id, unit)
                links = {one.figure: cell._replace(column=int(one.code)) for one in layout.columns} if cell else {}
                found.append(Line(place_id, name, unit, numbers, links))
        return found

    def _flow_cell(self, number: int, place_id: str, unit: str) -> FlowCell | None:
        """The households of a line; of who moved between villages, and of a former commune, there is no list."""
        by_commune, is_between = self.scope.by is Level.COMMUNE, place_id == MOVED
        if self.scope.past is not None:  # lists are of now
            return None
        if (is_between and not by_commune) or (place_id != TOTAL and self.former is not None):
            return None
        village = None if by_commune else self.scope.village_id if place_id == TOTAL else place_id
        commune = "" if is_between or place_id == TOTAL else place_id
        commune = commune if by_commune else self.scope.communes[0]
        either = self.flowed is not None and not self.flowed.knows_before
        return FlowCell(commune, number, 0, unit == "persons", village, either, is_between)

    @property
    def _is_missing(self) -> bool:
        """Whether a line stands for a place of which no flow is known: communes are not closed."""
        return self.flowed is not None and bool(self.flowed.missing)

    def _columns(self, flow: Flow) -> dict[int, int | None]:
        """Who is poor again and who for the first time stand together where nobody knows."""
        row: dict[int, int | None] = dict(enumerate(flow.row(), 1))
        if self.flowed is not None and not self.flowed.knows_before:
            row[7], row[6] = (row[6] or 0) + (row[7] or 0), None
        return row

    # --- what is said of them

    def judged(self, layout: Layout) -> tuple[list[Said], list[Said]]:
        """Why a table is not handed out, and what is told beside its figures."""
        faults, notes = self._judged(layout)
        if self.former is not None:
            if not self.former.communes:
                faults.insert(0, Said("former_not_loaded"))
                return faults, notes
            notes.insert(0, Said("former_borders", self.former.said))
            if missing := self.former.missing(self.villages):
                faults.insert(0, Said("former_missing", {"places": self.named(missing)}))
        if self.elsewhere:
            faults.insert(0, Said("not_everywhere", {"places": self.named(self.elsewhere)}))
        return faults, notes

    def _judged(self, layout: Layout) -> tuple[list[Said], list[Said]]:
        if layout.is_flow:
            return self._judged_flow(layout)
        faults, notes = ([] if self.classified.parts else [Said("nobody")]), [self._base()]
        if layout.number in OF_RESIDENTS:
            if self.flowed is not None and self.flowed.missing:
                faults.append(Said("not_closed", {"places": self.named(sorted(self.flowed.missing))}))
            self._judge_rates(layout, faults, notes)
            self._hold_against_the_flow(faults, notes)
        if layout.number in BY_GROUP:
            notes += [*group_notes.notes(layout.number, self.total.numbers),
                      *group_notes.read_so(layout.number, self.readings)]  # fmt: skip
        elif layout.number != 1:
            self._judge_lacks(_BY_CLASS[layout.number], faults, notes)
        return faults, notes

    def _base(self) -> Said:
        parts = self.classified.parts
        return Said("base", {"accepted": parts.total(), **{one.value: parts[one] for one in bases.PARTS}})

    def _judge_rates(self, layout: Layout, faults: list[Said], notes: list[Said]) -> None:
        whole, places = self.residents, self.places
        if whole is None:
            return
        missing = [one for one in places if self._residents(one) is None]
        wholly = [self.scope.place_id] if whole.numbers is None and not missing else []
        if missing or wholly:
            faults.append(Said("no_residents", {"places": self.named(missing or wholly)}))
        known = {one: numbers for one in places if (numbers := self._residents(one)) is not None}
        nobody = [one for one, numbers in known.items() if numbers.persons is None]
        if nobody:
            faults.append(Said("no_persons", {"places": self.named(nobody)}))
        above = [one for one, numbers in known.items() if self._is_above(one, numbers)]
        if above:
            faults.append(Said("more_than_all", {"places": self.named(above)}))
        if layout.number in _BY_PEOPLE:
            self._judge_peoples(layout, known, faults)
            notes += self._sources(whole)
        else:
            notes += [Said("rates"), Said("unasked"), *self._sources(whole)]
        for one in whole.differences:
            values = {"measure": _MEASURE[one.measure], "whole": one.whole, "parts": one.parts}
            notes.append(Said("parts_differ", values))

    def _judge_peoples(self, layout: Layout, known: Mapping[str, Numbers], faults: list[Said]) -> None:
        of = _BY_CLASS[layout.number].value
        missing = [one for one, numbers in known.items() if numbers.dtts_households is None
                   or (numbers.persons is not None and numbers.dtts_persons is None)]  # fmt: skip
        if missing:
            faults.append(Said("no_peoples", {"places": self.named(missing)}))
        above = []
        for one, numbers in known.items():
            counted = self.classified.places.get(one, Counts()).numbers
            of_place = (
                (counted[f"{of}.any.dtts"], numbers.dtts_households),
                (counted[f"{of}.people.dtts.persons"], numbers.dtts_persons),
            )
            if any(whole is not None and number > whole for number, whole in of_place):
                above.append(one)
        if above:
            faults.append(Said("minority_more_than_all", {"places": self.named(above)}))

    def _is_above(self, place_id: str, known: Numbers) -> bool:
        numbers = self.classified.places.get(place_id, Counts()).numbers
        return any(
            whole is not None and sum(numbers[f"{one.value}.{unit}"] for one in (POOR, NEAR_POOR)) > whole
            for unit, whole in (("households", known.households), ("persons", known.persons))
        )

    def _sources(self, whole: Whole) -> list[Said]:
        """Where the residents are known from: places that share day, status and source in one line."""
        found: dict[tuple[date, str, str], list[str]] = defaultdict(list)
        own = {self.scope.place_id: whole.own} if whole.own is not None else {}
        for place_id, one in {**whole.parts, **own}.items():
            found[one.count.as_of, one.count.status, one.count.source].append(place_id)
        return [
            Said("residents", {
                "day": day.strftime("%d/%m/%Y"), "status": ResidentStatus(status).vi, "source": source,
                "places": self.named(places),
            })
            for (day, status, source), places in sorted(found.items())
        ]  # fmt: skip

    def _hold_against_the_flow(self, faults: list[Said], notes: list[Said]) -> None:
        """Column 3 is the end of table 2, where that is proved; what differs has a reason, or the table is none."""
        flow = self.flowed
        if flow is None:
            return
        differs, told = list[str](), dict[HouseholdClass, list[tuple[str, int]]]()
        for place_id, lines in flow.places.items():
            of_place = self.classified.places.get(place_id, Counts())
            for one in (POOR, NEAR_POOR):
                more = lines[one].households.columns[9] - of_place.numbers[f"{one.value}.households"]
                if more and 0 < more <= of_place.kept[one]:
                    told.setdefault(one, []).append((place_id, more))
                elif more:
                    differs.append(place_id)
        for one, those in told.items():
            places = ", ".join(f"{self.name(place_id)} ({more})" for place_id, more in those)
            count = sum(more for _, more in those)
            notes.append(Said("kept_class", {"of": one.vi.lower(), "places": places, "count": count}))
        if differs:
            faults.append(Said("end_differs", {"places": self.named(sorted(set(differs)))}))

    def _judge_lacks(self, of: HouseholdClass, faults: list[Said], notes: list[Said]) -> None:
        found = self.classified
        if found.contradictions[of]:
            codes = [one.code for one in found.broken if one.household_class is of]
            more = found.contradictions[of] - len(codes)
            faults.append(Said("lacks_broken", {"codes": ", ".join(codes) + (f" … (+{more})" if more else "")}))
        notes.append(Said("unknown"))
        if found.doubtful[of]:
            notes.append(Said("doubtful", {"count": found.doubtful[of]}))

    def _judged_flow(self, layout: Layout) -> tuple[list[Said], list[Said]]:
        flow, faults = self.flowed, list[Said]()
        if flow is None:
            return faults, []
        if flow.missing:
            faults.append(Said("no_flow", {"places": self.named(sorted(flow.missing))}))
        elif not flow.places:
            faults.append(Said("no_flow", {"places": self.name(self.scope.place_id)}))
        measure = _BY_CLASS[layout.number]
        broken = [
            one for one, lines in flow.places.items()
            if not (lines[measure].households.holds and lines[measure].persons.holds)
        ]  # fmt: skip
        if broken:
            faults.append(Said("flow_broken", {"places": self.named(broken)}))
        across = [one for one, lines in flow.places.items() if not _is_one_flow(lines)]
        if across:
            faults.append(Said("two_tables", {"places": self.named(across)}))
        again = self.readings[grouping.AGAIN]
        if again.reading.value != SINCE_FIRST and again.paper is not None:
            said = next(iter(group_notes.read_so(layout.number, self.readings)))
            faults.append(Said("read_otherwise", said.values))
        notes = [Said("flow")] + ([] if flow.knows_before else [Said("no_history")])
        notes += group_notes.read_so(layout.number, self.readings)
        unknown = flow.whole[measure].persons.unknown if flow.whole else 0
        return faults, notes + ([Said("persons_unknown", {"count": unknown})] if unknown else [])


def _is_one_flow(lines: Lines) -> bool:
    """Whether who left one table for the other came to it. Persons are those of the start in the one and of the end in
    the other, so only households can be held together."""
    poor, near = lines[POOR].households.columns, lines[NEAR_POOR].households.columns
    return poor[2] == near[5] and poor[5] == near[3]


_MEASURE = {
    "households": "(1)", "persons": "(2)", "kinh_households": "Kinh", "dtts_households": "DTTS",
    "kinh_persons": "Kinh", "dtts_persons": "DTTS",
}  # fmt: skip


def _link(condition: Condition, figure: str) -> Condition | None:
    """The households of a figure; None where it has none of its own."""
    named, _, what = figure.partition(".")
    if named not in _CLASSES:
        return None
    of_class = condition.narrowed(household_class=HouseholdClass(named))
    if what in ("households", "persons"):
        return of_class
    kind, _, indicator = what.partition(".")
    if kind not in ("lack", "unknown") or indicator not in _INDICATORS:
        return None
    return of_class.narrowed(indicator=Indicator(indicator), unknown=kind == "unknown")
