"""A file of proofs, checked by itself: signatures, trees and arithmetic. Pure: no database, no clock.

What it shows: whoever holds the key said this, once; each household of the start list and each that was met is in
exactly one end state; the flow adds up, and follows from the leaves. What it cannot show by itself: whose key it is. A
key that the file brings along proves nothing: its fingerprint, or the root, is to be had from elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from survey.canonical import canonical_text
from survey.clocks import day_of, read_instant
from survey.evidence import proof_keys
from survey.evidence.merkle import leaf_hash, root_of
from survey.evidence.signing import is_signed
from survey.rounds.end_states import STAYS, Flow, Flows, Side, Transition, flows
from survey.terms import EndState, HouseholdClass, Origin

FORMAT, TYPE = "so-ho/proofs/1", "so-ho/completeness-proof/1"
MAX_BYTES = 400 * 1024 * 1024  # a province of 300,000 households takes about 250 MB
MAX_REVISION = 2**31 - 1  # what a database takes
QR = "SOHO1"  # begins the text of the QR code on the printed sheet

_TOP = {"format", "keys", "proofs"}
PROOF = {"body", "key", "signature", "start", "leaves"}
_BODY = {
    "type", "round", "trial", "illustrative", "commune", "revision", "previous", "generation", "opened_at", "closed_at",
    "made_at", "start_root", "root", "counts", "flow", "register_log", "review_log", "tables",
}  # fmt: skip
_ROUND = {"id", "title", "kind", "year", "standard", "b1_method"}
_SIDE = {"village", "class", "persons"}
_START = {"round", "commune", "household", "village", "class", "persons"}
_LEAF = {
    "round", "commune", "household", "origin", "state", "start", "end", "came_as", "arrived", "once", "submission",
    "people",
}  # fmt: skip
_KEY = {"key", "made_at", "previous", "by_previous", "by_itself", "compromised"}


@dataclass(frozen=True)
class Fault:
    """What is broken. `code`: see `docs/operating.md`; `commune`, `revision`: of which proof; `what`: where in it."""

    code: str
    commune: str = ""
    revision: int = 0
    what: str = ""


@dataclass
class Verdict:
    """`is_known`: whether the key was held against one from elsewhere; None: nobody named any. `notes`: what a reader
    must know although nothing is broken. `trusted`: of each body, whether the key or the root from elsewhere
    vouches for it."""

    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    trusted: list[bool] = field(default_factory=list)
    fingerprints: list[str] = field(default_factory=list)
    is_known: bool | None = None

    @property
    def holds(self) -> bool:
        return not self.faults


@dataclass(frozen=True)
class Anchor:
    """What the reader has from elsewhere. `fingerprint`: of a key that they trust; `root`: as printed with the
    decision (`root_of_body`); `statements`: what is known of the keys by now, from a newer file."""

    fingerprint: str | None = None
    root: str | None = None
    statements: Sequence[dict[str, Any]] = ()


class Misshapen(Exception):
    """The file is none of ours; its text is the place."""


def verify(content: bytes, anchor: Anchor | None = None) -> Verdict:
    """Check a file by itself. Never raises: whatever the bytes are, the verdict says."""
    found, anchor = Verdict(), anchor or Anchor()
    if len(content) > MAX_BYTES:
        found.faults.append(Fault("too_large"))
        return found
    try:
        read = json.loads(content)
        canonical = canonical_text(read).encode() == content
    except (ValueError, RecursionError):  # UnicodeError and what RFC 8785 has no text for are among the first
        found.faults.append(Fault("not_json"))
        return found
    try:
        _shape(read, _TOP, "")
        _check(read["format"] == FORMAT, "format")
        _check(isinstance(read["keys"], list) and isinstance(read["proofs"], list) and read["proofs"], "proofs")
        for place, key in enumerate(read["keys"]):
            check_key(key, f"keys[{place}]")
        if not canonical:
            found.faults.append(Fault("not_canonical"))
        _check_statements(found, read["keys"])
        for place, one in enumerate(read["proofs"]):
            _check_proof(found, one, f"proofs[{place}]")
        _check_revisions(found)
        _check_trust(found, read, anchor)
    except (Misshapen, KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as fault:
        found.faults.append(Fault("misshapen", what=str(fault) if isinstance(fault, Misshapen) else ""))
    return found


def counted(leaves: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How many households came how, and ended where."""
    numbers = Counter((leaf["origin"], leaf["state"]) for leaf in leaves)
    states = {
        origin.value: {
            state.value: numbers[origin.value, state.value] for state in EndState if numbers[origin.value, state.value]
        }
        for origin in Origin
    }
    start = sum(number for (origin, _), number in numbers.items() if origin == Origin.START)
    return {"start": start, "met": len(leaves) - start, "states": states}


