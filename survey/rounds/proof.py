"""The proof that a commune accounted for every household exactly once: made at its closing, signed, kept as it is.

What it says names nobody: leaves hold codes, classes and counts, and commit to the rest under blindings that never
leave. It is signed once; a commune that is opened again and closed anew gets another revision, which names the root of
the one before.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from models import Assessment, ProofLeaf, RegisterEntry, Round, RoundProof, Submission
from models.base import as_kept
from models.commune_counter import turn_of
from models.database import chunks
from survey.calendar.standing import standing
from survey.canonical import canonical, canonical_text
from survey.clocks import instant
from survey.evidence import proof_keys
from survey.evidence.lineage import generation
from survey.evidence.merkle import leaf_hash, root_of
from survey.evidence.signing import Signer
from survey.form.form import Form
from survey.problems import Problem
from survey.questionnaires.published import load_form
from survey.register import event_log
from survey.rounds import accounting
from survey.rounds.bound_tables import BOUND, Bound, Hashes, Where, digest_of, rows_now
from survey.rounds.end_states import Side, Transition
from survey.rounds.proof_file import FORMAT, TYPE, counted, flow_of, root_of_body
from survey.submissions.derive import members_in
from survey.tallies import bases
from survey.terms import CommuneState, LeafPart

IS_CLOSED = (CommuneState.CLOSED, CommuneState.ACCEPTED)


class Made(NamedTuple):
    """A leaf before it is kept."""

    household_id: str
    text: str
    blinding: str | None


class Changed(Exception):
    """Somebody had the commune's turn since it was read: what was hashed may not be what is there."""


@dataclass(frozen=True)
class Reading:
    """A commune as it was read for its proof, in nobody's way. It holds while the commune's next turn is the one after
    `turn`. `log_end`: of the register's log; `tables`: of each what the body says; `packed`: their rows' hashes, so
    far, and `packer`, which takes the rest."""

    turn: int
    start: list[Made]
    end: list[Made]
    hashes: dict[LeafPart, list[str]]
    counts: dict[str, Any]
    flow: dict[str, Any]
    illustrative: bool
    log_end: tuple[int, str]
    tables: dict[str, dict[str, Any]]
    packed: bytes
    packer: Any


class Differs(NamedTuple):
    """What the database has otherwise than the proof says: a table, or "leaf", and the keys of the first rows, or for
    `columns` the names of those that the table no longer has."""

    table: str
    kind: str  # changed, missing, added, columns, or log
    rows: list[str]
    number: int


def check(session: Session, survey_round: Round, commune_id: str, until: int | None = None) -> list[Transition]:
    """Where each household of the commune ended, `until` as in `accounting.transitions`. Raises `round_not_ready` when
    one ended nowhere."""
    found = accounting.transitions(session, survey_round, commune_id, until)
    nowhere = sum(one.state is None for one in found)
    if nowhere:
        left = [["not_accounted", nowhere]]
        raise Problem("round_not_ready", detail={"obstacles": left, "communes": {commune_id: left}})
    return found


def read(session: Session, survey_round: Round, commune_id: str, closed_at: datetime | None = None) -> Reading:
    """Read and hash a commune for its proof: seconds for thousands of households, while nobody waits. `closed_at`: of
    one that was closed without a proof, which is proved by the register's log as it stood then. Raises what `check`
    raises."""
    turn = turn_of(session, commune_id)  # first: whatever is written from here on is seen by it
    log_end = event_log.end_of(session, commune_id, closed_at)
    transitions = check(session, survey_round, commune_id, log_end[0])
    start = _start_leaves(session, survey_round, commune_id, transitions)
    end = _end_leaves(session, survey_round, commune_id, transitions, lambda _: secrets.token_hex(32))
    hashes = {
        part: [leaf_hash(one.text) for one in leaves] for part, leaves in ((LeafPart.START, start), (LeafPart.END, end))
    }
    leaves = [json.loads(one.text) for one in end]
    where = Where(survey_round.id, survey_round.standard, commune_id)
    bound = {one.name: rows_now(session, one, where) for one in BOUND if not one.is_late}
    packer = zlib.compressobj(6)
    packed = packer.compress(json.dumps(bound)[:-1].encode())  # open at its end
    return Reading(
        turn, start, end, hashes, counted(leaves), flow_of(leaves, commune_id),
        _is_illustrative(session, survey_round, commune_id), log_end, _digests(bound), packed, packer,
    )  # fmt: skip


