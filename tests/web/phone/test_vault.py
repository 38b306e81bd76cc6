"""A forgotten PIN: the office opens one's own records, and nobody else's."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from sqlalchemy import select

from models import AuditEvent
from survey.accounts.escrow import BUNDLE, Escrow, make_key
from survey.problems import Problem

KEY, VAULT = bytes(range(32)), "0190f1de-0000-7000-8000-000000000000"


def wrap(public_key: str, label: str, key: bytes = KEY) -> bytes:
    """As the phone does it (static/app/vault/vault.js)."""
    public: Any = load_der_public_key(b64decode(public_key))
    return public.encrypt(key, OAEP(MGF1(SHA256()), SHA256(), label.encode()))  # type: ignore[no-any-return]


def wrapped_for(browser: Any) -> bytes:
    hello = browser.get("/api/v1/hello").json
    return wrap(hello["escrow"]["key"], f"so-ho vault {hello['account']['id']}")


def ask(browser: Any, wrapped: bytes, vault: Any = VAULT) -> Any:
    return browser.post("/api/v1/vault/recover", json={"wrapped": b64encode(wrapped).decode(), "vault": vault})


def test_who_forgot_the_pin_gets_the_key_of_the_records_back(login_as: Any, session: Any, app: Any) -> None:
    browser = login_as("enumerator")
    answer = ask(browser, wrapped_for(browser))
    assert (answer.status_code, b64decode(answer.json["key"])) == (200, KEY)
    assert answer.headers["Cache-Control"] == "no-store"
    assert browser.get("/api/v1/hello").json["escrow"]["id"] == app.extensions["escrow"].key_id
    [event] = session.scalars(select(AuditEvent).where(AuditEvent.verb.like("vault_%")))
    assert (event.verb, event.subject, event.detail) == ("vault_recovered", VAULT, None)


def test_nobody_has_the_records_of_another_opened(login_as: Any, session: Any) -> None:
    wrapped = wrapped_for(login_as("enumerator"))
    for name in ("enumerator-2", "supervisor", "admin"):
        answer = ask(login_as(name), wrapped)
        assert (answer.status_code, answer.json["problem"]["code"]) == (409, "vault_closed"), name
        assert "key" not in answer.json
    verbs = set(session.scalars(select(AuditEvent.verb).where(AuditEvent.verb.like("vault_%"))))
    assert verbs == {"vault_not_recovered"}


def test_a_phone_that_was_found_signed_in_gets_no_key_without_the_password(login_as: Any, clock: Any) -> None:
    browser = login_as("enumerator")
    wrapped = wrapped_for(browser)
    clock.advance(minutes=16)
    answer = ask(browser, wrapped)
    assert (answer.status_code, answer.json["problem"]["code"]) == (401, "sign_in_again")
    assert ask(login_as("enumerator"), wrapped).status_code == 200


def test_guessing_is_stopped_and_allowed_again_later(login_as: Any, clock: Any) -> None:
    browser = login_as("enumerator")
    wrapped = wrapped_for(browser)
    for _ in range(4):
        assert ask(browser, b"not a key" * 40).status_code == 409
    assert ask(browser, wrapped).status_code == 200  # a right one in between: the count begins anew
    for _ in range(4):
        assert ask(browser, b"not a key" * 40).status_code == 409
    for _ in range(2):
        assert ask(browser, b"not a key" * 40).status_code == 401
    browser = login_as("enumerator")
    assert ask(browser, wrapped_for(browser)).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[1]", 400),
        (b'{"wrapped": 1, "vault": "x"}', 400),
        (b'{"wrapped": "\xc4\x90==", "vault": "0190f1de-0000-7000-8000-000000000000"}', 400),
        (b'{"wrapped": "AA==", "vault": "no id"}', 400),
        (b'{"wrapped": "AA==", "vault": "0190f1de-0000-7000-8000-000000000000"}', 409),
        (b'{"wrapped": "", "vault": "0190f1de-0000-7000-8000-000000000000"}', 409),
        (b'{"wrapped": "' + b"A" * 5000 + b'"}', 413),
    ],
)
def test_what_cannot_be_read_is_told_so(login_as: Any, body: bytes, status: int) -> None:
    answer = login_as("enumerator").post("/api/v1/vault/recover", data=body, content_type="application/json")
    assert answer.status_code == status
    assert answer.json["problem"]["next"]


def test_a_key_is_checked_once_and_another_one_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a tenth of a second, and an app, a command and each test begin with it."""
    read: list[bytes] = []

    def reading(data: bytes, password: None) -> Any:
        read.append(data)
        return load_der_private_key(data, password)

    monkeypatch.setattr("survey.accounts.escrow.load_der_private_key", reading)
    keys = [make_key(), make_key()]
    for key in (*keys, *keys):
        assert Escrow(key).public_key == Escrow(key).public_key
    assert read == keys
    for _ in range(2):  # what is no key is none the second time either
        with pytest.raises(ValueError):
            Escrow(b"x")
    assert read == [*keys, b"x", b"x"]


def test_a_label_opens_only_what_was_wrapped_under_it(escrow_key: bytes) -> None:
    escrow, other = Escrow(escrow_key), Escrow(make_key())
    wrapped = wrap(escrow.public_key, BUNDLE)
    assert escrow.open(wrapped, BUNDLE) == KEY
    for key, label, data in ((escrow, "so-ho vault 1", wrapped), (other, BUNDLE, wrapped), (escrow, BUNDLE, b"")):
        with pytest.raises(Problem, match="vault_closed"):
            key.open(data, label)