def flow_of(leaves: Sequence[Mapping[str, Any]], commune_id: str) -> dict[str, Any]:
    """Both tables, of the commune and of each village, as they stand in the body."""
    transitions = [transition_of(leaf) for leaf in leaves]
    whole = flows(transitions, lambda _village: commune_id).get(commune_id, {})
    villages = flows(transitions, lambda village: village)
    return {
        "commune": written(whole),
        "villages": {village: written(those) for village, those in sorted(villages.items())},
    }


def qr_text(body: Mapping[str, Any], fingerprint: str) -> str:
    """What the code on the printed sheet says: enough to hold a file against the sheet."""
    return ":".join((QR, body["round"]["id"], body["commune"], str(body["revision"]), root_of_body(body), fingerprint))


def root_of_body(body: Mapping[str, Any]) -> str:
    """The root of a proof, as printed and as the next revision names it: SHA-256 of all that was signed, in which stand
    the roots of both lists."""
    return hashlib.sha256(canonical_text(body).encode()).hexdigest()


def root_in(text: str) -> str:
    """The root in what was typed or scanned: the root itself, or the text of the sheet's code."""
    parts = text.strip().split(":")
    return parts[4] if parts[0] == QR and len(parts) == 6 else "".join(text.split()).lower()


def written(line: Mapping[HouseholdClass, Flows]) -> dict[str, Any]:
    """A place's lines as they stand in the body."""
    return {
        measure.value: {
            "households": both.households.row(), "persons": both.persons.row(), "persons_unknown": both.persons.unknown
        }
        for measure, both in line.items()
    }  # fmt: skip


def read(line: Mapping[str, Any]) -> dict[HouseholdClass, Flows]:
    """The lines that `written` wrote."""
    return {
        HouseholdClass(measure): Flows(
            Flow(Counter(dict(enumerate(both["households"], 1)))),
            Flow(Counter(dict(enumerate(both["persons"], 1))), both["persons_unknown"]),
        )
        for measure, both in line.items()
    }


def holds(row: Sequence[int]) -> bool:
    """Whether a line of nine columns adds up."""
    return Flow(Counter(dict(enumerate(row, 1)))).holds


def _check_proof(found: Verdict, one: Any, place: str) -> None:
    _shape(one, PROOF, place)
    body = one["body"]
    _shape(body, _BODY, f"{place}.body")
    _check(body["type"] == TYPE, f"{place}.body.type")
    commune, revision = body["commune"], body["revision"]
    _shape(body["round"], _ROUND, f"{place}.body.round")
    _check(_is_id(commune), f"{place}.body.commune")
    _check(_is_id(body["round"]["id"]), f"{place}.body.round.id")
    _check(type(revision) is int and 1 <= revision <= MAX_REVISION, f"{place}.body.revision")
    _check(isinstance(body["round"]["title"], str), f"{place}.body.round.title")
    _check(isinstance(body["made_at"], str), f"{place}.body.made_at")

    def broken(code: str, what: str = "") -> None:
        found.faults.append(Fault(code, commune, revision, what))

    found.bodies.append(body)
    found.fingerprints.append(proof_keys.fingerprint(one["key"]))
    if not is_signed(one["key"], canonical_text(body), one["signature"]):
        broken("signature")
    for part, shape, root in (("start", _START, "start_root"), ("leaves", _LEAF, "root")):
        for number, leaf in enumerate(one[part]):
            _shape(leaf, shape, f"{place}.{part}[{number}]")
            if (leaf["round"], leaf["commune"]) != (body["round"]["id"], commune):
                broken("other_leaf", leaf["household"])
        if root_of([leaf_hash(canonical_text(leaf)) for leaf in one[part]]) != body[root]:
            broken(root)
    _check_once(one, broken)
    _check_arithmetic(body, one["leaves"], broken)
    for code in ("trial", "illustrative"):
        if body[code]:
            found.notes.append(Fault(code, commune, revision))
    if body["made_at"] != body["closed_at"]:
        found.notes.append(Fault("made_later", commune, revision, _day(body["closed_at"])))
    changed = _corrected(one)
    if changed:
        found.notes.append(Fault("corrected", commune, revision, str(changed)))


