"""The bytes of a push → its entries, whatever they are; and what can be said of an entry without a database.

A malformed envelope raises `malformed`. A malformed *entry* never does: it becomes an `Entry` with its faults named, so
that it can be stored as it came and held, while the entries beside it go on.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from survey.canonical import Canonical, canonical
from survey.clocks import Doubt, read_instant
from survey.intake import proposed, supported
from survey.intake.proposed import Proposed
from survey.intake.supported import Supported
from survey.problems import Problem
from survey.submissions.content import MAX_CONTENT
from survey.terms import OutcomeKind

MAX_ENTRIES = 50
MAX_DEPTH = 40  # of an envelope; our own questionnaires need about ten
MAX_BRACKETS = 250_000  # of an envelope that nests too deeply: they are gone through one by one, in 0.1 s
MAX_NAMED = 500  # ids of what a phone holds, or has lost, that one call may name
MAX_LIST = 200  # members of a household, files of an entry
MAX_TEXT = 20_000
MAX_REASON = 500  # characters of why a household has no interview
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")
_PLACE = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,12})?( -?[0-9]{1,7}(\.[0-9]{1,12})?){1,3}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
# A string that does not end takes all the rest: looked at again from each of its quotes, 80 kB took 40 s.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.S)
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.S)
_ALIKE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CUT = "so-ho:cut"


@dataclass(frozen=True)
class NoInterview:
    """Why a household has no interview, as a phone says it. `attempts`: [{"at", "place"}], of visits at which nobody
    was there; `place`: where it was said."""

    kind: OutcomeKind | None
    reason: str = ""
    attempts: tuple[dict[str, str | None], ...] = ()
    place: str | None = None


@dataclass(frozen=True)
class Entry:
    """One entry as it came. `said_id`: what the phone called it; `id`: that, or a name of ours where it cannot be one.

    The other fields hold only what is safe to store in a column; what is wrong stands in `faults`.
    """

    content: Canonical
    said_id: Any
    id: str
    commune_id: str | None = None
    round_id: str | None = None
    household_id: str | None = None
    form_id: str | None = None
    form_version: str | None = None
    answers: Any = None
    files: tuple[tuple[str, str], ...] = ()  # (sha256, path)
    started_at: str | None = None
    finalised_at: str | None = None
    replaces: str | None = None
    new_household: dict[str, str] | None = None
    no_interview: NoInterview | None = None  # in the place of form and answers
    proposal: Proposed | None = None  # in their place too: a change that is asked for
    support: Supported | None = None  # and: what was given to the household or one of its members
    date_doubted: bool = False  # the phone's clock was in doubt when it was made, and its owner went on
    too_large: bool = False
    odd: bool = False  # carries NaN, NUL, half characters or numbers beyond 2^53
    faults: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Envelope:
    """`unsent`: what else the phone holds, `names_all` of it; `lost`: what it knows itself to have lost with its
    storage, `open` where it was under way, `photos` where only files of it were left; `formerly`: the devices that it
    was before that. `brief`: it says nothing of all that, which stays as it was said last."""

    device: dict[str, Any]
    unsent: list[dict[str, Any]]
    entries: list[Entry]
    names_all: bool = True
    lost: list[dict[str, Any]] = field(default_factory=list)
    formerly: list[str] = field(default_factory=list)
    brief: bool = False

    def skew(self, now: datetime) -> timedelta | None:
        """How far the phone's clock is ahead of `now`; None when it did not say."""
        clock = read_instant(self.device.get("clock"))
        return clock - now if clock else None


class Asked(NamedTuple):
    """An entry of which a phone asks whether it is here."""

    commune_id: str
    entry_id: str
    content_hash: str


