"""The indices of a round told whole, for a program or to be set in words: which base, what is left out of it, the
figures, their bounds, groups, and the change since another round.

A figure is said exactly ("3/8") and as a number; None is never a number: there is nobody to divide by.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from models import Round
from survey.poverty.indices import Levels, Passage, Population, bounds, by_group, change, levels, split
from survey.reports.measured import By, Reviewed
from survey.tallies import bases
from survey.terms import DIMENSION_OF, CountBase, Indicator

INDICES = ("h", "a", "m0")
DIMENSIONS = {one.value: DIMENSION_OF[one] for one in Indicator}
Told = dict[str, Any]


@dataclass(frozen=True)
class Since:
    """An earlier round, what it comes to, and who passed from it to the later one."""

    round: Round
    found: Reviewed
    passage: Passage


def told(survey_round: Round, found: Reviewed, by: By | None = None, since: Since | None = None) -> Told:
    rule, whole = found.rule, found.whole
    among = levels(rule, whole)
    return {
        "round": survey_round.id,
        "trial": survey_round.trial,
        "unit": found.unit.value,
        "identification": rule.identification.value,
        "cutoff": str(rule.cutoff) if rule.cutoff is not None else None,
        "weights": {name: str(weight) for name, weight in rule.weights.items()},
        "base": _base(found, whole, among),
        **_figures(found, whole, among),
        "indicators": _indicators(found, whole, among),
        "dimensions": _dimensions(among),
        "by": by.value if by else None,
        "groups": _groups(found) if by else None,
        "check": _check(found, among),
        "change": _change(survey_round, found, among, since) if since else None,
        "standard_errors": None,  # a full review has no sampling doubt
    }


def _number(value: Fraction | None) -> Told | None:
    return None if value is None else {"exact": str(value), "value": float(value)}


def _interval(interval: tuple[Fraction, Fraction] | None) -> list[Told | None] | None:
    return None if interval is None else [_number(one) for one in interval]


def _base(found: Reviewed, whole: Population, among: Levels) -> Told:
    """`reviewed`: not everybody who lives there, so H is no poverty rate of a place."""
    missing = bounds(found.rule, whole)
    complete = sum(whole.households.values()) - missing.missing_households
    return {
        "id": CountBase.ACCEPTED.value,
        "of": "reviewed households",
        "is_poverty_rate": False,
        "accepted": found.accepted,
        **{one.value: found.parts[one] for one in bases.PARTS},
        "illustrative": found.illustrative,
        "standards": sorted(one for one in found.standards if one),
        "provisional": found.provisional,
        "counted": {"households": complete, "units": among.total},
        "excluded": {
            "refused": whole.refused,
            "persons_not_listed": whole.unlisted,
            "answer_missing": {"households": missing.missing_households, "units": missing.missing},
        },
    }


def _figures(found: Reviewed, whole: Population, among: Levels) -> Told:
    """`headline`: the interval where more than a twentieth is missing, else the point; None without anybody."""
    within = bounds(found.rule, whole)
    headline = None if not within.highest.total else "interval" if within.is_headline else "point"
    each = {one: {"of_complete": _number(getattr(among, one)), "bounds": _interval(within.of(one))} for one in INDICES}
    return {"headline": headline, **each}


def _indicators(found: Reviewed, whole: Population, among: Levels) -> list[Told]:
    within = bounds(found.rule, whole)
    return [
        {
            "indicator": name,
            "dimension": DIMENSIONS[name].value,
            "weight": str(found.rule.weights[name]),
            "uncensored": _number(among.uncensored[name]),
            "uncensored_bounds": _both(within.lowest.uncensored[name], within.highest.uncensored[name]),
            "censored": _number(among.censored[name]),
            "censored_bounds": _both(within.lowest.censored[name], within.highest.censored[name]),
            "contribution": _number(among.contributions[name]),
        }
        for name in found.rule.indicators
    ]


def _both(low: Fraction | None, high: Fraction | None) -> list[Told | None] | None:
    return None if low is None or high is None else _interval((low, high))


def _dimensions(among: Levels) -> list[Told]:
    """What weight its indicators have together: equal indicators need not make equal dimensions."""
    shares = among.contributions_of(DIMENSIONS)
    weights = dict.fromkeys(shares, Fraction(0))
    for name in among.rule.indicators:
        weights[DIMENSIONS[name]] += among.rule.weights[name]
    return [
        {"dimension": one.value, "weight": str(weights[one]), "contribution": _number(share)}
        for one, share in shares.items()
    ]


def _groups(found: Reviewed) -> list[Told]:
    """Each household is in one; who is in none that is known comes last."""
    parts = by_group(found.rule, found.groups)
    return [
        {
            "group": key,
            "households": sum(found.groups[key].households.values()),
            "units": part.levels.total,
            "share": _number(part.share),
            "contribution": _number(part.contribution),
            **_figures(found, found.groups[key], part.levels),
        }
        for key, part in sorted(parts.items(), key=lambda one: (one[0] is None, one[0] or ""))
    ]


def _check(found: Reviewed, among: Levels) -> Told | None:
    """12·A is the mean number of lacks of table 4, by the questionnaire's own sum of each household."""
    if not found.checks_itself:
        return None
    twelvefold = None if among.a is None else 12 * among.a
    holds = None not in found.lacks_of_poor and twelvefold == found.mean_lacks
    return {"twelve_a": _number(twelvefold), "mean_lacks": _number(found.mean_lacks), "holds": holds}


def _change(survey_round: Round, found: Reviewed, among: Levels, since: Since) -> Told:
    """Between two standards the series is broken: both ends are told, and nothing of how they differ. Communes with
    interviews in one round alone are in one of the ends: the change is of other households too."""
    before = levels(found.rule, since.found.whole)
    years = survey_round.year - since.round.year
    is_broken = {*found.standards} != {*since.found.standards} and bool(before.total and among.total)
    passed = since.passage
    stayers = levels(found.rule, passed.before), levels(found.rule, passed.after)
    return {
        "since": {"round": since.round.id, "year": since.round.year, "trial": since.round.trial},
        "years": years,
        "base": _base(since.found, since.found.whole, before),
        "communes_of_one_round": sorted(found.communes ^ since.found.communes),
        "before": _figures(since.found, since.found.whole, before),
        "break": {"before": sorted(since.found.standards), "after": sorted(found.standards)} if is_broken else None,
        "of_complete": None if is_broken else {one: _moved(before, among, one, years) for one in INDICES},
        "m0_split": None if is_broken else _split(before, among),
        "stayers": {
            "before": _level(found, passed.before),
            "after": _level(found, passed.after),
            "m0_split": None if is_broken else _split(*stayers),
            "not_measured_in_both": passed.untold,
        },
        "leavers": _level(found, passed.left),
        "joiners": _level(found, passed.joined),
    }


def _moved(before: Levels, after: Levels, index: str, years: int) -> Told | None:
    moved = change(getattr(before, index), getattr(after, index), years)
    return None if moved is None else {name: _number(value) for name, value in moved._asdict().items()}


def _split(before: Levels, after: Levels) -> Told | None:
    found = split(before, after)
    return None if found is None else {name: _number(value) for name, value in found._asdict().items()}


def _level(found: Reviewed, population: Population) -> Told:
    among = levels(found.rule, population)
    households = sum(population.households.values()) - bounds(found.rule, population).missing_households
    return {"households": households, "units": among.total, **{one: _number(getattr(among, one)) for one in INDICES}}
