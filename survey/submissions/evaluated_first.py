"""Rules are run while nobody waits: what an act needs evaluated, it gets from before it took its commune's lock.

Whoever holds a commune's counter is waited for by everybody who writes there, and of all that happens under it running
a form's rules takes longest. So an act that may need a record evaluated is `evaluated_first`: what it knows that it
will need it asks for before its lock (`foresee`). What it turns out to need under the lock undoes it to its beginning
(a savepoint: on PostgreSQL the lock goes with it), is evaluated, and the act begins anew. What was evaluated is found
again by form, answers and clock, so that whatever changed in between asks for another, and nothing is judged by the
old one.

On SQLite a transaction that writes holds the whole file from its first statement: there the budget of the rules
(`survey/form/budget.py`) alone bounds how long others wait.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

from survey.form.form import Form
from survey.form.record import Clock, Evaluation, evaluate
from survey.poverty.readings import Hanging, hanging

Told = ParamSpec("Told")
Done = TypeVar("Done")

_UNDER_WAY = "evaluated_first"  # of a session: the act that is under way
MOST = 1000  # kept for one act; beyond, the rest is evaluated where it is needed


class NotEvaluated(Exception):
    """An act needs this and holds a lock: not an error, `evaluated_first` catches it."""

    def __init__(self, key: tuple[Any, ...], form: Form, answers: Any, clock: Clock) -> None:
        super().__init__()
        self.key, self.of = key, (form, answers, clock)


@dataclass
class _UnderWay:
    """An act: what was evaluated for it, by what it was made of, and how many acts within it are under way."""

    known: dict[tuple[Any, ...], Evaluation | Exception] = field(default_factory=dict)
    hanging: dict[int, Sequence[Hanging]] = field(default_factory=dict)  # by the identity of an evaluation in `known`
    within: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.known) >= MOST

    def work_out(self, wanted: NotEvaluated) -> None:
        """What cannot be worked out is the act's to deal with, as if it had done it itself."""
        form, answers, clock = wanted.of
        try:
            done = evaluate(form, answers, clock)
            self.hanging[id(done)] = list(hanging(form, done))
            self.known[wanted.key] = done
        except Exception as error:  # noqa: BLE001 - raised where the act asks for it
            self.known[wanted.key] = error


def evaluated_first(act: Callable[Concatenate[Session, Told], Done]) -> Callable[Concatenate[Session, Told], Done]:
    """`act`, which takes locks itself, so that it evaluates nothing while it holds one. Of acts within others the
    outermost begins anew."""

    @wraps(act)
    def whole(session: Session, /, *args: Told.args, **given: Told.kwargs) -> Done:
        under_way: _UnderWay | None = session.info.get(_UNDER_WAY)
        if under_way is not None:
            under_way.within += 1
            try:
                return act(session, *args, **given)
            finally:
                under_way.within -= 1
        session.info[_UNDER_WAY] = under_way = _UnderWay()
        try:
            while True:
                try:
                    with session.begin_nested():
                        return act(session, *args, **given)
                except NotEvaluated as wanted:
                    under_way.work_out(wanted)
        finally:
            del session.info[_UNDER_WAY]

    return whole


def foresee(session: Session, ask: Callable[[], object]) -> None:
    """Evaluate what `ask` needs, now: for an act that has not taken its lock yet. What `ask` finds beside is not used.
    Within another act, which may have taken one, nothing is foreseen."""
    under_way: _UnderWay | None = session.info.get(_UNDER_WAY)
    while under_way is not None and not under_way.within and not under_way.is_full:
        try:
            ask()
            return
        except NotEvaluated as wanted:
            under_way.work_out(wanted)


def evaluation(session: Session, form: Form, answers: Any, clock: Clock) -> Evaluation:
    """`evaluate`, made before the lock where this is within an act that is `evaluated_first`."""
    under_way: _UnderWay | None = session.info.get(_UNDER_WAY)
    if under_way is None:
        return evaluate(form, answers, clock)
    key = (form.id, form.version, clock, json.dumps(answers))
    found = under_way.known.get(key)
    if found is None:
        if under_way.is_full:
            return evaluate(form, answers, clock)
        raise NotEvaluated(key, form, answers, clock)
    if isinstance(found, Exception):
        raise found
    return found


def hanging_of(session: Session, form: Form, found: Evaluation) -> Sequence[Hanging]:
    """`hanging`, of an evaluation made before the lock as well."""
    under_way: _UnderWay | None = session.info.get(_UNDER_WAY)
    known = under_way.hanging.get(id(found)) if under_way is not None else None
    return list(hanging(form, found)) if known is None else known
