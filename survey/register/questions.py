"""What an import asks before it loads anything: each with a proposal that a person confirms or changes. Pure.

An id is stable: the same file asks the same, so an answer given on a page or typed at a terminal finds its question
again. Until it is answered, the plan goes on with the proposal: what follows from it is seen at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from survey.names import name_key
from survey.register.csv_rows import folded
from survey.text import N_

SHOWN = 12  # examples of one question
MOST_ALONE = 40  # rows or groups that are asked about one by one; more are asked about together
MOST_WORDS = 100  # words or villages of one kind: a list with more unknown ones is no list of a commune
# By code; %(count)s: how many rows are asked about. The examples stand below.
SENTENCES = {
    "page": N_("The file does not say in which code page it is. Read as %(page)s it begins like this. Is that right?"),
    "letters": N_("The list is written in letters of a former font (%(kind)s). Take the converted text?"),
    "hidden_rows": N_("%(count)s rows with text are hidden in Excel. Take them too?"),
    "hidden_sheets": N_("%(count)s sheets are hidden in Excel. Take them too?"),
    "totals": N_("%(count)s totals of the list do not agree with its rows. Go on all the same?"),
    "totals_bare": N_("%(count)s totals say no figure that can be compared with the rows. Is nobody among them?"),
    "no_village": N_("The list does not say the village. In which one are these %(count)s households?"),
    "blank_village": N_("%(count)s households have no village written. Is it the one of the row above?"),
    "village": N_("“%(name)s” (%(count)s households) is no village of this commune. Which one is it?"),
    "village_ambiguous": N_("Several villages may be “%(name)s” (%(count)s households). Which one is it?"),
    "area": N_("%(count)s new villages: are they rural or urban? The area decides which income line applies."),
    "village_zero": N_("%(count)s village codes lost the zero at their beginning. Put it back?"),
    "no_class": N_("The list has no class of last year. What are its %(count)s households?"),
    "no_tick": N_("%(count)s households are ticked neither as poor nor as near-poor. What are they?"),
    "blank_class": N_("%(count)s households have no class written. What are they?"),
    "word_class": N_("What does “%(word)s” mean as a class (%(count)s rows)? The answer is remembered."),
    "word_relation": N_("Which relation to the head is “%(word)s” (%(count)s rows)? The answer is remembered."),
    "word_ethnic": N_("Which ethnic group is “%(word)s” (%(count)s rows)? The answer is remembered."),
    "word_sex": N_("What does “%(word)s” mean as sex (%(count)s rows)? The answer is remembered."),
    "two_heads": N_(
        "%(count)s households have several heads. Take the first as the head and leave the others' relation blank?"
    ),
    "own_or_above": N_("%(count)s rows may be households of their own or persons of the one above. What are they?"),
    "no_head": N_("%(count)s households have members and no head. Is the first person the head?"),
    "same_name": N_("%(count)s households of one village have one name. Are they different households?"),
    "alike_name": N_("%(count)s names of one village differ in their tones alone. Are they different households?"),
    "on_register": N_("%(count)s households are perhaps on the register already. Are they new?"),
    "cccd_zero": N_("%(count)s identity numbers lost the zeros at their beginning. Put them back?"),
    "cccd_lost": N_(
        "Of %(count)s identity numbers only the first digits are left (1.4E+10): they cannot be repaired. Leave them "
        "blank, and take the rows?"
    ),
    "cccd_old": N_("%(count)s numbers are old identity cards (9 digits). Leave them blank, and take the rows?"),
    "cccd_twice": N_("%(count)s rows share an identity number with another one. What shall be kept of these numbers?"),
    "code_twice": N_("%(count)s household codes belong to another household already. Give these new ones?"),
    "birth_two_digits": N_("%(count)s births have a year of two digits. Is it the last such year that is past?"),
    "birth_no_such_day": N_("%(count)s births are on a day that does not exist. What shall be taken?"),
    "birth_future": N_("%(count)s births lie in the future. What shall be taken?"),
    "birth_order": N_("%(count)s births are dates only when the month comes first. Which order has this column?"),
    "birth_swapped": N_(
        "Excel seems to have taken day for month in %(count)s births of this column. Change them round?"
    ),
    "no_form": N_("No questionnaire is published, so members cannot be kept. Take %(count)s households without them?"),
}
# What may be answered, by value; a village, a class, a word's meaning and a code page have names of their own.
WORDS = {
    "yes": N_("Yes"),
    "no": N_("No"),
    "take": N_("Take them"),
    "leave": N_("Leave them out"),
    "go_on": N_("Go on, the rows count"),
    "as_is": N_("Take the text as it is"),
    "convert": N_("Take the converted text"),
    "repair": N_("Put the zeros back"),
    "blank": N_("Leave blank"),
    "keep": N_("Keep as they are"),
    "above": N_("The village of the row above"),
    "new": N_("A new village of this name"),
    "separate": N_("Different households: take each"),
    "household": N_("Households of their own"),
    "person": N_("Persons of the household above"),
    "one": N_("One household: take the first row"),
    "known": N_("The same household: leave it as it is"),
    "past": N_("The last year that is past"),
    "year": N_("Only the year"),
    "century": N_("A hundred years earlier"),
    "day_first": N_("Day, month, year"),
    "month_first": N_("Month, day, year"),
    "swap": N_("Change day and month round"),
    "households_only": N_("Households only"),
    "first": N_("The first one"),
}


@dataclass(frozen=True)
class Option:
    """An answer that may be given; `name`: what it is called where WORDS has no word for it."""

    value: str
    name: str = ""

    def words(self, translate: Callable[[str], str] = str) -> str:
        return self.name or translate(WORDS[self.value])


@dataclass(frozen=True)
class Example:
    """A row that is asked about; `sheet` "" where there is one list only, `row` 0 for none."""

    text: str
    row: int = 0
    sheet: str = ""

    def words(self, translate: Callable[[str], str] = str) -> str:
        row = translate(N_("row %(number)s")) % {"number": self.row} if self.row else ""
        place = ", ".join(filter(None, (self.sheet, row)))
        return f"{place}: {self.text}" if place else self.text


@dataclass
class Question:
    id: str
    code: str
    options: list[Option]
    proposed: str | None
    values: dict[str, object] = field(default_factory=dict)
    answer: str | None = None
    count: int = 0
    examples: list[Example] = field(default_factory=list)

    @property
    def taken(self) -> str | None:
        """What the plan goes on with."""
        return self.answer if self.answer is not None else self.proposed

    @property
    def is_open(self) -> bool:
        return self.answer is None

    def example(self, example: Example | str, count: int = 1) -> None:
        self.count += count
        one = Example(example) if isinstance(example, str) else example
        if len(self.examples) < SHOWN and one not in self.examples:
            self.examples.append(one)

    def sentence(self, translate: Callable[[str], str] = str) -> str:
        return translate(SENTENCES[self.code]) % {"count": self.count, **self.values}


class Asked:
    """The questions of one plan, with the answers there are. `accepts`: a proposal is taken where no answer is."""

    def __init__(self, answers: Mapping[str, str], accepts: bool = False) -> None:
        self._answers, self._accepts = answers, accepts
        self._ids: dict[tuple[str, str], str] = {}
        self._counts: Counter[str] = Counter()
        self.questions: dict[str, Question] = {}

    def ask(
        self,
        code: str,
        options: list[Option] | tuple[str, ...],
        proposed: str | None,
        about: str = "",
        **values: object,
    ) -> Question:
        """The question, new or asked already; `about` tells apart those of one code. An answer that is none of the
        options is no answer."""
        id = self._id(code, about)
        found = self.questions.get(id)
        if found is None:
            listed = [one if isinstance(one, Option) else Option(one) for one in options]
            answer = self._answers.get(id)
            found = Question(id, code, listed, proposed, dict(values))
            found.answer = answer if answer in {one.value for one in listed} else proposed if self._accepts else None
            self.questions[id] = found
        return found

    def has_room(self, code: str, about: str) -> bool:
        """Whether one more word of this kind may be asked about."""
        return (code, name_key(about)) in self._ids or self._counts[code] < MOST_WORDS

    def _id(self, code: str, about: str) -> str:
        """ "village:ban-na-xa"; a second name that would be called the same has a number behind it."""
        key = (code, name_key(about))
        if key not in self._ids:
            bare = re.sub(r"[^a-z0-9]+", "-", folded(about))[:60].strip("-")
            plain = f"{code}:{bare or 'x'}" if about else code
            taken = set(self._ids.values())
            at, chosen = 2, plain
            while chosen in taken:
                at, chosen = at + 1, f"{plain}-{at}"
            self._ids[key] = chosen
            self._counts[code] += 1
        return self._ids[key]
