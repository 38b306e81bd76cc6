"""Field work as the feed shows it, and who asks: six households, the first three accepted, the fourth waiting."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from models import Account, FeedKey
from survey.accounts.accounts import find_account
from survey.feed import keys
from survey.feed.keys import Wanted
from survey.feed.sets import TABLES
from survey.terms import Action
from tests.web.desk.field import CASES, Field
from tests.world import NOW

ROOT = "/odata/"
EVERY = tuple(one.of.name for one in TABLES)


def three_accepted(work: Field) -> None:
    for number in range(4):
        work.send(work.entry(number, CASES[number]))
    for number in range(3):
        work.decide(work.sent[number], Action.ACCEPT)


def account_of(session: Session, username: str) -> Account:
    found = find_account(session, username)
    assert found is not None
    return found


def made(
    app: Flask, username: str = "supervisor", sets: Sequence[str] = EVERY, area: str | None = None, days: int = 30
) -> tuple[str, str]:
    """A key of an account: its id and its text."""
    with Session(app.extensions["engine"]) as session, session.begin():
        account = account_of(session, username)
        key, text = keys.make(session, account, Wanted("Sổ theo dõi", area, sets, days), account, NOW)
        return key.id, text


def key_row(session: Session, key_id: str) -> FeedKey:
    session.rollback()
    return session.get_one(FeedKey, key_id)


class Reader:
    """Who asks with a key."""

    def __init__(self, app: Flask, username: str = "supervisor", text: str | None = None, **more: Any) -> None:
        self.client = app.test_client()
        self.key_id, self.text = made(app, username, **more) if text is None else ("", text)
        self.headers = {"Authorization": "Basic " + b64encode(f"{username}:{self.text}".encode()).decode()}

    def get(self, path: str = "", query: dict[str, str] | None = None, **headers: str) -> Any:
        answer = self.client.get(ROOT + path, query_string=query, headers=self.headers | headers)
        assert answer.headers["OData-Version"] == "4.0"
        return answer

    def rows(self, path: str, **options: str) -> list[dict[str, Any]]:
        """All of them, page by page."""
        answer = self.get(path, {f"${name}": text for name, text in options.items()})
        found: list[dict[str, Any]] = []
        while True:
            assert answer.status_code == 200, answer.text
            found += answer.json["value"]
            following = answer.json.get("@odata.nextLink")
            if following is None:
                return found
            answer = self.client.get(following, headers=self.headers)

    def code(self, path: str, **options: str) -> tuple[int, str]:
        """How it is refused."""
        answer = self.get(path, {f"${name}": text for name, text in options.items()})
        assert answer.content_type == "application/json;charset=utf-8"
        assert set(answer.json) == {"error"}
        assert answer.json["error"]["message"]
        return answer.status_code, answer.json["error"]["code"]