def read_envelope(data: bytes) -> Envelope:
    """Raises `malformed`, or `too_large` for more entries than a call may carry."""
    document = _parse(data)
    device, unsent, entries = (document.get(key) for key in ("device", "unsent", "entries"))
    if not isinstance(device, dict) or _identifier(device.get("id")) is None or not isinstance(entries, list):
        raise Problem("malformed", detail={"fields": ["device", "entries"]})
    for key in ("unsent", "lost", "formerly"):
        if document.get(key) is not None and not isinstance(document[key], list):
            raise Problem("malformed", detail={"fields": [key]})
    if len(entries) > MAX_ENTRIES:
        raise Problem("too_large", detail={"entries": MAX_ENTRIES})
    return Envelope(
        device,
        [_named(item) for item in _items(unsent)],
        [read_entry(entry) for entry in entries],
        len(unsent or []) < MAX_NAMED,
        [
            _named(item) | {key: True for key in ("open", "photos") if item.get(key) is True}
            for item in _items(document.get("lost"))
        ],
        [found for one in (document.get("formerly") or [])[:50] if (found := _identifier(one))],
        document.get("brief") is True,
    )


def read_asked(data: bytes) -> list[Asked]:
    """The entries of `{"entries": [{"id", "content_hash", "commune_id"}, …]}`. Raises `malformed`, or `too_large` for
    more than a push may carry. What can be no entry's name is left out: nothing of it is here."""
    entries = _parse(data).get("entries")
    if not isinstance(entries, list):
        raise Problem("malformed", detail={"fields": ["entries"]})
    if len(entries) > MAX_ENTRIES:
        raise Problem("too_large", detail={"entries": MAX_ENTRIES})
    named = [one for one in entries if isinstance(one, dict)]
    keys = ([_identifier(one.get(key)) for key in ("commune_id", "id", "content_hash")] for one in named)
    return [Asked(home, key, digest) for home, key, digest in keys if home and key and digest]


def _items(given: list[Any] | None) -> list[dict[str, Any]]:
    return [one for one in (given or [])[:MAX_NAMED] if isinstance(one, dict) and _identifier(one.get("id"))]


def _named(item: dict[str, Any]) -> dict[str, Any]:
    return {"id": item["id"], "household_id": _identifier(item.get("household_id")) or ""}


def read_entries(data: bytes, most: int) -> list[Entry]:
    """The entries of `{"entries": […]}`. Raises `malformed`, or `too_large` for more than `most`."""
    entries = _parse(data).get("entries")
    if not isinstance(entries, list):
        raise Problem("malformed")
    if len(entries) > most:
        raise Problem("too_large", detail={"entries": most})
    return [read_entry(entry) for entry in entries]


def read_entry(given: Any) -> Entry:
    """What an entry says, and what is wrong with its shape."""
    if isinstance(given, _Deep):
        hashed = hashlib.sha256(given.raw.encode("utf-8", "surrogatepass")).hexdigest()
        content = Canonical(hashed, json.dumps({"too_deep": given.raw}), False)
        return _EntryReader(given.outline, content).read("nested too deeply")
    return _EntryReader(given, canonical(given)).read()


class _Deep:
    """An entry nested too deeply to be read: its text, and what remains of it above that depth."""

    def __init__(self, raw: str, outline: Any) -> None:
        self.raw = raw
        self.outline = outline


def _parse(data: bytes) -> dict[str, Any]:
    try:
        text = data.decode("utf-8")
        document = json.loads(text, parse_int=_integer) if not _is_deep(text) else _parse_deep(text)
    except (ValueError, RecursionError) as error:
        raise Problem("malformed") from error
    if not isinstance(document, dict):
        raise Problem("malformed")
    return document


def _integer(digits: str) -> int | str:
    """An integer; one of thousands of digits stays text, Python refuses to convert it."""
    return int(digits) if len(digits) < 4000 else digits


def _is_deep(text: str) -> bool:
    """Whether it nests deeper than MAX_DEPTH, by passes that each take the innermost pairs away: a million brackets
    one by one took half a second. Raises ValueError for what cannot be JSON, or has too many brackets to be looked
    through for its entries."""
    marks = _STRING.sub("", text).encode("utf-8", "surrogatepass").translate(_ALIKE, _NO_BRACKETS)
    if marks.count(b"[") * 2 != len(marks):
        raise ValueError("unbalanced")
    held = len(marks)
    for _ in range(MAX_DEPTH):
        if not marks:
            return False
        marks = marks.replace(b"[]", b"")
    if marks and held > MAX_BRACKETS:
        raise ValueError("too many")
    return bool(marks)


