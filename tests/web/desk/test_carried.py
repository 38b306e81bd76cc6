"""Interviews that come without network: once, whole, of whom they say or held; receipts that a phone can check."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import func, select

from models import Account, Attachment, AuditEvent, HouseholdOutcome, SessionRow, Submission, SubmissionEvent
from survey.accounts.accounts import find_account, set_password
from survey.accounts.escrow import Escrow, make_key
from survey.carry import sealed as limits
from survey.evidence.lineage import renew_generation, succeed
from survey.evidence.signing import Signer
from survey.web.session import transaction
from tests.carry.carrying import bring, counts, forged, hello, phone, receipts, sealed
from tests.interviews import content_hash, entry, outcome, push
from tests.pictures import picture
from tests.web.desk.test_devices import report, revoke
from tests.world import COMMUNE, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
PHOTO = picture("JPEG", 400, 300)
NAME = hashlib.sha256(PHOTO).hexdigest()
NAMED = [{"path": "anh_nha", "sha256": NAME, "size": len(PHOTO), "type": "image/jpeg"}]


def with_photo(household: str = "ho-1") -> dict[str, Any]:
    return entry(household, {"anh_nha": NAME}, files=NAMED)


def rows(session: Any, table: Any) -> int:
    session.rollback()
    return int(session.scalar(select(func.count()).select_from(table)) or 0)


def reasons(session: Any) -> list[str]:
    session.rollback()
    query = select(SubmissionEvent.reason).where(SubmissionEvent.reason.is_not(None))
    return sorted(session.scalars(query))


def kept(greeting: Any, *entries: Any, **more: Any) -> dict[str, Any]:
    """What the phone has while receipts come."""
    return {"hello": greeting, "entries": list(entries), **more}


def take(order: dict[str, Any], *files: bytes) -> Any:
    return phone("take", receipts=[base64.b64encode(data).decode() for data in files], **order)


def photo_kept() -> dict[str, Any]:
    return {NAME: {"data": base64.b64encode(PHOTO).decode(), "type": "image/jpeg"}}


def test_what_the_phone_sealed_arrives_whole_and_its_receipts_go_back(login_as: Any, session: Any) -> None:
    greeting = hello(login_as("enumerator"))
    first, second = with_photo("ho-1"), entry("ho-2")
    data = sealed(greeting, first, second, files={NAME: {"data": PHOTO, "type": "image/jpeg"}})
    assert b"Qu\xc3\xa0ng" not in data and "Đông".encode() not in data and b"ho-1" not in data
    page = bring(login_as("supervisor"), data)
    assert page.status_code == 200
    assert counts(page.text) == {"new": 2, "known": 0}
    assert "Người thử enumerator" in page.text
    session.rollback()
    stored = {row.entry_id: row for row in session.scalars(select(Submission))}
    assert {key: row.content_hash for key, row in stored.items()} == {
        one["id"]: content_hash(one) for one in (first, second)
    }
    account = find_account(session, "enumerator")
    assert account and {row.account_id for row in stored.values()} == {account.id}
    assert session.get_one(Attachment, (COMMUNE, NAME)).size == len(PHOTO)
    [told] = session.scalars(select(AuditEvent).where(AuditEvent.verb == "bundle_imported"))
    carrier = find_account(session, "supervisor")
    assert carrier and (told.account_id, told.subject) == (carrier.id, account.id)

    back = take(kept(greeting, first, second, files=photo_kept()), receipts(page.text))
    assert back["taken"] == [{"received": 2, "known": 0, "others": 0}]
    states = [(item["state"], item["missing"], item["verified"]) for item in back["items"]]
    assert states == [("received", [], True)] * 2


def test_why_a_household_has_no_interview_is_carried_with_the_interviews(login_as: Any, session: Any) -> None:
    greeting, desk = hello(login_as("enumerator")), login_as("supervisor")
    asked, said = entry("ho-1"), outcome("ho-3")
    data = sealed(greeting, asked, said)
    page = bring(desk, data)
    assert counts(page.text) == {"new": 2, "known": 0}
    assert counts(bring(desk, data).text) == {"new": 0, "known": 2}
    session.rollback()
    row = session.scalars(select(HouseholdOutcome)).one()
    account = find_account(session, "enumerator")
    assert account and (row.entry_id, row.account_id, row.held_for) == (said["id"], account.id, None)
    back = take(kept(greeting, asked, said), receipts(page.text))
    assert back["taken"] == [{"received": 2, "known": 0, "others": 0}]


def test_twice_and_after_the_network_nothing_changes(login_as: Any, session: Any) -> None:
    browser, desk = login_as("enumerator"), login_as("supervisor")
    greeting = hello(browser)
    by_network, by_hand = entry("ho-1"), entry("ho-2")
    [sent] = push(browser, by_network)
    data = sealed(greeting, by_network, by_hand)
    first = bring(desk, data)
    assert counts(first.text) == {"new": 1, "known": 1}
    before = rows(session, Submission), rows(session, SubmissionEvent)
    again = bring(desk, data, data)
    assert counts(again.text) == {"new": 0, "known": 2}
    [after] = push(browser, by_hand)
    assert (rows(session, Submission), rows(session, SubmissionEvent)) == before == (2, 2)
    told = json.loads(receipts(first.text))["content"]["results"]
    assert [one["receipt"] for one in told] == [sent["receipt"], after["receipt"]]
    assert json.loads(receipts(again.text))["content"] == json.loads(receipts(first.text))["content"]


def test_photos_left_behind_are_waited_for_and_come_with_the_next_file(login_as: Any, session: Any) -> None:
    greeting, desk = hello(login_as("enumerator")), login_as("supervisor")
    one = with_photo()
    page = bring(desk, sealed(greeting, one))
    assert counts(page.text) == {"new": 1, "known": 0, "incomplete": 1}
    order = kept(greeting, one, files=photo_kept())
    back = take(order, receipts(page.text))
    assert [(item["state"], item["missing"]) for item in back["items"]] == [("received", [NAME])]
    damaged = {NAME: {"data": PHOTO[:-30], "type": "image/jpeg"}}
    assert counts(bring(desk, sealed(greeting, one, files=damaged)).text)["incomplete"] == 1
    assert rows(session, Attachment) == 0
    whole = bring(desk, sealed(greeting, one, files={NAME: {"data": PHOTO, "type": "image/jpeg"}}))
    assert counts(whole.text) == {"new": 0, "known": 1}
    back = take(order, receipts(page.text), receipts(whole.text))
    assert [(item["state"], item["missing"]) for item in back["items"]] == [("received", [])]


def test_large_photos_go_through_in_pieces(login_as: Any, session: Any) -> None:
    sound = b"\x1aE\xdf\xa3" + hashlib.shake_256(b"noise").digest(3 * 256 * 1024 + 17)
    name = hashlib.sha256(sound).hexdigest()
    files = [{"path": "anh_nha", "sha256": name, "size": len(sound), "type": "audio/webm"}]
    greeting = hello(login_as("enumerator"))
    data = sealed(greeting, entry(files=files), files={name: {"data": sound, "type": "audio/webm"}})
    assert len(data) > len(sound)
    assert counts(bring(login_as("supervisor"), data).text) == {"new": 1, "known": 0}
    session.rollback()
    assert session.get_one(Attachment, (COMMUNE, name)).size == len(sound)


# -- Whose is it? ------------------------------------------------------------------------------------------------------


def test_a_file_that_proves_nothing_is_kept_and_held(login_as: Any, session: Any) -> None:
    browser, desk = login_as("enumerator"), login_as("supervisor")
    greeting = hello(browser)
    other = hello(login_as("enumerator-2"))
    lent = forged(greeting, [{"pass": other["bundle_pass"]}, {"entries": [entry("ho-1")]}])
    none = forged(greeting, [{"pass": None}, {"entries": [entry("ho-2")]}])
    made_up = greeting["bundle_pass"] | {"signature": base64.b64encode(b"x" * 64).decode()}
    invented = forged(greeting, [{"pass": made_up}, {"entries": [entry("ho-3")]}])
    for data in (lent, none, invented):
        page = bring(desk, data)
        assert counts(page.text) == {"new": 1, "known": 0, "held": 1}
        assert "không chứng minh" in page.text
    assert reasons(session) == ["revoked"] * 3
    session.rollback()
    account = find_account(session, "enumerator")
    assert account and set(session.scalars(select(Submission.account_id))) == {account.id}


def test_an_honest_forger_is_taken(login_as: Any, session: Any) -> None:
    """What holds back the forged ones above is the pass alone."""
    greeting = hello(login_as("enumerator"))
    data = forged(greeting, [{"pass": greeting["bundle_pass"]}, {"entries": [entry()]}])
    assert counts(bring(login_as("supervisor"), data).text) == {"new": 1, "known": 0}


def test_a_new_password_ends_what_was_sealed_before(app: Flask, login_as: Any, session: Any) -> None:
    greeting = hello(login_as("enumerator"))
    data = sealed(greeting, entry())
    account = find_account(session, "enumerator")
    assert account
    set_password(account, "một mật khẩu khác 2026")
    session.commit()
    page = bring(login_as("supervisor"), data)
    assert counts(page.text) == {"new": 1, "known": 0, "held": 1}


def test_a_closed_account_still_delivers_and_is_held(login_as: Any, session: Any) -> None:
    data = sealed(hello(login_as("enumerator")), entry())
    account = find_account(session, "enumerator")
    assert account
    account.active = False
    session.commit()
    assert counts(bring(login_as("supervisor"), data).text)["held"] == 1


def test_a_withdrawn_phone_still_delivers_and_is_held(app: Flask, login_as: Any, session: Any, clock: Any) -> None:
    browser, desk = login_as("enumerator"), login_as("supervisor")
    young = hello(browser)  # before the phone has said which one it is
    report(browser, device="may-1")
    greeting = hello(browser)
    assert json.loads(greeting["bundle_pass"]["body"])["devices"] == ["may-1"]
    clock.advance(minutes=1)
    assert revoke(session, desk).status_code == 303
    clock.advance(minutes=1)
    for household, given, device in (("ho-1", greeting, "may-1"), ("ho-2", greeting, "may-khac"), ("ho-3", young, "x")):
        page = bring(desk, sealed(given, entry(household), device=device))
        assert counts(page.text) == {"new": 1, "known": 0, "held": 1}, device
    other = hello(login_as("enumerator"))  # signed in anew, on another phone
    assert counts(bring(desk, sealed(other, entry("ho-1"), device="may-2")).text) == {"new": 1, "known": 0}
    assert reasons(session) == ["revoked"] * 3


@pytest.mark.parametrize("how", ["signed out", "ended", "replaced", "late", "unknown"])
def test_a_pass_ends_with_its_session(login_as: Any, session: Any, clock: Any, how: str) -> None:
    """By its time it ends 30 days later, for what is on its way; signing in anew on the phone ends no file of it."""
    browser = login_as("enumerator")
    data = sealed(hello(browser), entry())
    row = session.scalars(select(SessionRow)).one()
    if how == "signed out":
        assert browser.post("/logout").status_code == 303
    elif how in ("ended", "replaced"):
        row.ended, row.why = clock.now, how
    elif how == "unknown":  # the server came back from before it began
        session.delete(row)
    else:
        clock.advance(days=44)
    session.commit()
    told = counts(bring(login_as("supervisor"), data).text)
    assert told == {"new": 1, "known": 0} | ({} if how == "replaced" else {"held": 1})


def test_an_account_that_the_server_lost_delivers_through_its_carrier(login_as: Any, session: Any) -> None:
    greeting = hello(login_as("enumerator"))
    data = forged(greeting, [{"pass": None}, {"entries": [entry()]}], head={"account": "khong-co"})
    page = bring(login_as("supervisor"), data)
    assert counts(page.text)["held"] == 1
    session.rollback()
    carrier = find_account(session, "supervisor")
    assert carrier and list(session.scalars(select(Submission.account_id))) == [carrier.id]


def test_another_communes_interviews_go_where_they_belong_and_name_nobody(login_as: Any, session: Any) -> None:
    data = sealed(hello(login_as("enumerator")), entry())
    page = bring(login_as("supervisor-other"), data)
    assert counts(page.text) == {"new": 1, "known": 0}
    assert "Người thử enumerator" not in page.text
    session.rollback()
    assert list(session.scalars(select(Submission.commune_id))) == [COMMUNE] != [OTHER_COMMUNE]


@pytest.mark.parametrize("who", ["enumerator", "province"])
def test_only_a_supervisor_brings_in(login_as: Any, who: str) -> None:
    data = sealed(hello(login_as("enumerator")), entry())
    assert bring(login_as(who), data).status_code == 403


# -- What is no bundle -------------------------------------------------------------------------------------------------


def _refused(page: Any, session: Any, app: Flask) -> str:
    assert page.status_code == 422
    assert 'data-bundle="refused"' in page.text
    assert rows(session, Submission) == rows(session, Attachment) == 0
    assert not list(app.config["INSTANCE"].glob("bundle-*"))
    return str(page.text)


def test_any_damage_is_found_and_nothing_of_it_is_taken(app: Flask, login_as: Any, session: Any) -> None:
    greeting, desk = hello(login_as("enumerator")), login_as("supervisor")
    data = sealed(greeting, entry(), with_photo("ho-2"), files={NAME: {"data": PHOTO, "type": "image/jpeg"}})
    head = data.index(b"\n", len(b"so-ho-bundle-1\n")) + 1
    flipped = [bytes(data[:at]) + bytes([data[at] ^ 1]) + data[at + 1 :] for at in (20, head - 9, head, len(data) - 1)]
    cut = [data[:at] for at in (0, 7, 15, head - 1, head, head + 10, len(data) - 1)]
    longer = [data + b"x", data + data]
    for damaged in [*flipped, *cut, *longer, PHOTO, b"so-ho-bundle-1\n[]\n", b"so-ho-bundle-1\n{}\n", b"\0" * 300]:
        text = _refused(bring(desk, damaged), session, app)
        assert "điện thoại vẫn còn đủ" in text or "máy chủ khác" in text


def test_a_chunk_cannot_be_left_out_or_moved(app: Flask, login_as: Any, session: Any) -> None:
    greeting, desk = hello(login_as("enumerator")), login_as("supervisor")
    noise = base64.b64encode(hashlib.shake_256(b"x").digest(500_000)).decode()
    data = forged(greeting, [{"pass": None}, {"entries": [entry(answers={"ghi_chu": noise[:20_000]})]}] * 20)
    head = data.index(b"\n", len(b"so-ho-bundle-1\n")) + 1
    size = limits.CHUNK + limits.TAG
    if len(data) - head < 2 * size:  # three chunks are wanted
        plain = json.dumps({"pass": None}).encode() + b"\n" + json.dumps({"entries": [noise]}).encode() + b"\n"
        data = forged(greeting, plain)
        head = data.index(b"\n", len(b"so-ho-bundle-1\n")) + 1
    chunks = [data[at : at + size] for at in range(head, len(data), size)]
    assert len(chunks) >= 2
    for order in ([*chunks[1:]], [*chunks[:-1]], [chunks[1], chunks[0], *chunks[2:]]):
        _refused(bring(desk, data[:head] + b"".join(order)), session, app)


def test_a_file_for_another_server_says_so(app: Flask, login_as: Any, session: Any) -> None:
    greeting = hello(login_as("enumerator"))
    other = Escrow(make_key())
    data = sealed(greeting | {"escrow": {"id": other.key_id, "key": other.public_key}}, entry())
    assert "máy chủ khác" in _refused(bring(login_as("supervisor"), data), session, app)
    # … also when it claims to be for this one
    lying = sealed(greeting | {"escrow": greeting["escrow"] | {"key": other.public_key}}, entry())
    assert "điện thoại vẫn còn đủ" in _refused(bring(login_as("supervisor"), lying), session, app)


def test_a_bomb_does_not_go_off(app: Flask, login_as: Any, session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    greeting, desk = hello(login_as("enumerator")), login_as("supervisor")
    first = json.dumps({"pass": None}).encode() + b"\n"
    bomb = gzip.compress(first + b" " * 200_000_000, 1)
    assert len(bomb) < 2_000_000
    _refused(bring(desk, forged(greeting, b"", packed=bomb)), session, app)
    monkeypatch.setattr(limits, "MAX_ENTRY_BYTES", 100_000)
    _refused(bring(desk, forged(greeting, [{"pass": None}, *[{"entries": [entry()]}] * 200])), session, app)
    film = {"file": {"sha256": NAME, "size": 9 * 1024 * 1024, "type": "image/jpeg", "commune_id": COMMUNE}}
    _refused(bring(desk, forged(greeting, [{"pass": None}, film])), session, app)


@pytest.mark.parametrize(
    "inside",
    [
        b"",
        b"{}",
        b"[]\n",
        b'{"pass": null}\nnot json\n',
        b'{"pass": null}\n{"entries": 7}\n',
        b'{"pass": null}\n{"file": {"size": -1}}\n',
        b'{"pass": null}\n{"file":{"size": 50, "sha256": "x"}}\nshort',
        b'{"pass": null}\n{"file":{"size": true}}\n',
        b'{"pass": null}\n{"file":[]}\n',
        b'{"pass": null}\n' + b"[" * 100_000 + b"\n",
    ],
)
def test_what_is_sealed_and_makes_no_sense_is_refused(app: Flask, login_as: Any, session: Any, inside: bytes) -> None:
    greeting = hello(login_as("enumerator"))
    _refused(bring(login_as("supervisor"), forged(greeting, inside)), session, app)


@pytest.mark.parametrize(
    "packed", [b"", b"no gzip", gzip.compress(b'{"pass": null}\n', mtime=0)[:-4]], ids=["empty", "no gzip", "cut off"]
)
def test_what_is_sealed_and_not_packed_is_refused(app: Flask, login_as: Any, session: Any, packed: bytes) -> None:
    greeting = hello(login_as("enumerator"))
    _refused(bring(login_as("supervisor"), forged(greeting, b"", packed=packed)), session, app)


def test_a_poisoned_entry_and_a_poisoned_file_hold_up_nothing(login_as: Any, session: Any) -> None:
    greeting, desk = hello(login_as("enumerator")), login_as("supervisor")
    deep: Any = "x"
    for _ in range(60):
        deep = [deep]
    lines = [
        {"pass": greeting["bundle_pass"]},
        {"entries": [7]},
        {"entries": [entry("ho-2", {"ghi_chu": deep}), entry("ho-3")]},
    ]
    plain = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    plain += b'{"file":{"sha256":"../../etc","size":3,"type":"image/jpeg","commune_id":"03757"}}\nabc'
    plain += b'{"file":{"sha256":"' + NAME.encode() + b'","size":3,"type":"image/jpeg","commune_id":"xx"}}\nabc'
    page = bring(desk, forged(greeting, plain))
    assert counts(page.text) == {"new": 3, "known": 0, "held": 2}
    assert reasons(session) == ["bad_shape", "bad_shape"]


def test_one_bad_file_beside_a_good_one(login_as: Any, session: Any) -> None:
    data = sealed(hello(login_as("enumerator")), entry())
    page = bring(login_as("supervisor"), data[:-1], data)
    assert page.status_code == 200
    assert page.text.count('data-bundle="refused"') == page.text.count('data-bundle="taken"') == 1
    assert rows(session, Submission) == 1


def test_nothing_chosen_is_said(login_as: Any) -> None:
    page = bring(login_as("supervisor"))
    assert page.status_code == 422
    assert "Hãy chọn tệp" in page.text


# -- Codes -------------------------------------------------------------------------------------------------------------


def test_codes_come_in_any_order_as_often_as_they_like(login_as: Any, session: Any) -> None:
    greeting, desk = hello(login_as("enumerator")), login_as("supervisor")
    sent = [entry("ho-1"), entry("ho-2"), with_photo("ho-3")]
    made = phone("codes", hello=greeting, entries=sent, device="may-1")
    frames = made["frames"]
    assert sorted(made["items"]) == sorted(one["id"] for one in sent)
    assert len(frames) > 1 and all(len(frame) <= 758 for frame in frames)
    lines = [*reversed(frames), frames[0].lower(), "  " + frames[1][:30] + " " + frames[1][30:], ""]
    page = bring(desk, codes="\r\n".join(lines))
    assert counts(page.text) == {"new": 3, "known": 0, "incomplete": 1}
    assert rows(session, Submission) == 3
    assert counts(bring(desk, codes="\n".join(frames)).text) == {"new": 0, "known": 3, "incomplete": 1}


def test_a_missing_or_mistyped_code_is_named(login_as: Any, session: Any) -> None:
    greeting, desk = hello(login_as("enumerator")), login_as("supervisor")
    frames = phone("codes", hello=greeting, entries=[entry("ho-1"), entry("ho-2")], device="may-1")["frames"]
    page = bring(desk, codes="\n".join(frames[:1] + frames[2:]))
    assert page.status_code == 422
    assert f"Còn thiếu mã: 2, trong {len(frames)} mã" in page.text
    assert frames[0] in page.text, "what was scanned stays in the form"
    typed = frames[0][:-1] + ("A" if frames[0][-1] != "A" else "B")
    page = bring(desk, codes="\n".join([*frames[1:], typed]))
    assert page.status_code == 422
    assert f"không phải mã nguyên vẹn của điện thoại: {len(frames)}." in page.text
    for nonsense in ("SHB1:", "xin chào", "SHR1" + frames[0][4:], frames[0].replace("1/", "9/", 1)):
        assert bring(desk, codes=nonsense).status_code == 422
    assert rows(session, Submission) == 0


@pytest.mark.thorough
def test_both_sides_cut_and_join_frames_alike(login_as: Any) -> None:
    greeting = hello(login_as("enumerator"))
    page = bring(login_as("supervisor"), sealed(greeting, *[entry(f"ho-{number}") for number in range(1, 4)]))
    assert page.text.count("data:image/svg+xml") > 1
    for size in (0, 1, 4, 5, 700, 3001):
        data = hashlib.shake_256(b"f").digest(size)
        from_phone = phone("frames", kind="SHR1", bytes=base64.b64encode(data).decode(), size=120)["frames"]
        if size:
            joined = phone("gather", kind="SHR1", lines=from_phone)
            assert (base64.b64decode(joined["bytes"]), joined["missing"]) == (data, [])


# -- Receipts on the phone ---------------------------------------------------------------------------------------------


def test_a_phone_believes_no_receipts_but_the_servers(login_as: Any, app: Flask) -> None:
    greeting, desk = hello(login_as("enumerator")), login_as("supervisor")
    mine, others = entry("ho-1"), entry("ho-2")
    data = receipts(bring(desk, sealed(greeting, mine, others)).text)
    said = json.loads(data)

    def changed(**what: Any) -> bytes:
        return json.dumps(said | what).encode()

    lying = json.loads(data)
    lying["content"]["results"][0]["missing_files"] = ["0" * 64]
    forgeries = [
        json.dumps(lying).encode(),
        changed(signed=base64.b64encode(b"x" * 64).decode()),
        changed(statement=said["statement"].replace("so-ho-receipts-1", "so-ho-receipts-2")),
        b"{}",
        b"\x1f\x8b nonsense",
        gzip.compress(b" " * 40_000_000),
        changed(format="other"),
    ]
    order = kept(greeting, mine)
    back = take(order, *forgeries)
    assert back["taken"] == ["forged"] * 3 + ["not_receipts"] * 4
    assert [item["state"] for item in back["items"]] == ["waiting"]
    back = take(order, data, gzip.compress(data), data)
    assert back["taken"] == [{"received": 1, "known": 0, "others": 1}, *[{"received": 0, "known": 1, "others": 1}] * 2]


def test_an_old_browser_checks_receipts_itself(login_as: Any) -> None:
    greeting, mine = hello(login_as("enumerator")), entry()
    data = receipts(bring(login_as("supervisor"), sealed(greeting, mine)).text)
    said = json.loads(data)
    forged_one = json.dumps(said | {"signed": base64.b64encode(b"x" * 64).decode()}).encode()
    no_base64 = json.dumps(said | {"signed": "%"}).encode()
    back = take(kept(greeting, mine, isOldBrowser=True), forged_one, no_base64, data)
    assert back["taken"] == ["forged", "forged", {"received": 1, "known": 0, "others": 0}]
    assert back["items"][0]["verified"] is True


def test_a_phone_that_knows_a_former_key_follows_to_the_new_one(app: Flask, login_as: Any, clock: Any) -> None:
    greeting, mine = hello(login_as("enumerator")), entry()
    former = app.extensions["signer"]
    following = Signer(Ed25519PrivateKey.generate().private_bytes_raw())
    with app.app_context(), transaction() as session:
        succeed(session, former, following, clock.now)
    app.extensions["signer"] = following
    page = bring(login_as("supervisor"), sealed(greeting, mine))
    assert counts(page.text) == {"new": 1, "known": 0}, "the pass of the former key still holds"
    data = receipts(page.text)
    assert take(kept(greeting, mine), data)["taken"] == [{"received": 1, "known": 0, "others": 0}]
    stranger = Signer(Ed25519PrivateKey.generate().private_bytes_raw())
    unknown = kept(greeting | {"receipt_key": stranger.public_key}, mine)
    assert take(unknown, data)["taken"] == ["forged"]
    said = json.loads(data)
    cut = json.dumps(said | {"keys": []}).encode()
    crooked = json.dumps(
        said | {"keys": [said["keys"][0] | {"signed": "%"}, {"statement": "{}", "signed": ""}]}
    ).encode()
    assert take(kept(greeting, mine), cut, crooked, json.dumps(said | {"keys": 7}).encode())["taken"] == [
        "forged",
        "forged",
        "not_receipts",
    ]


def test_receipts_from_before_a_restore_are_not_believed_after_it(app: Flask, login_as: Any, clock: Any) -> None:
    browser, desk = login_as("enumerator"), login_as("supervisor")
    mine = entry()
    before = hello(browser)
    clock.advance(minutes=5)
    old = receipts(bring(desk, sealed(before, mine)).text)
    clock.advance(minutes=5)
    with app.app_context(), transaction() as session:
        renew_generation(session, clock.now)
    newer = receipts(bring(desk, sealed(before, mine)).text)
    # A phone that has not heard of the restore takes both; one that has, only what the restored server says.
    assert take(kept(before, mine), old)["taken"] == [{"received": 1, "known": 0, "others": 0}]
    assert take(kept(before, mine), newer)["taken"] == [{"received": 1, "known": 0, "others": 0}]
    clock.advance(minutes=5)
    after = hello(browser)
    assert take(kept(after, mine), old)["taken"] == ["stale"]
    assert take(kept(after, mine), receipts(bring(desk, sealed(after, mine)).text))["taken"] == [
        {"received": 1, "known": 0, "others": 0}
    ]


def test_the_receipts_prove_themselves_at_the_terminal(app: Flask, login_as: Any, tmp_path: Path) -> None:
    greeting = hello(login_as("enumerator"))
    page = bring(login_as("supervisor"), sealed(greeting, with_photo(), files={NAME: {"data": PHOTO, "type": ""}}))
    file = tmp_path / "bien-nhan.json"
    file.write_bytes(receipts(page.text))
    result = app.test_cli_runner().invoke(args=["receipts", "verify", str(file)])
    assert result.exit_code == 0, result.output
    assert "2 biên nhận: 2 thật và còn trên máy chủ" in result.output


# -- The command -------------------------------------------------------------------------------------------------------


def run(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["import-bundle", *words])
    return result.exit_code, result.output


def test_the_command_brings_in_and_writes_receipts(app: Flask, login_as: Any, session: Any, tmp_path: Path) -> None:
    greeting = hello(login_as("enumerator"))
    mine = entry()
    file, back = tmp_path / "a.shb", tmp_path / "bien-nhan.json"
    file.write_bytes(sealed(greeting, mine))
    assert run(app, str(file), "--receipts", str(back)) == (
        0,
        "1 phiếu mới, 0 phiếu đã có, 0 phiếu chờ xem lại, 0 phiếu còn chờ ảnh.\n",
    )
    assert take(kept(greeting, mine), back.read_bytes())["taken"] == [{"received": 1, "known": 0, "others": 0}]
    code, said = run(app, str(file))
    assert (code, said[:26]) == (0, "0 phiếu mới, 1 phiếu đã có")
    assert rows(session, Submission) == 1


def test_the_command_says_what_is_wrong(app: Flask, login_as: Any, session: Any, tmp_path: Path) -> None:
    greeting = hello(login_as("enumerator"))
    file = tmp_path / "a.shb"
    file.write_bytes(sealed(greeting, entry())[:-1])
    code, said = run(app, str(file))
    assert (code, "tệp hỏng" in said) == (1, True)
    file.write_bytes(forged(greeting, [{"pass": None}, {"entries": [entry()]}], head={"account": "khong-co"}))
    code, said = run(app, str(file))
    assert (code, "--carrier" in said) == (1, True)
    assert rows(session, Submission) == 0
    assert run(app, str(file), "--carrier", "khong-co")[0] == 1
    code, said = run(app, str(file), "--carrier", "supervisor")
    assert (code, "1 phiếu chờ xem lại" in said, "không chứng minh" in said) == (0, True, True)


def test_hello_gives_each_account_its_own_pass(login_as: Any, session: Any) -> None:
    one, other = hello(login_as("enumerator")), hello(login_as("enumerator-2"))
    account = session.scalars(select(Account).where(Account.username == "enumerator")).one()
    row = session.scalars(select(SessionRow).where(SessionRow.account_id == account.id)).one()
    assert json.loads(one["bundle_pass"]["body"]) == {
        "account": account.id,
        "devices": [],
        "epoch": 0,
        "format": "so-ho-pass-1",
        "session": row.id,
        "since": "2026-11-23T02:00:00.000Z",
        "until": "2027-01-06T02:00:00.000Z",  # 14 days of the session, 30 on the way
    }
    assert one["bundle_pass"]["signature"] != other["bundle_pass"]["signature"]
