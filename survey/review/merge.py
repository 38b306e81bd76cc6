"""An entry put together at the desk from two interviews of one household.

Neither of the two is touched. What is put together is an entry like any other: canonical, hashed, evaluated, receipted
and logged, sent in by whoever put it together and judged by the same verdict; it names both in `merges` with their
hashes. Both are passed over, and can be taken back. Who interviewed for either puts nothing together, and who put it
together does not accept it: that follows from its being their own interview.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Submission
from models.commune_counter import lock_commune
from survey.evidence.signing import Signer
from survey.form.reading import repeat_of
from survey.form.record import Evaluation, evaluate
from survey.form.record import FailedCheck as Fault
from survey.intake.envelope import read_entry
from survey.intake.receive import receive
from survey.problems import Problem
from survey.review.dossier import DESK
from survey.review.pair import Pair, PairedPart
from survey.review.take_up import stands_against
from survey.submissions import log
from survey.submissions.conflicts import group_of, rivals
from survey.submissions.content import answers_of, clock_of, content_of, dated, evaluated
from survey.submissions.evaluated_first import evaluated_first
from survey.submissions.lifecycle import CONTESTED, is_contested
from survey.submissions.log import Act, last_step
from survey.terms import Action


@dataclass(frozen=True)
class Merge:
    """`taken`: the places of the second interview whose answer is taken, as `places` names them; a member that only one
    has is taken or left whole."""

    pair: Pair
    taken: frozenset[str]


def places(pair: Pair) -> list[str]:
    """Every place where the two differ and a person may take the one or the other, each under one name."""
    return [name for part in pair.parts for name in _places(part)]


def _places(part: PairedPart) -> list[str]:
    found = [f"{line.paths[0]}" for line in part.lines if line.differs]
    for member in part.parts:
        found += [member_name(member)] if member.one_sided else _places(member)
    return found


def member_name(member: PairedPart) -> str:
    """The name of the choice about a member that one interview has: "+" for the second's, "-" for the first's."""
    return f"+{member.paths[1]}" if member.paths[0] is None else f"-{member.paths[0]}"


def may_merge(session: Session, pair: Pair, account: Account, now: datetime) -> bool:
    """Whether the two wait undecided beside each other, can be read through one questionnaire, and are not the
    account's own, nor came while it shared their hands."""
    first, _ = pair.sides
    one, other = (side.submission for side in pair.sides)
    waiting = {each.id for each, status in rivals(session, one) if is_contested(status.state, status.reason)}
    own = _stands(session, pair, account, now) is not None
    same = one.form_id == other.form_id and group_of(session, one) == group_of(session, other)
    readable = all(side.readable for side in pair.sides) and bool(pair.parts)
    return not own and same and readable and other.id in waiting and is_contested(first.state, first.reason)


def _stands(session: Session, pair: Pair, account: Account, now: datetime) -> str | None:
    """What stands against putting them together: what stands against a decision on either."""
    found = (stands_against(session, account, side.submission, now) for side in pair.sides)
    return next((one for one in found if one is not None), None)


@evaluated_first
def merge(
    session: Session, account: Account, plan: Merge, *, seen: tuple[int, int], now: datetime, signer: Signer
) -> list[Fault] | Submission:
    """Put the entry together, send it in and pass over both; what stands against it (nothing is stored then).

    Raises Problem: conflict (somebody decided on one meanwhile), what `stands_against` says, not_allowed_now.
    """
    one, other = (side.submission for side in plan.pair.sides)
    lock_commune(session, one.commune_id)
    if (last_step(session, one).seq, last_step(session, other).seq) != seen:
        raise Problem("conflict")
    stands = _stands(session, plan.pair, account, now)
    if stands is not None:
        raise Problem(stands)
    if not may_merge(session, plan.pair, account, now):
        raise Problem("not_allowed_now")
    content, evaluation = _content(session, plan)
    faults = [problem for problem in evaluation.problems if problem.severity == "error"]
    if faults:
        return faults
    act = Act(account.id, now)
    with session.begin_nested():  # all of it or nothing
        for passed_over in (one, other):
            log.step(session, passed_over, Action.PASS_OVER, act, detail=f"entry {content['id']}")
        [outcome] = receive(session, account, DESK, [read_entry(content)], now, signer)
        if outcome.reason is not None and outcome.reason not in CONTESTED:
            raise Problem("not_allowed_now")  # the household, the form or the round is not what it was
    return _stored(session, one.commune_id, content["id"])


