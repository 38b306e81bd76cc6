"""What the tables say beside their figures: marks, notes, and why one is not handed out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from survey.text import N_

Translate = Callable[[str], str]

# Above the figures.
MARKS = {
    "as_of": N_(
        "AS IT STOOD AT THE END OF %(day)s: interviews accepted, register, residents and closings as they were known "
        "by then. A figure leads to no list: lists are of now."
    ),
    "trial": N_("TRIAL – nothing on this sheet is an official result, and it recognises nobody."),
    "illustrative": N_("B1 points are illustrative in %(count)s of the accepted interviews: no official result."),
    "provisional": N_(
        "PROVISIONAL – no class is recognised by a decision (form no. 02) yet: figures of accepted "
        "interviews with a class."
    ),
    "not_accepted": N_("The province has not accepted the results of: %(places)s."),
    "refused": N_("NOT TO BE HANDED OUT – it is not whole, or does not add up:"),
}
# Why a table is not handed out. `places`: names; `codes`: households.
FAULTS = {
    "no_residents": N_("Resident households and persons are not entered and confirmed: %(places)s."),
    "no_persons": N_("Of these places the households are entered, the persons are not: %(places)s."),
    "more_than_all": N_("More poor and near-poor than residents: %(places)s. Look at the numbers of residents."),
    "not_everywhere": N_("Of this province the round is not held in: %(places)s."),
    "not_closed": N_("The review is not closed with a proof, so interviews may be missing: %(places)s."),
    "no_flow": N_("Not closed with a proof, so its flow is not known: %(places)s."),
    "flow_broken": N_("End (9) is not 1−2−3−4+5+6+7+8: %(places)s."),
    "two_tables": N_("What left one table for the other is not what came to it (2.2 = 3.5, 2.5 = 3.3): %(places)s."),
    "end_differs": N_(
        "The poor at the end of the flow are not those of the interviews, and no household without an "
        "interview explains "
        "it: %(places)s. Look for corrections since the closing."
    ),
    "lacks_broken": N_(
        "Households whose lacks contradict their class (poor lack 3 or more, near-poor fewer): %(codes)s."
    ),
    "rests_on": N_("It rests on table %(number)s, which is not handed out."),
    "no_peoples": N_(
        "Of these places the residents are entered, their Kinh and ethnic minorities are not: %(places)s."
    ),
    "minority_more_than_all": N_(
        "More households or persons of ethnic minorities than such residents: %(places)s. "
        "Look at the numbers of residents."
    ),
    "former_missing": N_(
        "Of these villages it is not known in which former commune they lie: %(places)s. Enter it with the villages."
    ),
    "former_not_loaded": N_("Nobody loaded the communes of before: ask the administrator for their table."),
    "sums_broken": N_("The parts do not come to their sum: %(places)s. Have the round counted anew (recount)."),
    "read_otherwise": N_(
        "A paper reads it otherwise than this table is counted: “%(question)s” – %(words)s (%(paper)s, %(day)s)."
    ),
    "nobody": N_("No interview of this round is accepted here."),
}
# Below the figures.
NOTES = {
    "unasked": N_(
        "Columns 7, 8, 13, 14 are blank: the survey asks neither the income nor the main work (farming, "
        "forestry, fishery) "
        "of a household above the line; an average standard of living is found on request only (form no. 01)."
    ),
    "base": N_(
        "Accepted interviews %(accepted)s = with a class %(classified)s + refused %(refused)s + no class %(no_class)s."
    ),
    "residents": N_("Residents as of %(day)s – %(status)s: %(source)s (%(places)s)."),
    "parts_differ": N_(
        "%(measure)s of the whole: %(whole)s were entered, its parts come to %(parts)s. Both stay as they were entered."
    ),
    "rates": N_("A rate divides by column 1 (households) or 2 (persons) of its line, and is never added up."),
    "flow": N_("In every line: end (9) = 1−2−3−4+5+6+7+8. By what the communes proved at their closing."),
    "no_history": N_(
        "Column 6 (again) is not known: no earlier round says who was so once; columns 6 and 7 stand together in 7."
    ),
    "persons_unknown": N_("Persons are not known of %(count)s households at the start: they count as none there."),
    "kept_class": N_(
        "At the end of the flow stand %(count)s more (%(of)s) than among the accepted interviews, for nobody "
        "interviewed them and they keep their class until a decision: %(places)s. They are not in the figures "
        "of this table."
    ),
    "unknown": N_(
        "Where an answer is missing a lack is not known: it is counted beside the form, and the share then "
        "lies between "
        "two bounds. Every share divides by all households of the class."
    ),
    "doubtful": N_("Of %(count)s households it is open whether they lack three: answers are missing."),
    "read_so": N_("Read so, and confirmed by no paper yet: “%(question)s” – %(words)s."),
    "read_by": N_("Read so: “%(question)s” – %(words)s (%(paper)s, %(day)s)."),
    "first_match": N_(
        "Each household stands once, in the first group that it is of, in the order ethnic minority, no ability to "
        "work, merit; so 5 = 1−2−3−4 and 10 = 6−7−8−9 hold. Beside the form each group is counted whole: those "
        "columns overlap and are not to be added."
    ),
    "merit": N_(
        "Merit is known by the monthly merit allowance alone: the survey does not ask whether the household has "
        "somebody with merit who receives none."
    ),
    "merit_unknown": N_("Of %(count)s households nobody answered whether somebody has the merit allowance."),
    "group_unknown": N_(
        "Of %(count)s households it is not known which group they are of; they stand among the others and beside them."
    ),
    "unable_unknown": N_("Of %(count)s households it is not known whether they are without the ability to work."),
    "woman_unknown": N_("Of %(count)s households the sex of the head is not known."),
    "by_people": N_(
        "Households by the people of the head, persons by their own. Which peoples have a column is a setting of the "
        "province."
    ),
    "reasons": N_(
        "A household may have named several reasons (%(of)s): %(named)s reasons of %(households)s households, "
        "%(silent)s of which named none. The columns are not to be added."
    ),
    "children": N_(
        "Children are members under 16. Who is not known to be malnourished, or not, stands beside the form and never "
        "among those who are not."
    ),
    "ageless": N_("Of %(count)s members the age is not known: they are counted among no children."),
    "of_group": N_(
        "20 = 9/1 is the rate of all resident households, 21 = 11/3 that of resident households of ethnic minorities. "
        "Persons are Kinh or of a minority by their own people, households by the reading below."
    ),
    "list_blank": N_(
        "Blank are: local peoples, which nobody entered here; and the supports, of which the codes that were found do "
        "not say whether those received or those needed are meant."
    ),
    "list_flow": N_(
        "New, again or old by what the commune proved at its closing: old who was of the class at the start or came as "
        "it; again who was of it in an earlier round; new all others."
    ),
    "list_no_history": N_(
        "No earlier round says who was so once: “new” and “again” cannot be told apart, and read “%(words)s”."
    ),
    "list_counts": N_("%(households)s households, %(persons)s members."),
    "again_or_new": N_("new or again"),
    "local_people": N_("Columns of local peoples are another province's and blank: nobody entered them here."),
    "former_borders": N_(
        "In the borders of before %(day)s, by the villages of today – %(status)s: %(source)s. "
        "A line has no list of its households."
    ),
    "former_unknown": N_("former commune not known"),
    "moved": N_("who moved between these places"),
    "public": N_("Edition for the public: %(count)s figures of this table are hidden and read *."),
    "public_why": N_(
        "Hidden is each figure of 1 to 4, because neighbours would know whose it is; further figures, so that it does "
        "not follow from the sums; and the rates that follow from a hidden figure. Zero is shown. The officials' "
        "tables are exact."
    ),
    "public_form": N_(
        "What the officials' table has beside the form (who is not known) is left out; parts of a sum may therefore "
        "come to less than the sum."
    ),
    "public_illustrative": N_("B1 points are illustrative in some of the accepted interviews: no official result."),
}
OTHERS = {
    "households": N_("Household (as a unit)"),
    "persons": N_("Person (as a unit)"),
    "number": N_("No."),
    "commune": N_("Commune, ward"),
    "village": N_("Village"),
    "former_commune": N_("Former commune"),
    "former_district": N_("Former district"),
    "unit": N_("Counted in"),
    "total": N_("Total"),
    "sheet": N_("Table %(number)s"),
    "made_by": N_("Made by"),
    "head_of": N_("FOR THE PEOPLE'S COMMITTEE"),
    "to_sign": N_("(signature, stamp, full name)"),
    "on_the": N_("%(place)s, day …… month …… year ……"),
}
SENTENCES = MARKS | FAULTS | NOTES | OTHERS


@dataclass(frozen=True)
class Said:
    """One of SENTENCES with what it carries."""

    code: str
    values: Mapping[str, object] = field(default_factory=dict)

    def sentence(self, translate: Translate) -> str:
        return translate(SENTENCES[self.code]) % self.values