def _check_once(one: Mapping[str, Any], broken: Callable[..., None]) -> None:
    """Each household once, in one end state; the start list and the leaves that say to be of it are the same."""
    for part in ("start", "leaves"):
        for code, number in Counter(leaf["household"] for leaf in one[part]).items():
            if number > 1:
                broken("twice", code)
    start = {leaf["household"]: leaf for leaf in one["start"]}
    of_start = {leaf["household"] for leaf in one["leaves"] if leaf["origin"] == Origin.START}
    for code in sorted(start.keys() ^ of_start):
        broken("start_lost" if code in start else "start_invented", code)
    for leaf in one["leaves"]:
        if leaf["state"] not in list(EndState):
            broken("no_end", leaf["household"])
        if (leaf["start"] is not None) != (leaf["origin"] == Origin.START):
            broken("start_invented", leaf["household"])
        if not _starts_as(leaf, start.get(leaf["household"])):
            broken("start_differs", leaf["household"])
        if not _ends_as(leaf):
            broken("end_differs", leaf["household"])


def _starts_as(leaf: Mapping[str, Any], row: Mapping[str, Any] | None) -> bool:
    """Whether a leaf says of the start what the start list says; the class may have been corrected since."""
    start = leaf["start"]
    return start is None or row is None or all(start[name] == row[name] for name in ("village", "persons"))


def _ends_as(leaf: Mapping[str, Any]) -> bool:
    """Whether a household has a side at the end exactly when its state says that it is there, and keeps its class when
    nobody found another."""
    start, end, state = leaf["start"], leaf["end"], leaf["state"]
    if (end is not None) != (state in STAYS):
        return False
    if end is None or state == EndState.DONE:
        return True
    return bool(end["class"] == (start["class"] if start is not None else leaf["came_as"]))


def _check_arithmetic(body: Mapping[str, Any], leaves: Sequence[Any], broken: Callable[..., None]) -> None:
    if counted(leaves) != body["counts"]:
        broken("counts")
    if flow_of(leaves, body["commune"]) != body["flow"]:
        broken("flow")
    lines = [("", body["flow"]["commune"]), *body["flow"]["villages"].items()]
    for place, line in lines:
        for measure, both in line.items():
            for unit in ("households", "persons"):
                if len(both[unit]) != 9 or not holds(both[unit]):
                    broken("identity", f"{place} {measure} {unit}".strip())


def _check_revisions(found: Verdict) -> None:
    """Of two revisions of a commune in one file the later names the earlier."""
    roots = {(one["round"]["id"], one["commune"], one["revision"]): root_of_body(one) for one in found.bodies}
    if len(roots) < len(found.bodies):
        found.faults.append(Fault("twice"))
    for one in found.bodies:
        before = roots.get((one["round"]["id"], one["commune"], one["revision"] - 1))
        if (one["revision"] == 1) != (one["previous"] is None) or before not in (None, one["previous"]):
            found.faults.append(Fault("previous", one["commune"], one["revision"]))


