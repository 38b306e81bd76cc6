"""What is said about rounds, on the page and by the command: what stands in the way of closing one."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext, lazy_gettext

from survey.web.formats import day

OBSTACLES = {
    "not_begun": lazy_gettext("communes in which the round is planned and not begun"),
    "catching_up": lazy_gettext("works under way that take over what changed while the round was closed"),
    "not_visited": lazy_gettext("households not visited yet"),
    "outcome_unconfirmed": lazy_gettext("outcomes said on a phone, not confirmed yet"),
    "to_review": lazy_gettext("households received, to be reviewed"),
    "returned": lazy_gettext("households returned, not mended yet"),
    "held": lazy_gettext("records held, to be looked at"),
    "no_class": lazy_gettext("households accepted without a class"),
    "request_undecided": lazy_gettext("requests not decided yet"),
    "illustrative_b1": lazy_gettext("households accepted on the illustrative B1 table, which is not official"),
    "not_asked": lazy_gettext("households without a request (form 01)"),
    "not_accounted": lazy_gettext("households of which nobody can say what became of them"),
}


def in_the_way(code: str, number: int) -> str:
    """An obstacle as a person reads it."""
    return f"{number} {OBSTACLES[code]}"


def class_within(title: str, since: date, of_last_year: date | None) -> str:
    """What a class that holds since a day of an open round does to the round's interviews; and the day to be given if
    last year's was meant, where that is another."""
    said = gettext(
        "This class holds since %(since)s, a day of the round “%(round)s”. An interview of an earlier day does not say "
        "any more of which class the household is, also if it arrives or is accepted later; it counts in the result of "
        "the round alone.", since=day(since), round=title,
    )  # fmt: skip
    if of_last_year is None:
        return said
    return f"{said} " + gettext("If the class of last year is meant, give the day %(day)s.", day=day(of_last_year))
