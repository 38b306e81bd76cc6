"""What the page without the app carries (static/plain/export.lazy.js): rows as they lie on the phone, opened by the
office. The page itself, on a real phone, is met in tests/phone/test_plain_page.py."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from flask import Flask
from sqlalchemy import select

from models import Attachment, Submission
from tests.carry.carrying import bring, counts, forged, hello
from tests.interviews import content_hash, entry
from tests.web.desk.test_carried import NAME, NAMED, PHOTO, reasons, rows, run
from tests.world import COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
RING = "0192f000-0000-7000-8000-000000000001"
KEY = bytes(range(32))


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def ring(greeting: Any, account: str = "", key: bytes = KEY) -> dict[str, Any]:
    public = load_der_public_key(base64.b64decode(greeting["escrow"]["key"]))
    assert isinstance(public, RSAPublicKey)
    label = f"so-ho vault {account or greeting['account']['id']}".encode()
    wrapped = public.encrypt(key, OAEP(MGF1(SHA256()), SHA256(), label))
    said = {"id": RING, "account": greeting["account"]["id"], "escrow": b64(wrapped), "escrow_id": "x"}
    return {"ring": said}


def box(store: str, key: Any, value: bytes) -> bytes:
    """As vault.js seals it: the IV, then the bytes under the ring's id, the store and the row's key."""
    iv = os.urandom(12)
    label = f"{RING} {store} {json.dumps(key, separators=(',', ':'))}"
    return iv + AESGCM(KEY).encrypt(iv, value, label.encode())


def row(store: str, key: Any, hidden: Any, **plain: Any) -> dict[str, Any]:
    sealed = box(store, key, json.dumps(hidden).encode())
    return {"row": {"store": store, "key": key, "plain": plain, "box": b64(sealed)}}


def carried(greeting: Any, *lines: Any, photo: bytes | None = None, given: Any = "own") -> bytes:
    """A bundle that is not packed, as the page writes it."""
    inside = [{"pass": greeting["bundle_pass"] if given == "own" else given}, *lines]
    packed = b"".join(json.dumps(line).encode() + b"\n" for line in inside)
    if photo is not None:
        said = {"sha256": NAME, "size": len(photo), "type": "image/jpeg", "commune_id": COMMUNE, "sealed": True}
        packed += json.dumps({"file": said}).encode() + b"\n" + photo
    return forged(greeting, b"", packed=packed)


def outbox(one: dict[str, Any]) -> dict[str, Any]:
    return row("outbox", one["id"], {"entry": one, "name": "Lò Văn Đức"}, id=one["id"], state="waiting")


def test_sealed_rows_and_photos_arrive_as_if_the_phone_had_sent_them(login_as: Any, session: Any) -> None:
    greeting = hello(login_as("enumerator"))
    first, second = entry("ho-1", {"anh_nha": NAME}, files=NAMED), entry("ho-2")
    sealed = box("bytes", NAME, PHOTO)
    data = carried(greeting, ring(greeting), outbox(first), outbox(second), photo=sealed)
    page = bring(login_as("supervisor"), data)
    assert counts(page.text) == {"new": 2, "known": 0}
    session.rollback()
    stored = {one.entry_id: one.content_hash for one in session.scalars(select(Submission))}
    assert stored == {one["id"]: content_hash(one) for one in (first, second)}
    assert session.get_one(Attachment, (COMMUNE, NAME)).size == len(PHOTO)
    assert reasons(session) == []
    assert counts(bring(login_as("supervisor"), data).text) == {"new": 0, "known": 2}


def test_plain_rows_of_a_phone_without_a_code_arrive_too(login_as: Any, session: Any) -> None:
    greeting, one = hello(login_as("enumerator")), entry("ho-1")
    plain = {"row": {"store": "outbox", "key": one["id"], "plain": {"id": one["id"], "entry": one}}}
    assert counts(bring(login_as("supervisor"), carried(greeting, plain)).text) == {"new": 1, "known": 0}


def test_a_row_that_the_disk_spoilt_takes_no_other_with_it(login_as: Any, session: Any) -> None:
    greeting, good = hello(login_as("enumerator")), entry("ho-1")
    swapped = outbox(entry("ho-2"))
    swapped["row"]["key"] = "another"  # another row's box
    odd: list[Any] = [7, {"store": "outbox", "key": "x", "plain": {}}, {"store": 1, "plain": []}]
    broken = bytearray(box("bytes", NAME, PHOTO))
    broken[40] ^= 1
    data = carried(greeting, ring(greeting), swapped, *({"row": one} for one in odd), outbox(good), photo=bytes(broken))
    page = bring(login_as("supervisor"), data)
    assert counts(page.text) == {"new": 1, "known": 0, "damaged": 4}
    assert rows(session, Submission) == 1 and rows(session, Attachment) == 0


@pytest.mark.parametrize("what", ["another account's", "a former key's", "no ring", "a short key"])
def test_a_ring_that_is_not_the_accounts_own_opens_nothing(login_as: Any, session: Any, what: str) -> None:
    greeting = hello(login_as("enumerator"))
    rings: dict[str, list[Any]] = {
        "another account's": [ring(greeting, "somebody-else")],
        "a former key's": [{"ring": {"id": RING, "escrow": b64(bytes(384))}}],
        "no ring": [],
        "a short key": [ring(greeting, key=KEY[:16])],
    }
    page = bring(login_as("supervisor"), carried(greeting, *rings[what], outbox(entry("ho-1"))))
    assert counts(page.text) == {"new": 0, "known": 0, "damaged": 1}
    assert rows(session, Submission) == 0


def test_rows_without_a_pass_are_kept_and_held(login_as: Any, session: Any) -> None:
    greeting = hello(login_as("enumerator"))
    page = bring(login_as("supervisor"), carried(greeting, ring(greeting), outbox(entry("ho-1")), given=None))
    assert counts(page.text)["held"] == 1
    assert reasons(session) == ["revoked"]


def test_a_pass_that_lay_sealed_speaks_for_what_lay_beside_it_alone(login_as: Any, session: Any) -> None:
    greeting = hello(login_as("enumerator"))
    lent = row("meta", "pass", greeting["bundle_pass"])
    own = carried(greeting, ring(greeting), lent, outbox(entry("ho-1")), given=None)
    assert counts(bring(login_as("supervisor"), own).text) == {"new": 1, "known": 0}
    assert reasons(session) == []
    # Who has the phone's storage cannot open it, but puts entries of their own beside what is sealed, in plain or under
    # a ring of their own: anybody can wrap a key to the office.
    forged_entry, other = entry("ho-2"), entry("ho-3")
    for lines in (
        [ring(greeting), lent, outbox(entry("ho-4")), {"entries": [forged_entry]}],
        [ring(greeting), outbox(other), ring(greeting), lent],
    ):
        bring(login_as("supervisor"), carried(greeting, *lines, given=None))
    session.rollback()
    assert reasons(session) == ["revoked"] * 3


def test_begun_interviews_are_told_and_can_be_read_at_the_terminal(
    app: Flask, login_as: Any, session: Any, tmp_path: Path
) -> None:
    greeting = hello(login_as("enumerator"))
    draft = row("drafts", "d-1", {"name": "Cà Thị Đôi", "start": {}}, id="d-1", household_id="ho-3", state="open")
    steps = [
        row("journal", ["d-1", seq], {"events": [{"op": "set", "path": "a", "value": seq}]}, draft="d-1", seq=seq)
        for seq in (10, 9)
    ]
    data = carried(greeting, ring(greeting), draft, *steps)
    assert counts(bring(login_as("supervisor"), data).text) == {"new": 0, "known": 0, "begun": 1}
    file, begun = tmp_path / "may.shb", tmp_path / "do.json"
    file.write_bytes(data)
    code, said = run(app, str(file), "--begun", str(begun))
    assert code == 0 and "1 phiếu đang làm dở" in said
    [one] = json.loads(begun.read_text(encoding="utf-8"))
    assert one["draft"]["household_id"] == "ho-3" and one["draft"]["name"] == "Cà Thị Đôi"
    assert [event["value"] for event in one["events"]] == [9, 10]


def test_too_much_is_refused_whole(login_as: Any, session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("survey.carry.sealed.MAX_ENTRIES", 1)
    greeting = hello(login_as("enumerator"))
    data = carried(greeting, ring(greeting), outbox(entry("ho-1")), outbox(entry("ho-2")))
    page = bring(login_as("supervisor"), data)
    assert page.status_code == 422 and rows(session, Submission) == 0


def test_the_photo_is_the_one_that_was_taken() -> None:
    assert hashlib.sha256(PHOTO).hexdigest() == NAME
