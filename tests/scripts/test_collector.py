"""A server that has settled looks seldom through what stays, and still lets go of what nobody reaches any more."""

from __future__ import annotations

import subprocess
import sys

ROUNDS_OF_GARBAGE = """
import gc, weakref
from scripts.serving import settle
class Link:
    pass
settle()
alive, most = set(), 0
for number in range(60_000):
    one, other = Link(), Link()
    one.other, other.one = other, one
    alive.add(weakref.ref(one, alive.discard))
    most = max(most, len(alive))
print(gc.isenabled(), gc.get_freeze_count() > 10_000, most)
"""


def test_what_nobody_reaches_goes_and_what_stands_is_not_looked_through() -> None:
    done = subprocess.run([sys.executable, "-c", ROUNDS_OF_GARBAGE], capture_output=True, text=True, check=True)
    is_on, is_frozen, most = done.stdout.split()
    assert (is_on, is_frozen) == ("True", "True")
    assert int(most) <= 10_000  # of sixty thousand circles of two
