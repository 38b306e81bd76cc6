"""How many persons in two households are found, how long a province's list is looked through, in how much memory.

`python -m bench.duplicates [communes] [households]`: first a commune of 2,000 households with 60 pairs planted (goal:
recall 0.95, precision 0.9), then 75 communes of 4,000 invented households each unless told, with 60 planted in each;
the limit is ten minutes of a processor and 1 GB. In each commune stand 72 households of the one before as well, whole,
as a couple or one person alone, with numbers, with birthdays or with years alone, half of them written otherwise
(`WAYS`): printed is how many of each kind are found. This has no limit: a name and a year say nothing among a million
people and are not to be found. Ends with 1 where something falls short.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections import Counter

from survey.register.likeness import HouseholdPair, Likeness, pairs
from tests.register.alike_people import WAYS, commune, province

RECALL, PRECISION, SECONDS, MEGABYTES = 0.95, 0.9, 600, 1024


def find() -> bool:
    """Whether nearly all that were planted in a commune are found, and little else."""
    made = commune(2000, 60, 1)
    got = {frozenset((pair.one, pair.other)) for pair in pairs(made.people)}
    right = len(got & made.planted)
    recall, precision = right / len(made.planted), right / max(len(got), 1)
    print(f"2000 households, 60 pairs: recall {recall:.3f} of {RECALL}, precision {precision:.3f} of {PRECISION}")
    return recall >= RECALL and precision >= PRECISION


def look(communes: int, households: int) -> None:
    """In a process of its own, whose memory is this and nothing else; the list comes a person at a time."""
    begun = time.monotonic()
    found = pairs(province(communes, households, 60, 1, len(WAYS)))
    took = time.monotonic() - begun
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = used.ru_maxrss
    print(
        f"{communes} communes, {communes * households} households: {len(found)} pairs, "
        f"processor {used.ru_utime:.0f} s of {SECONDS} with inventing them (by the clock {took:.0f} s), "
        f"at most {most / 1024:.0f} MB of {MEGABYTES}"
    )
    tell_across([pair for pair in found if pair.one[:5] != pair.other[:5]], communes - 1)
    sys.exit(used.ru_utime > SECONDS or most / 1024 > MEGABYTES)


def tell_across(found: list[HouseholdPair], times: int) -> None:
    """Of the pairs of two communes: how many of each kind that was planted, and how many are somebody else."""
    kinds: Counter[tuple[str, str]] = Counter()
    others = numbers = 0
    for pair in found:
        both = ((pair.one, pair.other), (pair.other, pair.one))
        again = next((one for one, other in both if one.endswith(f"/{other}")), "")
        if again:
            _, gone, known, _ = again.split("/", 3)
            kinds[gone, known] += 1
        else:
            others += 1
            numbers += any(Likeness.NUMBER in one.likenesses for one in pair.persons)
    for (gone, known), planted in Counter((gone, known) for gone, _, known in WAYS).items():
        print(f"  in two communes, {gone}, with {known}: {kinds[gone, known]} of {planted * times}")
    print(f"  in two communes, not planted: {others} of {len(found)}; {numbers} of these by a number invented twice")


def main() -> None:
    communes, households = (*map(int, sys.argv[1:]), *(75, 4000)[len(sys.argv) - 1 :])
    found = find()
    child = multiprocessing.get_context("spawn").Process(target=look, args=(communes, households))
    child.start()
    child.join()
    sys.exit(child.exitcode or not found)


if __name__ == "__main__":
    main()
