"""Who gets in with which key, until when, to what; what Excel and Power BI send; what is refused and recorded."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AuditEvent, FeedKey, LoginAttempt
from survey.access import VERBS
from survey.accounts import accounts
from survey.evidence.lineage import renew_generation
from survey.feed import keys
from survey.feed.keys import MOST_WRONG as LIMITS
from survey.feed.sets import TABLES
from survey.terms import Role
from tests.odata.test_requests import EXCEL
from tests.web.desk.field import Field
from tests.web.feed.feed import EVERY, Reader, account_of, key_row, made, three_accepted
from tests.world import COMMUNE, NOW, OTHER_COMMUNE

# As Power Query sends them (https://github.com/NLstn/go-odata/issues/874: a trace of Excel, July 2026).
HEADERS = {
    "Accept": EXCEL,
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)",
    "MaxDataServiceVersion": "3.0",
    "OData-MaxVersion": "4.0",
}


@pytest.fixture
def work(field: Callable[..., Field]) -> Field:
    return field(6, done=three_accepted)


def test_excel_connects_and_loads(app: Flask, work: Field) -> None:
    """The way of Power Query: first without a key, then the service document, $metadata, a preview, and the table. What
    it folds into the address is from https://github.com/microsoft/DataConnectors/issues/107 ($top) and
    https://learn.microsoft.com/power-query/samples/trippin/10-tableview1/readme, which does again what OData.Feed does
    ($top, $skip, $count, $select, $orderby); that only 4.0 will do, https://github.com/NLstn/go-odata/issues/382."""
    _, text = made(app)
    excel = app.test_client()
    first = excel.get("/odata/", headers=HEADERS)
    assert (first.status_code, first.headers["WWW-Authenticate"]) == (401, 'Basic realm="So Ho", charset="UTF-8"')
    known = HEADERS | {"Authorization": "Basic " + b64encode(f"supervisor:{text}".encode()).decode()}

    def asked(address: str) -> Any:
        answer = excel.get(address, headers=known)
        assert answer.status_code == 200, (address, answer.text)
        assert answer.headers.getlist("OData-Version") == ["4.0"]  # two of them are one that Excel cannot read
        return answer

    service = asked("/odata/")
    assert service.content_type.startswith("application/json;odata.metadata=minimal")
    assert [one["url"] for one in service.json["value"]] == list(EVERY)
    assert service.json["@odata.context"] == "http://localhost/odata/$metadata"
    assert asked("/odata/$metadata").content_type.startswith("application/xml")  # though JSON stands first in Accept
    for one in TABLES:
        preview = asked(f"/odata/{one.of.name}?$top=1000").json
        assert preview["@odata.context"] == f"http://localhost/odata/$metadata#{one.of.name}"
        assert all(tuple(row) == one.of.names for row in preview["value"])
    assert len(asked("/odata/Households").json["value"]) == 6
    folded = asked(
        "/odata/Households?$filter=State%20eq%20%27accepted%27%20and%20Persons%20gt%201&$select=HouseholdId,Class&$top=2"
    )
    assert [set(row) for row in folded.json["value"]] == [{"HouseholdId", "Class"}] * 2
    assert asked("/odata/Households/$count").text == "6"
    assert asked("/odata/Households?$count=true&$top=0").json["@odata.count"] == 6
    assert len(asked("/odata/Places?$orderby=PlaceId&$skip=1&$top=2").json["value"]) == 2
    assert len(asked("/odata/Places?$filter=contains(Name%2C%27N%C3%A0%27)").json["value"]) == 1
    assert len(asked("/odata/Places?$filter=contains(Name,%27N%C3%A0+Ca%27)").json["value"]) == 1  # + is a blank


@pytest.mark.parametrize("role", Role)
def test_each_table_is_for_whom_its_verb_is(app: Flask, work: Field, role: Role) -> None:
    allowed = [one.of.name for one in TABLES if role in VERBS[one.verb]]
    if role is Role.ENUMERATOR:
        assert allowed == []
        return
    reader = Reader(app, role.value, sets=allowed)
    assert {name: reader.get(name).status_code for name in EVERY} == {
        name: 200 if name in allowed else 404 for name in EVERY
    }


