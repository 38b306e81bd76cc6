"""What happened in a seed."""

from __future__ import annotations

from collections import Counter


class Log:
    """`lines` for a person, `happened` by name for the sum over many seeds."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.happened: Counter[str] = Counter()

    def say(self, line: str, *happened: str) -> None:
        self.lines.append(line)
        self.happened.update(happened)