def _content(session: Session, plan: Merge) -> tuple[dict[str, Any], Evaluation]:
    """The entry, and its evaluation under the first interview's form at the first interview's moment: ages and terms
    run to that day. Answers to what is not asked once it is put together are left out."""
    one, other = (side.submission for side in plan.pair.sides)
    own, theirs = content_of(one), content_of(other)
    found = evaluated(session, one)
    group = group_of(session, one)
    assert found is not None and group is not None  # `may_merge` has looked
    form, clock = found[0], clock_of(session, one)
    confirmed_day = dated(session, one).visited_on is not None  # the phone's own word about it is wrong
    put = _Putting(copy.deepcopy(answers_of(session, one)), answers_of(session, other), plan.taken)
    answers = put.together(plan.pair.parts)
    answers = _asked(evaluate(form, answers, clock).relevant, answers)
    evaluation = evaluate(form, answers, clock)
    content = {
        "id": str(uuid4()),
        "commune_id": one.commune_id,
        "round_id": group.round_id,
        "household_id": group.household_id,
        "form": own["form"],
        "answers": answers,
        "confirmed": _confirmed(evaluation, own, theirs, plan.pair),
        "outcome": None,
        "files": _files(answers, own, theirs),
        "started_at": None if confirmed_day else own.get("started_at"),
        "finalised_at": clock.now.isoformat() if confirmed_day else own["finalised_at"],
        "replaces": None,
        "new_household": None,
        "merges": [{"id": each.entry_id, "content_hash": each.content_hash} for each in (one, other)],
    }
    return content, evaluation


@dataclass
class _Putting:
    """Takes over into `answers` what was chosen of the second interview."""

    answers: Any
    theirs: Any
    taken: Collection[str]

    def together(self, parts: Sequence[PairedPart]) -> Any:
        gone = [member for part in parts for member in part.parts if member.paths[1] is None]
        come = [member for part in parts for member in part.parts if member.paths[0] is None]
        for part in parts:
            for each in (part, *(member for member in part.parts if not member.one_sided)):
                for line in each.lines:
                    if line.differs and line.paths[0] in self.taken:
                        _put(self.answers, str(line.paths[0]), _at(self.theirs, str(line.paths[1])))
        for member in come:
            if member_name(member) in self.taken:
                self._add(str(member.paths[1]))
        for member in sorted(gone, key=lambda member: _steps(str(member.paths[0]))[-1][1], reverse=True):
            if member_name(member) in self.taken:
                path = str(member.paths[0])
                number = _steps(path)[-1][1]
                _at(self.answers, repeat_of(path)).pop(number - 1)
        return self.answers

    def _add(self, path: str) -> None:
        repeat = repeat_of(path)
        members = _at(self.answers, repeat) or []
        _put(self.answers, repeat, [*members, copy.deepcopy(_at(self.theirs, path))])


_STEP = re.compile(r"([^/\[\]]+)(?:\[(\d+)\])?")


def _steps(path: str) -> list[tuple[str, int]]:
    """ "a/b[2]/c" as (name, number) from the top; number 0 for what is no member."""
    return [(name, int(number or 0)) for name, number in _STEP.findall(path)]


def _at(answers: Any, path: str) -> Any:
    """What was answered at a path; None when nothing."""
    place = answers
    for name, number in _steps(path):
        place = place.get(name) if isinstance(place, dict) else None
        if number:
            place = place[number - 1] if isinstance(place, list) and number <= len(place) else None
    return place


def _put(answers: Any, path: str, value: Any) -> None:
    """Answer a path; None takes the answer away."""
    *above, (last, _) = _steps(path)
    place = answers
    for name, number in above:
        place = place.setdefault(name, {}) if not number else place[name][number - 1]
    if value is None:
        place.pop(last, None)
    else:
        place[last] = value


def _asked(relevant: Any, answers: Any) -> Any:
    """The answers without those to questions that are not asked. A member keeps its place."""
    if isinstance(relevant, list):
        return [_asked(one, each) if one else {} for one, each in zip(relevant, answers, strict=False)]
    if not isinstance(relevant, dict) or not isinstance(answers, dict):
        return answers
    return {name: _asked(relevant[name], value) for name, value in answers.items() if relevant.get(name)}


def _confirmed(evaluation: Evaluation, own: Mapping[str, Any], theirs: Mapping[str, Any], pair: Pair) -> dict[str, str]:
    """Why each warning that is left stands, as either interview said of the same answer."""
    there = {
        str(line.paths[0]): str(line.paths[1])
        for part in pair.parts
        for each in (part, *part.parts)
        for line in each.lines
    }
    found = {}
    for problem in evaluation.problems:
        said = _said(own, problem.path) or _said(theirs, there.get(problem.path, problem.path))
        if problem.severity == "warning" and said:
            found[problem.path] = said
    return found


def _said(content: Mapping[str, Any], path: str) -> str | None:
    confirmed = content.get("confirmed")
    said = confirmed.get(path) if isinstance(confirmed, dict) else None
    return said if isinstance(said, str) else None


def _files(answers: Any, own: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The files that the answers name, with where they stand now."""
    given = [*_listed(theirs), *_listed(own)]
    known = {one["sha256"]: one for one in given}
    return [known[value] | {"path": path} for path, value in _texts(answers, "") if value in known]


def _listed(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    files = content.get("files")
    found = files if isinstance(files, list) else []
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("sha256"), str)]


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _texts(one, f"{path}/{name}" if path else name)
    elif isinstance(value, list):
        for number, one in enumerate(value, 1):
            yield from _texts(one, f"{path}[{number}]")
    elif isinstance(value, str):
        yield path, value


def _stored(session: Session, commune_id: str, entry_id: str) -> Submission:
    here = Submission.commune_id == commune_id, Submission.entry_id == entry_id
    return session.scalars(select(Submission).where(*here)).one()