def test_one_reads_ones_own_area_alone(app: Flask, work: Field) -> None:
    """Six households are in the first commune; its neighbour and another province see nothing of them."""
    shown = {}
    for username in ("supervisor", "supervisor-other", "province", "province-other", "admin"):
        reader = Reader(app, username)
        shown[username] = len(reader.rows("Households"))
        places = {row["PlaceId"] for row in reader.rows("Places", filter="Kind eq 'commune'")}
        assert (COMMUNE in places) == (username in ("supervisor", "province", "admin")), username
        if shown[username] == 0:
            for name in ("Members", "Deprivations", "Tallies"):
                assert reader.rows(name) == [], (username, name)
            assert reader.rows("Households", filter=f"CommuneId eq '{COMMUNE}' or State ne 'x'") == []
    assert shown == {"supervisor": 6, "supervisor-other": 0, "province": 6, "province-other": 0, "admin": 6}
    narrowed = Reader(app, "province", area=OTHER_COMMUNE)
    assert narrowed.rows("Households") == []
    assert {row["PlaceId"] for row in narrowed.rows("Places", filter="Kind eq 'commune'")} == {OTHER_COMMUNE}
    assert len(Reader(app, "admin", area="14").rows("Households")) == 6
    assert Reader(app, "admin", area="11").rows("Households") == []


def test_a_key_opens_its_tables_and_no_other(app: Flask, work: Field) -> None:
    reader = Reader(app, sets=["Rounds", "Tallies"])
    assert [one["name"] for one in reader.get().json["value"]] == ["Rounds", "Tallies"]
    assert "Household" not in reader.get("$metadata").text
    assert reader.code("Households") == (404, "no_such_set")


def test_a_key_ends_with_its_day_at_a_click_and_with_the_account(app: Flask, work: Field, clock: Any) -> None:
    def kept(change: Callable[[Session], object], username: str = "supervisor") -> int:
        reader = Reader(app, username)
        assert reader.get("Rounds").status_code == 200
        with Session(app.extensions["engine"]) as session, session.begin():
            change(session)
        return int(reader.get("Rounds").status_code)

    def revoke(session: Session) -> None:
        account = account_of(session, "supervisor")
        for key in keys.keys_of(session, account.id):
            keys.revoke(session, account.id, key.id, account, NOW)

    assert kept(lambda session: None) == 200
    assert kept(revoke) == 401
    assert kept(lambda session: accounts.set_password(account_of(session, "supervisor"), "một mật khẩu khác")) == 401
    assert kept(lambda session: accounts.deactivate(account_of(session, "province")), "province") == 401
    assert kept(lambda session: accounts.deactivate(account_of(session, "province"), True)) == 200
    assert (
        kept(lambda session: setattr(account_of(session, "supervisor-2"), "role", "enumerator"), "supervisor-2") == 401
    )
    assert kept(lambda session: renew_generation(session, NOW)) == 401  # or a restore would bring back what was ended
    reader = Reader(app, days=2)
    clock.advance(days=1, hours=23)
    assert reader.get("Rounds").status_code == 200
    clock.advance(hours=1)
    assert reader.get("Rounds").status_code == 401


def test_a_name_and_a_key_must_belong_together(app: Flask, work: Field) -> None:
    _, text = made(app)
    for username, password in (
        ("supervisor-2", text),
        ("nobody", text),
        ("supervisor", text[:-1]),
        ("", ""),
        ("\x00", text),
    ):
        reader = Reader(app, username, password)
        assert reader.get("Rounds").status_code == 401, username
    assert Reader(app, " SUPERVISOR", text).get("Rounds").status_code == 200  # spelt as at signing in
    for header in ("Basic", "Basic !!", "Bearer x", "Basic " + "A" * 9_000, f"Basic {b64encode(b'a').decode()}"):
        assert app.test_client().get("/odata/Rounds", headers={"Authorization": header}).status_code == 401


def test_guessing_is_slowed_down_and_stops_nobody_who_is_right(app: Flask, session: Session) -> None:
    right = Reader(app)
    wrong = Reader(app, "supervisor", "x" * 43)
    found = [wrong.get("Rounds").status_code for _ in range(LIMITS["name"] + 2)]
    assert found == [401] * LIMITS["name"] + [429, 429]
    assert wrong.get("Rounds").headers["Retry-After"] == "900"
    assert right.get("Rounds").status_code == 200
    client = app.test_client()
    told = []
    for at in range(LIMITS["from"]):
        header = "Basic " + b64encode(f"n{at}:x".encode()).decode()
        told.append(client.get("/odata/", headers={"Authorization": header}).status_code)
    assert told[-1] == 429
    subjects = set(session.scalars(select(LoginAttempt.subject)))
    assert {"name:feed supervisor", "from:feed 127.0.0.1"} <= subjects
    assert "name:supervisor" not in subjects  # an Excel with an old key keeps nobody from signing in


