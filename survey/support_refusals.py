"""Refusals about programmes, funds and supports, for `survey/problems.py`: code → status, what is so, the next step."""

from __future__ import annotations

from survey.text import N_

REFUSALS: dict[str, tuple[int, str, str]] = {
    "programme_wrong": (
        400,
        N_("A programme, project, kind of support or fund cannot have this."),
        N_("Look at each field, then write it down again."),
    ),
    "fund_not_enough": (
        409,
        N_("There is not enough money in this fund for that: somebody may have spent of it meanwhile."),
        N_("Look at its balance now, write a smaller amount, or enter first what was allocated."),
    ),
    "fund_entry_wrong": (
        409,
        N_("This entry cannot follow: what it refers to is used up, reversed, or of another kind."),
        N_("Open the fund again and look at its entries."),
    ),
    "project_member_wrong": (
        409,
        N_("This household or person cannot be written into the model so."),
        N_("Look who is a member already and whether the household is on the register, then write it again."),
    ),
}