def _parse_deep(text: str) -> Any:
    """Read a document of which some entries are nested too deeply: each of those is handed on as its own text."""
    spans = _deep_spans(text)
    shallow, kept = [], 0
    for number, (start, end) in enumerate(spans):
        shallow += [text[kept:start], f'{{"{_CUT}": {number}}}']
        kept = end
    document = json.loads("".join([*shallow, text[kept:]]), parse_int=_integer)
    if not isinstance(document, dict) or not isinstance(document.get("entries"), list):
        raise ValueError("no entries")
    for index, entry in enumerate(document["entries"]):
        if isinstance(entry, dict) and _CUT in entry:
            start, end = spans[entry[_CUT]]
            outline = json.loads(_outline(text[start:end]), parse_int=_integer)
            document["entries"][index] = _Deep(text[start:end], outline)
    return document


def _deep_spans(text: str) -> list[tuple[int, int]]:
    """Where the elements of the envelope's lists lie that nest deeper than MAX_DEPTH."""
    spans, depth, start, deepest = [], 0, 0, 0
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in "[{":
            depth += 1
            if depth == 3:
                start, deepest = token.start(), 3
            deepest = max(deepest, depth)
        elif mark in "]}":
            if depth == 3 and deepest > MAX_DEPTH:
                spans.append((start, token.end()))
            depth -= 1
    return spans


def _outline(text: str) -> str:
    """The JSON text with everything below MAX_DEPTH replaced by null."""
    pieces, depth, kept = [], 0, 0
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in "[{":
            depth += 1
            if depth == MAX_DEPTH:
                pieces += [text[kept : token.start()], "null"]
        elif mark in "]}":
            if depth == MAX_DEPTH:
                kept = token.end()
            depth -= 1
    return "".join([*pieces, text[kept:]])