def _check_trust(found: Verdict, read: Mapping[str, Any], anchor: Anchor) -> None:
    said = [*read["keys"], *anchor.statements]
    stolen = proof_keys.compromised(said)
    trusted = proof_keys.trusted(said, anchor.fingerprint) if anchor.fingerprint else set()
    roots = [root_of_body(one["body"]) for one in read["proofs"]]
    if anchor.root is not None and anchor.root not in roots:
        found.faults.append(Fault("other_root"))
    for one, root in zip(read["proofs"], roots, strict=True):
        body, key = one["body"], one["key"]
        where = (body["commune"], body["revision"])
        if key not in {known["key"] for known in read["keys"]}:
            found.faults.append(Fault("key_unnamed", *where))
        if anchor.fingerprint and key not in trusted:
            found.faults.append(Fault("key_unknown", *where, proof_keys.fingerprint(key)))
        is_anchored = anchor.root == root
        found.trusted.append(is_anchored or key in trusted)
        if not (is_anchored or anchor.fingerprint):
            found.notes.append(Fault("not_anchored", *where))
        if key in stolen and (not "" < _day(body["made_at"]) < stolen[key] or not is_anchored):
            # The time is the server's own word: who has the key can date back. Only a root from elsewhere helps.
            found.faults.append(Fault("key_stolen", *where, stolen[key]))
        elif key in stolen:
            found.notes.append(Fault("key_stolen_later", *where, stolen[key]))
    found.is_known = None if anchor.fingerprint is None else not any(one.code == "key_unknown" for one in found.faults)


def _day(said: Any) -> str:
    """The day in Việt Nam of an instant as the body writes it; "" for none."""
    moment = read_instant(said)
    return day_of(moment).isoformat() if moment is not None else ""


def _check_statements(found: Verdict, keys: Sequence[Mapping[str, Any]]) -> None:
    """Nothing is said of a key in the file that is not signed."""
    stolen = proof_keys.compromised(keys)
    for one in keys:
        if ("previous" in one and not proof_keys.is_introduced(one)) or (
            "compromised" in one and one["key"] not in stolen
        ):
            found.faults.append(Fault("key_statement", what=proof_keys.fingerprint(one["key"])))


def check_key(key: Any, place: str) -> None:
    """Raise `Misshapen` for what is no statement of a key."""
    _check(isinstance(key, dict) and set(key) <= _KEY and isinstance(key.get("key"), str), place)
    introduced = {"made_at", "previous", "by_previous", "by_itself"}
    _check(not introduced & set(key) or introduced <= set(key), place)


def _corrected(one: Mapping[str, Any]) -> int:
    """Households whose class at the start was corrected after the list was frozen."""
    frozen = {leaf["household"]: leaf["class"] for leaf in one["start"]}
    return sum(
        leaf["start"] is not None and leaf["start"]["class"] != frozen.get(leaf["household"])
        for leaf in one["leaves"]
    )  # fmt: skip


def transition_of(leaf: Mapping[str, Any], household_id: str | None = None) -> Transition:
    """What a leaf tells. A file knows a household by its number alone; `household_id`: as the database does."""
    state, came_as = leaf["state"], leaf["came_as"]
    return Transition(
        household_id or leaf["household"], leaf["household"], Origin(leaf["origin"]),
        EndState(state) if state else None, _side(leaf["start"]), _side(leaf["end"]),
        HouseholdClass(came_as) if came_as else None, bool(leaf["arrived"]),
        frozenset(HouseholdClass(one) for one in leaf["once"]),
    )  # fmt: skip


def _side(said: Mapping[str, Any] | None) -> Side | None:
    if said is None:
        return None
    _shape(said, _SIDE, "side")
    persons = said["persons"]
    if not isinstance(said["village"], str) or not (persons is None or (type(persons) is int and persons >= 0)):
        raise Misshapen("persons")
    return Side(said["village"], HouseholdClass(said["class"]) if said["class"] else None, persons)


def _is_id(value: Any) -> bool:
    """What a database can be asked for: no NUL, no page of text."""
    return isinstance(value, str) and value.isprintable() and 0 < len(value) <= 36


def _shape(value: Any, names: Collection[str], place: str) -> None:
    _check(isinstance(value, dict) and set(value) == set(names), place)


def _check(well: Any, place: str) -> None:
    if not well:
        raise Misshapen(place)
