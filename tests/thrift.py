"""What the tests spare the processor: work of an app's start that no test asks about, done once and not once an app."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import count
from typing import Any

from werkzeug.routing import Rule

from survey.accounts import escrow
from survey.operations.keys import ESCROW, MAKE

KEYS = 4  # that one test could hold beside each other


def spare() -> None:
    """Hundreds of apps and places are made in a run."""
    _addresses_when_asked()
    _few_escrow_keys()


def _addresses_when_asked() -> None:
    """A route's way of writing its address is compiled when an address is written: a quarter of a second an app."""
    compiled = Rule._compile_builder

    def later(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        made: list[Any] = []

        def build(bound: Rule, **values: Any) -> tuple[str, str]:
            if not made:
                made.append(compiled(rule, append_unknown))
            return made[0](bound, **values)  # type: ignore[no-any-return]

        return build

    Rule._compile_builder = later  # type: ignore[method-assign,assignment]


def _few_escrow_keys() -> None:
    """Places take turns with a few keys of full length: to make one takes a second, to read one a tenth."""
    escrow._read = lru_cache(maxsize=4 * KEYS)(escrow._read.__wrapped__)
    made: list[bytes] = []
    turns = count()

    def make() -> bytes:
        turn = next(turns) % KEYS
        if turn == len(made):
            made.append(escrow.make_key())
        return made[turn]

    MAKE[ESCROW] = make
