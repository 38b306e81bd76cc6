"""What is said of what somebody wrote into a plan, and of what cannot be told, by code."""

from __future__ import annotations

from survey.plan.judging import Why
from survey.text import N_

SENTENCES = {
    "blank": N_("This must be filled in."),
    "bad_id": N_("Only unaccented letters, digits, points and hyphens."),
    "not_a_value": N_("Must be a number from 0 to 100,000,000 with four decimals at most; write 18,66 or 25.000."),
    "above_whole": N_("A rate is never above 100 %."),
    "not_whole": N_("A number of households, persons or models has no decimals."),
    "no_year": N_("This is no year that a plan can be of."),
    "year_ahead": N_("This has not come yet: only a forecast can speak of it."),
    "status_of_review": N_("This status is only for what the review itself counts."),
    "kind_not_here": N_("This measure cannot be meant so: rates are never added up, and only a rate is a share."),
    "range_of_level": N_("A range is told of a fall, of a sum or of a share; of a level write one bound."),
    "range_backward": N_("The upper bound must be above the lower one."),
    "at_least_here": N_("A fall and a sum are to be reached: write more than, at least, or a range."),
    "base_after": N_("The base year must be before the year of the target."),
    "base_status_missing": N_("Write how well the base is known, or leave the base blank."),
    "value_or_status": N_("Write the number of the target, or say that it is still to be entered."),
    "no_set": N_("There is no set of communes of this name."),
    "not_communes": N_("Write codes of communes of this province, five digits each, with blanks between them."),
    "backward": N_("The last year must not be before the first."),
    "due_over": N_("The last day of a new task cannot have passed."),
    "nobody": N_("Choose at least one commune or department that receives the task."),
    "departments_long": N_("Write one department a line: 50 at most, 100 letters each."),
    "no_name": N_("A department is written by its name, not by a number."),
    "no_target": N_("This plan has no such target here."),
    "papers_many": N_("A task has at most 20 papers."),
    "paper_large": N_("A paper may have 5 MB at most: save it as a smaller PDF."),
    "no_paper": N_("Papers are PDF, Word, Excel, PowerPoint or pictures (JPEG, PNG) and are what their name says."),
}
REASONS = {
    Why.NO_TARGET: N_("The plan's number is not known yet: enter it when the paper is at hand."),
    Why.NO_BASE: N_("The figure of the base year is not known: enter it, then there is a path."),
    Why.NO_FIGURE: N_("There is no figure yet that counts for this target."),
    Why.UNLIKE: N_("The figures of the base year and of now are not alike known, so their difference says nothing."),
}
UNCOUNTED = {
    "not_closed": N_("%(missing)s of %(all)s communes have not closed this round."),
    "no_resident": N_("%(missing)s of %(all)s places have no confirmed number of residents to divide by."),
    "no_dtts": N_("How many resident households are of ethnic minorities is not entered for each place."),
    "empty": N_("There is nobody to divide by."),
    "above_whole": N_("There are more poor households than residents entered: look at the number of residents."),
    "people_unknown": N_("Of %(missing)s households nobody knows the ethnic group of the head."),
    "unknown_answers": N_("Of %(missing)s households an answer is missing."),
    "no_support": N_("No such support is written down here for that time: that is not known to be none."),
    "no_model": N_("No such model with members is written down here for that time: that is not known to be none."),
    "below_entered": N_("%(missing)s are written down here, but %(all)s were entered: not all are written down yet."),
    "no_outside": N_(
        "Of %(all)s workers written down none is from outside the register: the share would be 100 %% by itself. Enter "
        "the others, or the total of workers connected with its source."
    ),
    "total_too_small": N_("%(missing)s workers are written down, more than the total of %(all)s that was entered."),
    "not_known_poor": N_(
        "Of %(missing)s of the %(all)s workers nobody knows whether the household was poor, near-poor or newly escaped "
        "on that day."
    ),
}
BASES = {
    "resident": N_("out of all resident households"),
    "resident.dtts": N_("out of the resident households of ethnic minorities"),
    "classified": N_("out of the classified households of the review"),
    "poor+near_poor.able_to_work": N_("out of poor and near-poor households with somebody able to work"),
    "connected": N_("out of all workers connected to jobs"),
}
