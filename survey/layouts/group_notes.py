"""What must be said below tables 8 to 13: which reading of the texts they follow, who is not known, what is a sum of
overlapping parts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from survey.layouts.grouping import AGAIN, INSURANCE, MINORITY, WORK
from survey.layouts.words import Said
from survey.questionnaires.readings import ReadingStatus
from survey.rounds.end_states import COUNTED
from survey.tallies.told import REASONS

# By layout, the readings that its figures follow.
READINGS: Mapping[int, tuple[str, ...]] = {
    2: (AGAIN,), 3: (AGAIN,), 8: (MINORITY, WORK), 11: (INSURANCE,), 12: (MINORITY, WORK), 13: (MINORITY, WORK),
    14: (WORK, AGAIN), 15: (WORK, AGAIN),
}  # fmt: skip


def read_so(number: int, readings: Mapping[str, ReadingStatus]) -> Iterator[Said]:
    """The readings of a layout, each with the paper that confirms it, or that none does."""
    for name in READINGS.get(number, ()):
        one = readings[name]
        values = {"question": one.reading.question["vi"], "words": one.reading.meanings[one.reading.value]["vi"]}
        if one.paper is None:
            yield Said("read_so", values)
        else:
            yield Said("read_by", values | {"paper": one.paper.decision, "day": f"{one.paper.decided_on:%d/%m/%Y}"})


def notes(number: int, total: Mapping[str, int]) -> Iterator[Said]:
    """`total`: the numbers of the whole."""

    def both(name: str) -> int:
        return sum(total.get(f"{one.value}.{name}", 0) for one in COUNTED)

    if number == 8:
        yield Said("first_match")
        yield from _merit(both("unknown.merit"))
        if unknown := both("first.unknown"):
            yield Said("group_unknown", {"count": unknown})
    elif number == 9:
        yield Said("by_people")
    elif number == 10:
        for one in COUNTED:
            named = sum(total.get(f"{one.value}.reason.{reason}", 0) for reason in REASONS)
            silent, households = total.get(f"{one.value}.reason.-", 0), total.get(f"{one.value}.households", 0)
            values = {"of": one.vi.lower(), "named": named, "households": households, "silent": silent}
            yield Said("reasons", values)
    elif number == 11:
        yield Said("children")
        if both("ageless"):
            yield Said("ageless", {"count": both("ageless")})
    else:
        of = COUNTED[number - 12].value
        yield Said("of_group")
        yield Said("local_people")
        yield from _merit(total.get(f"{of}.unknown.merit", 0))
        for name in ("unable", "woman"):
            if unknown := total.get(f"{of}.unknown.{name}", 0):
                yield Said(f"{name}_unknown", {"count": unknown})


def _merit(unknown: int) -> Iterator[Said]:
    yield Said("merit")
    if unknown:
        yield Said("merit_unknown", {"count": unknown})
