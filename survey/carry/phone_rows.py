"""Rows as they lie in a phone's database, in a bundle of the page that needs no app (static/plain/export.lazy.js,
docs/exchange.md): each is a box under the data key of its owner's ring, which this server's escrow key opens
(docs/vault.md), or plain where nobody had chosen a code yet.

A row that the phone's disk has spoilt is counted and takes no other with it.
"""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from survey.accounts.escrow import Escrow, vault_label
from survey.problems import Problem

IV = 12  # bytes at the head of a box
OVERHEAD = IV + 16  # what a box is longer than what lies in it


class PhoneRows:
    """What was read of the rows. `damaged`: how many could not be opened; `begun`: interviews that nobody finished.
    `vouched`: the pass, where it lay sealed; it speaks for the entries that lay under the same ring (`sealed`: how
    many), not for what somebody who cannot open the phone puts beside them."""

    def __init__(self) -> None:
        self.damaged = self.sealed = 0
        self.vouched: Any = None
        self._ring_id = ""
        self._key: bytes | None = None
        self._drafts: dict[str, dict[str, Any]] = {}
        self._steps: dict[str, list[tuple[int, list[Any]]]] = {}

    def open_ring(self, said: Any, escrow: Escrow, account_id: str) -> None:
        """The key of the rows that follow. Only the ring of the account that the bundle names has one to give."""
        said = said if isinstance(said, dict) else {}
        self._ring_id, self.vouched, self.sealed = str(said.get("id")), None, 0
        try:
            key = escrow.open(b64decode(said["escrow"], validate=True), vault_label(account_id))
        except (KeyError, TypeError, ValueError, Problem):  # wrapped to a former key, or somebody else's
            key = b""
        self._key = key if len(key) == 32 else None

    def read(self, said: Any) -> Any:
        """Take a row in; returns the entry that it holds, or None."""
        try:
            store, key, row = said["store"], said["key"], dict(said["plain"])
            opened: dict[str, Any] = {}
            if "box" in said:
                opened = dict(json.loads(self.unsealed(store, key, b64decode(said["box"], validate=True))))
            row |= opened
            if store == "outbox":
                self.sealed += "entry" in opened
                return row["entry"]
            if (store, key) == ("meta", "pass"):
                self.vouched = opened
                return None
            if store == "drafts":
                self._drafts[str(row["id"])] = row
            else:
                events = row.get("events") or [row]
                self._steps.setdefault(str(row["draft"]), []).append((int(row["seq"]), list(events)))
        except (KeyError, TypeError, ValueError, RecursionError, InvalidTag):
            self.damaged += 1
        return None

    def unsealed(self, store: str, key: Any, box: bytes) -> bytes:
        """What lies in a row's box. Raises InvalidTag for one that is damaged or another row's."""
        if self._key is None or len(box) < OVERHEAD:
            raise InvalidTag
        said = json.dumps(key, ensure_ascii=False, separators=(",", ":"))
        return AESGCM(self._key).decrypt(box[:IV], box[IV:], f"{self._ring_id} {store} {said}".encode())

    @property
    def begun(self) -> list[dict[str, Any]]:
        """Each with its answers in the order in which they were given: {"draft", "events"}."""
        found = []
        for id, draft in self._drafts.items():
            steps = sorted(self._steps.get(id, []), key=lambda step: step[0])
            found.append({"draft": draft, "events": [event for _, events in steps for event in events]})
        return found
