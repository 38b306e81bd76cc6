"""How many persons in two households are found, how long a province's list is looked through, in how much memory.

`python -m bench.duplicates [communes] [households]`: first a commune of 2,000 households with 60 pairs planted (goal:
recall 0.95, precision 0.9), then 75 communes of 4,000 invented households each unless told, with 60 planted in each;
the limit is ten minutes and 1 GB. Ends with 1 where something falls short.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time

from survey.register.likeness import pairs
from tests.register.alike_people import commune, province

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
    found = pairs(province(communes, households, 60, 1))
    took = time.monotonic() - begun
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = used.ru_maxrss
    print(
        f"{communes} communes, {communes * households} households: {len(found)} pairs, "
        f"{took:.0f} s of {SECONDS} (processor {used.ru_utime:.0f} s) with inventing them, "
        f"at most {most / 1024:.0f} MB of {MEGABYTES}"
    )
    sys.exit(took > SECONDS or most / 1024 > MEGABYTES)


def main() -> None:
    communes, households = (*map(int, sys.argv[1:]), *(75, 4000)[len(sys.argv) - 1 :])
    found = find()
    child = multiprocessing.get_context("spawn").Process(target=look, args=(communes, households))
    child.start()
    child.join()
    sys.exit(child.exitcode or not found)


if __name__ == "__main__":
    main()
