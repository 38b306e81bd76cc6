"""A phone's cookie alone is told nothing of anybody once its vault has a key; who opened the vault shows it."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask

from survey.terms import SessionKind
from survey.web.security import ACCESS, PHONE, PUBLIC
from tests.web.test_access import verb_of, walked
from tests.web.test_login import sign_in
from tests.web.test_sessions import code_of, row_of
from tests.world import COMMUNE

HELLO, REGISTER, OPEN, KEY, LOCK = (
    f"/api/v1/{one}" for one in ("hello", "register", "open", "vault/key", "vault/lock")
)
ORIGIN = "http://localhost"
KEYS = ec.generate_private_key(ec.SECP256R1())


def spki(key: Any = KEYS) -> str:
    return b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def signed(said: str, key: Any = KEYS) -> str:
    """As WebCrypto writes it: r and s, 32 bytes each."""
    halves = decode_dss_signature(key.sign(said.encode(), ec.ECDSA(SHA256())))
    return b64encode(b"".join(one.to_bytes(32, "big") for one in halves)).decode()


def proof_of(greeting: Any, origin: str = ORIGIN, key: Any = KEYS, **other: str) -> dict[str, str]:
    proof = greeting["proof"] | other
    said = "\n".join(["so-ho-open-1", origin, proof["session"], proof["nonce"]])
    return {"nonce": proof["nonce"], "signature": signed(said, key)}


def ask_open(client: Any, body: Any, origin: str = ORIGIN) -> Any:
    return client.post(OPEN, json=body, headers={"Origin": origin})


def ask_key(client: Any, key: str, origin: str = ORIGIN) -> Any:
    return client.post(KEY, json={"key": key}, headers={"Origin": origin})


@pytest.fixture
def phone(client: Any, small_round: str) -> Any:
    """A browser of the app, signed in."""
    sign_in(client, "enumerator")
    client.csrf = client.get(HELLO).json["csrf"]
    return client


@pytest.fixture
def bound(phone: Any) -> Any:
    """Whose vault has a key; `access`: what it was given."""
    answer = ask_key(phone, spki())
    assert answer.status_code == 200
    phone.access = {ACCESS: answer.json["access"]}
    return phone


def test_the_cookie_alone_hears_no_name_no_village_no_pass(bound: Any) -> None:
    told = bound.get(HELLO).json
    assert set(told) == {
        "csrf", "generation", "server_time", "clock_doubted", "app_version", "offers", "file_limit", "receipt_key",
        "escrow", "receipt_keys", "revoked", "proof",
    }  # fmt: skip
    assert told["proof"]["bound"] is True
    said = json.dumps(told, ensure_ascii=False)
    assert not any(one in said for one in ("enumerator", "Người thử", COMMUNE, "Bản", "bundle_pass"))
    whole = bound.get(HELLO, headers=bound.access).json
    assert whole["account"]["username"] == "enumerator" and set(told) < set(whole)


def test_each_address_of_the_door_is_closed_to_the_cookie_alone_and_open_to_who_opened(app: Flask, bound: Any) -> None:
    thief: Any = app.test_client()
    thief.set_cookie(PHONE, bound.get_cookie(PHONE).value, path="/")
    bare = {"sync.hello", "vault.prove", "vault.bind"}
    asked = 0
    for endpoint, method, address in walked(app):
        if not address.startswith("/api/") or verb_of(app, endpoint) == PUBLIC or endpoint in bare:
            continue
        asked += 1
        assert thief.open(address, method=method).status_code == 401, (endpoint, method)
        wrong = thief.open(address, method=method, headers={ACCESS: "x" * 43})
        assert wrong.status_code == 401 and (method == "HEAD" or code_of(wrong)[1] == "not_open"), (endpoint, method)
        if endpoint != "vault.lock":
            assert bound.open(address, method=method, headers=bound.access).status_code != 401, (endpoint, method)
    assert asked > 12


def test_who_signs_what_was_made_up_a_moment_ago_is_told_for_a_quarter_of_an_hour(bound: Any, clock: Any) -> None:
    clock.advance(minutes=15)
    assert code_of(bound.get(REGISTER, headers=bound.access)) == (401, "not_open")
    answer = ask_open(bound, proof_of(bound.get(HELLO).json))
    assert answer.json["hello"]["account"]["username"] == "enumerator"
    access = {ACCESS: answer.json["access"]}
    clock.advance(minutes=14)
    assert bound.get(REGISTER, headers=access).status_code == 200
    clock.advance(minutes=1)
    assert bound.get(REGISTER, headers=access).status_code == 401


def test_a_proof_is_taken_once_of_this_minute_page_sign_in_and_key(bound: Any, clock: Any) -> None:
    clock.advance(seconds=1)
    greeting = bound.get(HELLO).json
    good = proof_of(greeting)
    other = ec.generate_private_key(ec.SECP256R1())
    late = greeting["proof"]["nonce"].split(".")
    forged = ".".join([str(int(late[0]) + 1), *late[1:]])
    for body, origin in (
        (proof_of(greeting, "https://khac.vn"), "https://khac.vn"),
        (proof_of(greeting, "https://khac.vn"), ORIGIN),
        (proof_of(greeting, key=other), ORIGIN),
        (proof_of(greeting, session="khac"), ORIGIN),
        (proof_of(greeting, nonce=forged), ORIGIN),
        (proof_of(greeting, nonce="1.ă.x"), ORIGIN),
        (good | {"signature": "x"}, ORIGIN),
        (good | {"signature": b64encode(b"\0" * 64).decode()}, ORIGIN),
        (good, ""),
    ):
        assert code_of(ask_open(bound, body, origin)) == (401, "not_open"), (body, origin)
    for body in ({}, [], {"nonce": 1, "signature": good["signature"]}, good | {"nonce": "1" * 201}):
        assert code_of(ask_open(bound, body)) == (400, "malformed"), body
    assert ask_open(bound, good).status_code == 200
    assert code_of(ask_open(bound, good)) == (401, "not_open")  # once
    clock.advance(seconds=1)
    slow = proof_of(bound.get(HELLO).json)
    clock.advance(seconds=61)
    assert code_of(ask_open(bound, slow)) == (401, "not_open")


def test_locking_ends_what_was_given_and_the_desk_of_the_browser(bound: Any, session: Any) -> None:
    way = "/login?next=/account/sessions"
    sign_in(bound, "enumerator", look=way, address=way)
    bound.csrf = bound.get(HELLO).json["csrf"]
    assert bound.get("/account/sessions").status_code == 200
    assert bound.get(REGISTER, headers=bound.access).status_code == 200
    assert bound.post(LOCK, headers=bound.access).status_code == 204
    assert code_of(bound.get(REGISTER, headers=bound.access)) == (401, "not_open")
    assert bound.get("/account/sessions").status_code == 302
    assert bound.get(HELLO).json["proof"]["bound"]  # the phone's sign-in goes on


def test_a_key_is_given_once_by_who_typed_the_password_just_now(phone: Any, session: Any, clock: Any) -> None:
    for key in ("x", "", b64encode(b"x" * 91).decode(), spki(ec.generate_private_key(ec.SECP384R1()))):
        assert code_of(ask_key(phone, key)) == (400, "malformed"), key
    assert code_of(ask_key(phone, spki(), "https://khac.vn")) == (401, "sign_in_again")  # it could never show it
    assert ask_key(phone, spki()).status_code == 200
    another = spki(ec.generate_private_key(ec.SECP256R1()))
    assert code_of(ask_key(phone, another)) == (401, "sign_in_again")
    row = row_of(session)
    assert row.vault_key == spki()
    row.vault_key = None
    session.commit()
    clock.advance(minutes=16)
    assert phone.get(HELLO).json["proof"] is None  # too late for a key: the cookie is enough until the next sign-in
    assert code_of(ask_key(phone, another)) == (401, "sign_in_again")
    assert phone.get(REGISTER).status_code == 200


def test_a_sign_in_of_before_goes_on_by_its_cookie(login_as: Any, session: Any, small_round: str) -> None:
    browser = login_as("enumerator")
    assert row_of(session).kind == SessionKind.BOTH
    greeting = browser.get(HELLO).json
    assert greeting["proof"] is None and greeting["account"]["username"] == "enumerator"
    assert code_of(ask_key(browser, spki())) == (401, "sign_in_again")
    assert browser.get(REGISTER).status_code == 200
