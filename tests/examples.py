"""How many examples a property is tried on: those named in the test in `make test`, EXAMPLES times as many in
`make journeys`. What is cut here is tried there, never nowhere."""

from __future__ import annotations

import os

TIMES = int(os.environ.get("EXAMPLES", "1"))


def examples(count: int) -> int:
    return count * TIMES