def _digests(bound: Mapping[str, Hashes]) -> dict[str, dict[str, Any]]:
    """What the body says of each table."""
    columns = {one.name: one.columns for one in BOUND}
    return {
        name: {"columns": columns[name], "rows": len(rows), "digest": digest_of(rows)} for name, rows in bound.items()
    }


def make(
    session: Session, survey_round: Round, commune_id: str, signer: Signer, now: datetime,
    reading: Reading | None = None,
) -> RoundProof:  # fmt: skip
    """Prove a commune that is closed; the caller holds its lock, and knows that `reading` still holds (None: it is read
    now). Raises `round_step` while it is not closed, and what `check` raises."""
    row = standing(session, survey_round.id, commune_id)
    if row is None or row.state not in IS_CLOSED:
        raise Problem("round_step")
    session.flush()  # all that is bound is read from the database
    closed_at = row.closed_at if row.closed_at is not None and row.closed_at < now else None
    known = reading or read(session, survey_round, commune_id, closed_at)
    own = {"commune_id": commune_id, "round_id": survey_round.id}
    before = latest(session, survey_round.id, commune_id)
    parts, hashes = {LeafPart.START: known.start, LeafPart.END: known.end}, known.hashes
    where = Where(survey_round.id, survey_round.standard, commune_id)
    late = {one.name: rows_now(session, one, where) for one in BOUND if one.is_late}
    rest = known.packer.compress(f", {json.dumps(late)[1:]}".encode()) + known.packer.flush()
    tables = known.tables | _digests(late)
    body = {
        "type": TYPE,
        "round": {
            "id": survey_round.id, "title": survey_round.title, "kind": survey_round.kind, "year": survey_round.year,
            "standard": survey_round.standard, "b1_method": survey_round.b1_method,
        },
        "trial": survey_round.trial,
        "illustrative": known.illustrative,
        "commune": commune_id,
        "revision": before.revision + 1 if before else 1,
        "previous": before.anchor if before else None,
        "generation": generation(session),
        "opened_at": instant(row.opened_at) if row.opened_at else None,
        "closed_at": instant(row.closed_at) if row.closed_at else None,
        "made_at": instant(now),
        "start_root": root_of(hashes[LeafPart.START]),
        "root": root_of(hashes[LeafPart.END]),
        "counts": known.counts,
        "flow": known.flow,
        "register_log": dict(zip(("events", "head"), known.log_end, strict=True)),
        "review_log": {"events": tables["submission_event"]["rows"], "head": tables["submission_event"]["digest"]},
        "tables": {one.name: tables[one.name] for one in BOUND},
    }  # fmt: skip
    key = proof_keys.take_up(session, signer, now)
    signed = signer.sign(body)
    made = RoundProof(
        **own, revision=body["revision"], anchor=root_of_body(body), body=signed.body, signature=signed.signature,
        public_key=key.public_key, made_at=now, bound=known.packed + rest,
    )  # fmt: skip
    session.add(made)
    session.flush()  # its leaves refer to it
    kept: list[dict[str, Any]] = [
        own | {
            "revision": made.revision, "part": part.value, "position": position, "household_id": one.household_id,
            "leaf": one.text, "hash": hashed, "blinding": one.blinding,
        }
        for part, those in parts.items()
        for position, (one, hashed) in enumerate(zip(those, hashes[part], strict=True))
    ]  # fmt: skip
    if kept:
        session.execute(insert(as_kept(ProofLeaf)), kept)
    return made


def latest(session: Session, round_id: str, commune_id: str) -> RoundProof | None:
    """The last proof of a commune; None when it was never closed with one."""
    query = select(RoundProof).filter_by(round_id=round_id, commune_id=commune_id)
    return session.scalars(query.order_by(RoundProof.revision.desc()).limit(1)).first()


def latest_of(
    session: Session, round_id: str, communes: Collection[str], at: datetime | None = None
) -> dict[str, RoundProof]:
    """The same of several communes at once, by commune, of those made by an instant (None: now); those without one are
    left out."""
    found: dict[str, RoundProof] = {}
    for chunk in chunks(communes):
        query = select(RoundProof).where(RoundProof.round_id == round_id, RoundProof.commune_id.in_(chunk))
        query = query if at is None else query.where(RoundProof.made_at <= at)
        found |= {one.commune_id: one for one in session.scalars(query.order_by(RoundProof.revision))}
    return found


