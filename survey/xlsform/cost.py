"""What the rules of a form can cost, asked before it is published: docs/expressions.md §What rules may cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from survey.form.bound import Bound, Sizes
from survey.form.budget import MOST_TEXT, MOST_VISITS
from survey.form.form import Form
from survey.text import N_

ORDINARY = Sizes(instances=12, letters=64, names=40, rows=150)  # a household larger than nearly all
# As many as a form makes; and as many rows, each with its id and an answer, as 400,000 characters of an interview hold.
LIMITS = Sizes(instances=200, letters=64, names=40, rows=4_000)
# Visits at the limits: what costs more grows with the third power. In the rows of one list that is 50,000 a row, and so
# much each row of a list within lists may take, of which there are more.
MOST_OF_A_RULE = 10_000_000
MOST_OF_A_ROW = MOST_OF_A_RULE // LIMITS.instances

TOO_LONG = N_(
    "the text that this puts together can grow beyond %(most)s characters: put less together, or take its beginning "
    "alone, as substr(${name}, 0, 100)"
)
TOO_DEAR = N_(
    "in a household of %(members)s this takes up to %(visits)s steps, and all rules of an interview together may take "
    "%(most)s: look rows of a table up by = alone, and count in a calculation of its own instead of within […]"
)
GROWS = N_(
    "with %(members)s members this takes up to %(visits)s steps, more than %(most)s: let a calculation in the repeat "
    "say of each member what is asked within […], and read that"
)


class Dear(NamedTuple):
    """A rule that is refused: its row's path ("" for the settings), its kind, and why."""

    path: str
    key: str
    template: str
    values: dict[str, Any]


def dear(form: Form) -> Iterator[Dear]:
    """The rules of a form whose cost has no bound that phones and the office can bear."""
    usual, most = Bound(form, ORDINARY), Bound(form, LIMITS)
    costs, at_most = usual.by_rule | usual.of_phones, most.by_rule | most.of_phones
    for path, key in usual.too_long:
        yield Dear(path, key, TOO_LONG, {"most": f"{MOST_TEXT:,}"})
    told = set()
    if sum(costs.values()) > MOST_VISITS:
        least = min(max(costs.values()), MOST_VISITS // 20)
        told = {rule for rule, visits in costs.items() if visits >= least}
    for rule, visits in at_most.items():
        if rule in told:
            yield Dear(*rule, TOO_DEAR, _told(ORDINARY, costs[rule], MOST_VISITS))
        elif visits > (allowed := max(MOST_OF_A_RULE, MOST_OF_A_ROW * most.times(rule[0]))):
            yield Dear(*rule, GROWS, _told(LIMITS, visits, allowed))


def _told(sizes: Sizes, visits: int, most: int) -> dict[str, Any]:
    return {"members": sizes.instances, "visits": f"{visits:,}", "most": f"{most:,}"}
