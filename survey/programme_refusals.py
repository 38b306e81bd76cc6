"""Refusals of what steers the programme (residents, plan, tables, data files, funds, supports), for `problems.py`:
code → status, what is so, the next step."""

from __future__ import annotations

from survey.text import N_

REFUSALS: dict[str, tuple[int, str, str]] = {
    "export_by_job": (
        409,
        N_("A file of so many households is made beside the pages."),
        N_("Ask for it on the page “Data files”."),
    ),
    "list_by_job": (
        409,
        N_("The list of so many households is made beside the pages."),
        N_("Ask for it on the page of the list: it waits there for you, for a day."),
    ),
    "export_gone": (410, N_("This file is not kept any more."), N_("Ask for it again: it is made anew.")),
    "exports_enough": (
        409,
        N_("Five files are kept or being made for you."),
        N_("Remove one of them, or wait: each is kept for a day."),
    ),
    "cursor_unreadable": (400, N_("This is no whole cursor file."), N_("Ask for all files once more.")),
    "cursor_foreign": (409, N_("The cursor is of another server or choice."), N_("Ask for all files once more.")),
    "cursor_before": (409, N_("The cursor is older than the last restore."), N_("Ask for all files once more.")),
    "research_too_few": (
        409,
        N_("A research file is made of 2,000 accepted households or more."),
        N_("Wait until more are accepted."),
    ),
    "own_residents": (
        409,
        N_("You cannot decide on what you entered yourself."),
        N_("Ask another officer to look at it."),
    ),
    "residents_wrong": (
        400,
        N_("These cannot be the numbers of a place."),
        N_("Look at each of them, then enter them again."),
    ),
    "plan_wrong": (400, N_("A plan cannot have this."), N_("Look at each field, then write it down again.")),
    "layout_unfinished": (
        409,
        N_("This table is not handed out yet: what it divides by is missing, or it does not add up."),
        N_("Its page names what is missing, place by place. Enter or mend it, then take the table again."),
    ),
    "public_not_over": (
        409,
        N_("Tables for the public are made when the round is closed in each commune of the province that holds it."),
        N_("Until then figures still change, and the difference of two editions would tell of one household."),
    ),
    "tables_before_round": (
        400,
        N_("The round had not begun on that day: nothing could be counted of it."),
        N_("Choose its first day or a later one."),
    ),
    "tables_day_missing": (400, N_("No day was given."), N_("Choose the day that the tables are to be of.")),
    "tables_in_future": (
        400,
        N_("That day is still to come: nobody knows how the round will stand then."),
        N_("Choose today or a day that is over."),
    ),
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
    "support_kind_unknown": (
        409,
        N_("There is no such kind of support in the province, or it is offered no more."),
        N_("Choose one of the list; on a phone, wait until it has talked with the office again."),
    ),
    "support_project_unknown": (
        409,
        N_("There is no such project in the province, or it was withdrawn."),
        N_("Choose one of the list; on a phone, wait until it has talked with the office again."),
    ),
    "support_project_elsewhere": (
        409,
        N_("This project is not for this commune."),
        N_("Choose another project, or ask the province which communes it is for."),
    ),
    "support_before_project": (
        409,
        N_("On that day the project had not begun yet."),
        N_("Look at the day on the paper again, or choose the project of that time."),
    ),
    "support_after_project": (
        409,
        N_("On that day the project was over."),
        N_("Look at the day on the paper again, or choose the project of that time."),
    ),
    "support_person_needed": (
        409,
        N_("This support is given to one person, and it is not said to whom."),
        N_("Choose the member of the household who was given it."),
    ),
    "support_whole_household": (
        409,
        N_("This support is given to the whole household, not to one person."),
        N_("Leave the person out, or choose the kind of support that is given to persons."),
    ),
    "support_given": (
        409,
        N_("This benefit was given already: the rule of its kind allows it once."),
        N_("Look at the support that is named. If that one is wrong, take it back first."),
    ),
    "support_listed": (
        409,
        N_("Just this support is written down already."),
        N_("Perhaps the list was brought before. If it was given once more, enter it on the household's page."),
    ),
    "support_fund_unknown": (
        409,
        N_("This fund is not for this project and commune."),
        N_("Choose a fund of the project, or write the support down without one."),
    ),
    "support_amount_needed": (
        409,
        N_("A support that a fund pays needs its amount."),
        N_("Write the amount in whole đồng, or write the support down without a fund."),
    ),
    "support_worker_known": (
        409,
        N_("A member of a household on this commune's register has this identity number."),
        N_("Enter the support on the page of that household: it counts for its class there, and is given once."),
    ),
    "support_reversed": (
        409,
        N_("This support was taken back already."),
        N_("If it was right after all, write it down again."),
    ),
    "support_answered": (
        409,
        N_("Somebody has decided on this already."),
        N_("Look at the list of what waits."),
    ),
    "support_unclear": (
        409,
        N_("It does not say enough to be written down, or its household is not on the register."),
        N_("Enter it on the page of the household, then set this one aside with words for who sent it."),
    ),
    "support_wrong": (
        400,
        N_("These cannot be the particulars of a support."),
        N_("Look at each field, then enter it again."),
    ),
}