def is_current(session: Session, proof: RoundProof) -> bool:
    """Whether a proof is the last of its commune, and nobody has opened that again since."""
    row = standing(session, proof.round_id, proof.commune_id)
    last = latest(session, proof.round_id, proof.commune_id)
    return row is not None and row.state in IS_CLOSED and last is not None and last.revision == proof.revision


def file_of(session: Session, proofs: Iterable[RoundProof]) -> bytes:
    """The file that anybody can check (`proof_file.verify`), canonical JSON."""
    return canonical_text(
        {
            "format": FORMAT,
            "keys": proof_keys.statements(session),
            "proofs": [
                {
                    "body": json.loads(one.body),
                    "key": one.public_key,
                    "signature": one.signature,
                    "start": [json.loads(leaf.leaf) for leaf in leaves_of(session, one, LeafPart.START)],
                    "leaves": [json.loads(leaf.leaf) for leaf in leaves_of(session, one, LeafPart.END)],
                }
                for one in proofs
            ],
        }
    ).encode()


def leaves_of(session: Session, proof: RoundProof, part: LeafPart) -> list[ProofLeaf]:
    own = {"commune_id": proof.commune_id, "round_id": proof.round_id, "revision": proof.revision}
    query = select(ProofLeaf).filter_by(**own, part=part.value)
    return list(session.scalars(query.order_by(ProofLeaf.position)))


def differences(session: Session, proof: RoundProof, most: int = 10) -> list[Differs]:
    """What the database has otherwise by now than a proof binds, with the first `most` rows of each table. Of a proof
    that is not current only what never changes is compared."""
    body = json.loads(proof.body)
    bound = _bound_in(proof)
    if bound is None:
        return [Differs("round_proof", "log", [], 1)]
    survey_round = session.get(Round, proof.round_id)
    where = Where(proof.round_id, body["round"]["standard"], proof.commune_id)
    current = is_current(session, proof)
    known = {one.name: one for one in BOUND}
    found: list[Differs] = []
    if proof.anchor != root_of_body(body):
        found.append(Differs("round_proof", "log", [], 1))
    for name, said in body["tables"].items():
        kept = bound.get(name, {})
        if digest_of(kept) != said["digest"]:
            found.append(Differs(name, "log", [], said["rows"]))
        table = known.get(name)
        if table is None:
            found.append(Differs(name, "missing", [], said["rows"]))
            continue
        gone = sorted(set(said["columns"]) - set(table.table.__table__.columns.keys()))
        if gone:
            found.append(Differs(name, "columns", gone, len(gone)))
        elif current or table.is_truth:
            found += _compared(table, kept, rows_now(session, table, where, said["columns"]), most)
    try:
        broken = event_log.broken(session, proof.commune_id)
        if broken is not None:
            found.append(Differs("register_event", "log", [f"{proof.commune_id}|{broken}"], 1))
        if current and survey_round is not None:
            found += _leaves_differ(session, survey_round, proof, body, most)
    except (ValueError, LookupError):  # what stands there no program of ours wrote; which row it is was said above
        found.append(Differs("end list", "log", [], 0))
    return found


def _bound_in(proof: RoundProof) -> dict[str, Hashes] | None:
    """The hashes that a proof keeps; None when they are not what was kept."""
    try:
        found = json.loads(zlib.decompress(proof.bound))
    except (zlib.error, ValueError):
        return None
    rows = found.values() if isinstance(found, dict) else [None]
    return found if all(isinstance(one, dict) for one in rows) else None


def _compared(table: Bound, kept: Mapping[str, str], now: Mapping[str, str], most: int) -> list[Differs]:
    kinds = {
        "changed": [key for key in kept if key in now and kept[key] != now[key]],
        "missing": [key for key in kept if key not in now],
        "added": [key for key in now if key not in kept] if not table.grows else [],
    }
    return [Differs(table.name, kind, sorted(keys)[:most], len(keys)) for kind, keys in kinds.items() if keys]


