"""What is derived, made again beside an office that works: in short transactions, each of which leaves it whole.

A submission's status and assessment are made again together, in one transaction with the households that follow from
them where either became another; then each household with its places in rounds. What is done twice is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from models.commune_counter import lock_commune
from survey.jobs.worker import Task
from survey.programmes import funds
from survey.rounds import log
from survey.submissions import derive
from survey.submissions.evaluated_first import evaluated_first
from survey.supports import claims
from survey.tallies import places as tallies

Keys = Sequence[tuple[str, ...]]
ROUNDS_IN_ONE, SUBMISSIONS_IN_ONE, HOUSEHOLDS_IN_ONE = 50, 4, 8  # of one transaction: some hundredths each


def rebuild(task: Task) -> dict[str, Any]:
    """Rounds first, then villages, interviews, households, sums, balances of funds and who was given what, as each is
    read from those before. Stopped, what was made again stays, and is right; the rest is as it was."""
    with task.reading() as session:
        submissions = derive.submission_keys(session)
        parts: tuple[tuple[Keys, int, Callable[[Session, Keys], None]], ...] = (
            (log.keys(session), ROUNDS_IN_ONE, _rounds),
            ([(one,) for one in derive.communes_with_changed_villages(session)], 1, _villages),
            (submissions, SUBMISSIONS_IN_ONE, _submissions),
            (derive.household_keys(session), HOUSEHOLDS_IN_ONE, _households),
            (tallies.lists(session), 1, _sums),
            ([(one,) for one in funds.keys(session)], 1, _funds),
            ([(one,) for one in claims.provinces(session)], 1, _claims),
        )
    at, after = task.cursor or (0, [])
    total = sum(len(keys) for keys, _, _ in parts)
    done = sum(len(keys) for keys, _, _ in parts[:at])
    for number, (keys, in_one, remake) in list(enumerate(parts))[at:]:
        left = [key for key in keys if number > at or key > tuple(after)]
        done += len(keys) - len(left)
        for chunk in _chunks(left, in_one):
            with task.step() as session:
                remake(session, chunk)
                done += len(chunk)
                task.reached("rebuilding", done, total, [number, list(chunk[-1])])
    return {"interviews": len(submissions)}


def _chunks(keys: Keys, size: int) -> Iterator[Keys]:
    """Some at a time, each of one round or one commune: what comes first in a key."""
    for _, alike in groupby(keys, key=lambda key: key[0]):
        of_one = list(alike)
        for start in range(0, len(of_one), size):
            yield of_one[start : start + size]


def _rounds(session: Session, keys: Keys) -> None:
    log.remake(session, keys[0][0], [commune_id for _, commune_id in keys])


def _villages(session: Session, keys: Keys) -> None:
    derive.remake_villages(session, keys[0][0])


@evaluated_first
def _submissions(session: Session, keys: Keys) -> None:
    commune_id = keys[0][0]
    lock_commune(session, commune_id)
    others = {id for _, submission_id in keys for id in derive.remake_submission(session, commune_id, submission_id)}
    for household_id in sorted(others):
        derive.remake_household(session, commune_id, household_id)


def _households(session: Session, keys: Keys) -> None:
    lock_commune(session, keys[0][0])
    for key in keys:
        derive.remake_household(session, key[0], key[1])


def _sums(session: Session, keys: Keys) -> None:
    commune_id, round_id = keys[0]
    lock_commune(session, commune_id)
    tallies.add_up(session, commune_id, round_id)


def _funds(session: Session, keys: Keys) -> None:
    funds.remake(session, keys[0][0])


def _claims(session: Session, keys: Keys) -> None:
    claims.remake(session, keys[0][0])