class _EntryReader:
    """Takes an entry apart, noting what does not fit."""

    def __init__(self, given: Any, content: Canonical) -> None:
        self.given = given if isinstance(given, dict) else {}
        self.content = content
        self.faults: list[str] = [] if isinstance(given, dict) else ["not an object"]

    def read(self, *faults: str) -> Entry:
        self.faults.extend(faults)
        large, odd = _surveyed(self.given)
        said_id = self.given.get("id")
        # Whatever else an interview may carry one day: with answers it is one.
        asked = "answers" in self.given or not {"no_interview", "proposal", "support"} & set(self.given)
        is_outcome = not asked and "no_interview" in self.given
        is_proposal = not (asked or is_outcome) and "proposal" in self.given
        form = (self._object("form", required=True) or {}) if asked else {}
        return Entry(
            content=self.content,
            said_id=said_id,
            id=self._id("id", required=True) or f"unnamed:{self.content.hash[:40]}",
            commune_id=self._id("commune_id", required=True),
            round_id=self._id("round_id", required=asked or is_outcome),
            household_id=self._id("household_id", required=True),
            form_id=self._id("id", form, "form", required=asked),
            form_version=self._id("version", form, "form", required=asked),
            answers=self._object("answers", required=asked),
            no_interview=self._no_interview() if is_outcome else None,
            proposal=self._proposal() if is_proposal else None,
            support=None if asked or is_outcome or is_proposal else self._support(),
            files=self._files(),
            started_at=self._instant("started_at"),
            finalised_at=self._instant("finalised_at", required=True),
            replaces=self._id("replaces"),
            new_household=self._new_household(),
            date_doubted=self.given.get("date_doubted") in list(Doubt),
            too_large=large or len(self.content.text) > MAX_CONTENT,
            odd=odd or not self.content.standard,
            faults=tuple(self._checked_extras()),
        )

    def _checked_extras(self) -> list[str]:
        for key in ("confirmed", "outcome"):
            self._object(key)
        return self.faults

    def _fault(self, what: str) -> None:
        self.faults.append(what)

    def _id(self, key: str, within: Any = None, name: str = "", *, required: bool = False) -> str | None:
        value = (self.given if within is None else within).get(key)
        found = _identifier(value)
        if found is None and (required or value is not None):
            self._fault(f"{name}.{key}" if name else key)
        return found

    def _object(self, key: str, *, required: bool = False) -> dict[str, Any] | None:
        value = self.given.get(key)
        if isinstance(value, dict):
            return value
        if required or value is not None:
            self._fault(key)
        return None

    def _instant(self, key: str, *, required: bool = False) -> str | None:
        value = self.given.get(key)
        if read_instant(value) is not None:
            return str(value)
        if required or value is not None:
            self._fault(key)
        return None

    def _files(self) -> tuple[tuple[str, str], ...]:
        files = self.given.get("files")
        if files is None:
            return ()
        found = {}
        for item in files if isinstance(files, list) else [None]:
            sha256 = item.get("sha256") if isinstance(item, dict) else None
            path = item.get("path") if isinstance(item, dict) else None
            if isinstance(sha256, str) and _SHA256.match(sha256) and isinstance(path, str) and _storable(path):
                found[sha256] = path[:200]
            else:
                self._fault("files")
        return tuple(sorted(found.items())[:MAX_LIST])

    def _no_interview(self) -> NoInterview:
        given = self._object("no_interview", required=True) or {}
        kind, reason = given.get("kind"), given.get("reason")
        if kind not in list(OutcomeKind):
            self._fault("no_interview.kind")
        if reason is not None and (not isinstance(reason, str) or not _storable(reason)):
            self._fault("no_interview.reason")
            reason = None
        attempts = given.get("attempts")
        if attempts is not None and (not isinstance(attempts, list) or not all(map(_is_attempt, attempts))):
            self._fault("no_interview.attempts")
            attempts = None
        if not _is_place(given.get("place")):
            self._fault("no_interview.place")
        return NoInterview(
            OutcomeKind(kind) if kind in list(OutcomeKind) else None,
            (reason or "").strip()[:MAX_REASON],
            tuple({"at": one["at"], "place": one.get("place")} for one in (attempts or [])[:MAX_LIST]),
            given.get("place") if _is_place(given.get("place")) else None,
        )

    def _proposal(self) -> Proposed:
        found, faults = proposed.read(self.given.get("proposal"))
        self.faults.extend(faults)
        return found

    def _support(self) -> Supported:
        found, faults = supported.read(self.given.get("support"))
        self.faults.extend(faults)
        return found

    def _new_household(self) -> dict[str, str] | None:
        given = self._object("new_household")
        if given is None:
            return None
        village_id, head_name = _identifier(given.get("village_id")), given.get("head_name")
        if village_id is None or not isinstance(head_name, str) or not head_name.strip() or not _storable(head_name):
            self._fault("new_household")
            return None
        return {"village_id": village_id, "head_name": head_name.strip()[:120]}


def _is_attempt(value: Any) -> bool:
    return isinstance(value, dict) and read_instant(value.get("at")) is not None and _is_place(value.get("place"))


def _is_place(value: Any) -> bool:
    """A position as the app writes it, "lat lon altitude accuracy", or none."""
    return value is None or (isinstance(value, str) and _PLACE.match(value) is not None)


def _identifier(value: Any) -> str | None:
    return value if isinstance(value, str) and _ID.match(value) else None


def _storable(text: str) -> bool:
    """Whether a text column can hold it: no NUL, no half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None


def _surveyed(value: Any) -> tuple[bool, bool]:
    """(too large, odd) of everything in an entry; walked without recursion."""
    large = odd = False
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting.extend(one.values())
            waiting.extend(one.keys())
        elif isinstance(one, list):
            large = large or len(one) > MAX_LIST
            waiting.extend(one)
        elif isinstance(one, str):
            large = large or len(one) > MAX_TEXT
            odd = odd or not _storable(one)
        elif isinstance(one, float):
            odd = odd or not math.isfinite(one)
    return large, odd