def _leaves_differ(
    session: Session, survey_round: Round, proof: RoundProof, body: Mapping[str, Any], most: int
) -> list[Differs]:
    """The households that would have another leaf, by what was known when the proof was made: the register goes on."""
    found = []
    until = body["register_log"]["events"]
    transitions = accounting.transitions(session, survey_round, proof.commune_id, until)
    kept = {part: leaves_of(session, proof, part) for part in LeafPart}
    blindings = {leaf.household_id: leaf.blinding or "" for leaf in kept[LeafPart.END]}
    now = {
        LeafPart.START: _start_leaves(session, survey_round, proof.commune_id, transitions),
        LeafPart.END: _end_leaves(
            session, survey_round, proof.commune_id, transitions, lambda id: blindings.get(id, "")
        ),
    }
    for part, root in ((LeafPart.START, "start_root"), (LeafPart.END, "root")):
        was = {leaf.household_id: leaf.hash for leaf in kept[part]}
        will = {one.household_id: leaf_hash(one.text) for one in now[part]}
        stored = root_of([leaf_hash(leaf.leaf) for leaf in kept[part]])
        if stored != body[root]:
            found.append(Differs("proof_leaf", "log", [], len(was)))
        other = sorted(id for id in {*was, *will} if was.get(id) != will.get(id))
        if other:
            found.append(Differs(f"{part.value} list", "changed", other[:most], len(other)))
    return found


def _start_leaves(
    session: Session, survey_round: Round, commune_id: str, transitions: Sequence[Transition]
) -> list[Made]:
    """The list that the round began with, as it was frozen."""
    codes = {one.household_id: one.code for one in transitions}
    found = []
    for household_id, side in accounting.start_of(session, survey_round, commune_id).items():
        leaf = {"round": survey_round.id, "commune": commune_id, "household": codes[household_id], **_side(side)}
        found.append((codes[household_id], Made(household_id, canonical_text(leaf), None)))
    return [made for _, made in sorted(found)]


def _end_leaves(
    session: Session,
    survey_round: Round,
    commune_id: str,
    transitions: Sequence[Transition],
    blinding: Callable[[str], str],
) -> list[Made]:
    contents = _contents(session, survey_round, commune_id)
    found = []
    for one in transitions:
        key = blinding(one.household_id)
        content = contents.get(one.household_id)
        leaf = {
            "round": survey_round.id,
            "commune": commune_id,
            "household": one.code,
            "origin": one.origin.value,
            "state": one.state.value if one.state else None,
            "start": _side(one.start) if one.start else None,
            "end": _side(one.end) if one.end else None,
            "came_as": one.came_as.value if one.came_as else None,
            "arrived": one.arrived,
            "once": sorted(one.once),
            "submission": _hidden(key, "submission", content.submission) if content else None,
            "people": _hidden(key, "people", content.people) if content else None,
        }
        found.append(Made(one.household_id, canonical_text(leaf), key))
    return found


def _side(side: Side) -> dict[str, Any]:
    return {"village": side.village_id, "class": side.household_class or None, "persons": side.persons}


def _hidden(key: str, tag: str, said: str) -> str:
    """A commitment: without the blinding nobody can try out what it is of."""
    return hmac.new(key.encode(), f"{tag} {said}".encode(), hashlib.sha256).hexdigest()


class _Content(NamedTuple):
    """What a leaf commits to: the hash of the interview that counts, and who it found there."""

    submission: str
    people: str


def _contents(session: Session, survey_round: Round, commune_id: str) -> dict[str, _Content]:
    """By household."""
    rows = session.execute(
        select(
            RegisterEntry.household_id, Submission.content_hash, Submission.form_id, Submission.form_version,
            Assessment.head_name, Assessment.values,
        )
        .join(
            Submission,
            (Submission.commune_id == RegisterEntry.commune_id) & (Submission.id == RegisterEntry.submission_id),
        )
        .outerjoin(
            Assessment,
            (Assessment.commune_id == Submission.commune_id) & (Assessment.submission_id == Submission.id),
        )
        .where(RegisterEntry.commune_id == commune_id, RegisterEntry.round_id == survey_round.id)
        .execution_options(yield_per=200)
    )  # fmt: skip
    found, forms = {}, dict[tuple[str | None, str | None], Form | None]()
    for row in rows:
        version = row.form_id, row.form_version
        if version not in forms:
            forms[version] = load_form(session, *version)
        form = forms[version]
        names = [name for name, _ in members_in(form, row.values)] if form is not None and row.values else []
        people = canonical({"head": row.head_name or "", "members": names}).text
        found[row.household_id] = _Content(row.content_hash, people)
    return found


def _is_illustrative(session: Session, survey_round: Round, commune_id: str) -> bool:
    """Whether some class rests on points that are not official: only a trial is closed so."""
    query = select(RegisterEntry.household_id).where(
        RegisterEntry.commune_id == commune_id, RegisterEntry.round_id == survey_round.id, bases.illustrative()
    )
    return session.scalars(query.limit(1)).first() is not None
