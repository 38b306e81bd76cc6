"""What is said of what somebody wrote of a programme, fund or model, by code."""

from __future__ import annotations

from survey.text import N_

SENTENCES = {
    "blank": N_("This must be filled in."),
    "bad_id": N_("Only unaccented letters, digits, points, hyphens and underscores, 32 at most."),
    "too_long": N_("This is too long."),
    "no_day": N_("This is no day or year that a programme can be of."),
    "day_ahead": N_("This day has not come yet."),
    "backward": N_("The last day must not be before the first."),
    "one_place": N_("Choose one commune or a set of communes, not both."),
    "not_itself": N_("A model cannot lie within itself."),
    "persons_counted": N_("Only what one person gets adds a worker to the plan."),
    "not_there": N_("There is none of this code, or it was withdrawn."),
    "no_set": N_("There is no set of communes of this name: enter it on the page of the plan first."),
    "not_communes": N_("This is no commune of this province."),
    "no_amount": N_("Write whole đồng above 0, such as 1.500.000."),
    "of_needed": N_("Say which commitment or payment comes back: the number of its entry."),
    "of_nothing": N_("Only a payment or what is returned refers to an earlier entry."),
    "no_household": N_("There is no household of this number on the commune's register."),
    "no_person": N_("No member of this household stands under this name."),
    "no_model": N_("Households and persons are members of models and groups alone."),
    "not_here": N_("This model is for other communes."),
    "not_running": N_("The model, or its programme, does not run on this day."),
    "member_already": N_("This household or person is a member of it already."),
    "household_gone": N_("This household is not on the register any more."),
    "before_joining": N_("This day is before who it is about joined."),
}