def test_a_key_is_not_taken_in_the_clear(app: Flask, work: Field) -> None:
    """From another machine over http; behind a proxy that speaks https it is."""
    reader = Reader(app)
    far = {"REMOTE_ADDR": "203.0.113.7"}
    answer = reader.client.get("/odata/Rounds", headers=reader.headers, environ_base=far)
    assert (answer.status_code, "https" in answer.json["error"]["message"]) == (403, True)
    safe = reader.client.get(
        "/odata/Rounds", headers=reader.headers, environ_base=far, base_url="https://so-ho.example.vn"
    )
    assert safe.status_code == 200
    assert safe.json["@odata.context"] == "https://so-ho.example.vn/odata/$metadata#Rounds"


def test_each_request_is_on_record_without_what_it_asked_for(app: Flask, work: Field, session: Session) -> None:
    reader = Reader(app)
    reader.get("Households", {"$filter": f"HouseholdId eq '{work.households[0]}'"})
    reader.get("Households", {"$expand": "Members"})
    reader.get("$metadata")
    rows = session.scalars(select(AuditEvent).where(AuditEvent.verb == "feed.read")).all()
    said = sorted((row.detail["table"], row.detail["status"]) for row in rows)
    assert said == [("$metadata", 200), ("Households", 200), ("Households", 501)]
    assert {row.detail["key"] for row in rows} == {reader.key_id}
    assert not [row for row in rows if work.households[0] in str(row.detail)]
    assert key_row(session, reader.key_id).last_used_at == NOW
    stored = key_row(session, reader.key_id)
    assert reader.text not in "".join(str(getattr(stored, column.key)) for column in FeedKey.__table__.columns)


# path, options, how it is refused (None: it is answered, and shows nothing)
TRIED: list[tuple[str, dict[str, str], tuple[int, str] | None]] = [
    ("Households", {"filter": "1 eq 1 or Class eq 'x'"}, (501, "filter_unsupported")),
    ("Households", {"filter": "Class eq 'x'; DELETE FROM household"}, (400, "bad_filter")),
    ("Households", {"filter": "Class eq ''' OR ''1''=''1'"}, None),
    ("Households", {"filter": "head_name ne null"}, (400, "no_such_property")),
    ("Members", {"filter": "answers ne null"}, (400, "no_such_property")),
    ("Members", {"select": "roster"}, (400, "no_such_property")),
    ("Tallies", {"filter": "counts ne null"}, (400, "no_such_property")),
    ("Households", {"filter": "(" * 900 + "Persons eq 1" + ")" * 900}, (400, "too_long")),
    ("Households", {"filter": "not " * 900 + "(Persons eq 1)"}, (400, "too_long")),
    ("Households", {"orderby": "Class"}, (501, "orderby_unsupported")),
    ("Tallies", {"orderby": "RoundId"}, (501, "orderby_unsupported")),
    ("Households", {"expand": "Members"}, (501, "option_unsupported")),
    ("Households", {"skiptoken": "x"}, (400, "bad_token")),
    ("Households", {"skiptoken": "WyIwMzc1NyIsIiIsWyIxIl0sMCwwXQ"}, (400, "bad_token")),
    ("Households(1)/Members", {}, (501, "path_unsupported")),
    ("Accounts", {}, (404, "no_such_set")),
    ("../healthz", {}, (404, "no_such_set")),
]


def test_what_a_stranger_tries_is_answered_by_the_standard(app: Flask, work: Field) -> None:
    reader = Reader(app)
    for path, options, refused in TRIED:
        if refused is None:
            assert reader.rows(path, **options) == []
        else:
            assert reader.code(path, **options) == refused, (path, options)
    assert len(reader.rows("Households")) == 6


def test_nothing_is_written_here(app: Flask, work: Field) -> None:
    reader = Reader(app)
    assert reader.client.post("/odata/$batch", headers=reader.headers, data="x").status_code == 501
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = reader.client.open("/odata/Households", method=method, headers=reader.headers)
        assert (answer.status_code, answer.json["error"]["code"]) == (405, "method_not_allowed")
    assert reader.client.head("/odata/Households", headers=reader.headers).status_code == 200
    assert reader.get("Rounds", {"$format": "atom"}).status_code == 406
    assert reader.get("Rounds", None, **{"OData-MaxVersion": "3.0"}).status_code == 400
    assert reader.get("Rounds", None, **{"OData-MaxVersion": "4.01"}).headers["OData-Version"] == "4.0"


def test_a_failure_says_nothing_and_is_an_error_of_the_standard(
    app: Flask, work: Field, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    said = "Lò Văn Đông"

    def broken(*_: Any) -> Any:
        raise RuntimeError(said)

    app.config["PROPAGATE_EXCEPTIONS"] = False
    reader = Reader(app)
    monkeypatch.setattr("survey.web.feed.door.Page", broken)
    answer = reader.get("Households")
    assert (answer.status_code, answer.json["error"]["code"]) == (500, "server_error")
    assert said not in caplog.text + answer.json["error"]["message"]
