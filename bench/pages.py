"""How long the desk's pages take on a province: `python -m bench.pages [HOUSEHOLDS]`, else 300,000.

Communes of 5,000 invented households (`flask --app app simulate`) with an accepted round of last year and one that was
just opened (in the last commune none: its phones are between two rounds; in the one that is looked at 4,000 interviews
wait), with residents, programmes, plan and supports (`bench/steered.py`), in a temporary folder; INSTANCE names a
folder that is kept, and is filled only while it is empty, DATABASE_URL an empty database of yours. Then the product
answers, in this process, what a supervisor, the province and a phone ask most, of households and persons drawn at
random. Printed: the middle and the 95th percentile, this as a share of the limit of 150 ms (a round commune by commune,
a phone's whole first pull and the indices of a province have none), and in brackets what both took of the processor: on
a busy machine that alone tells something.
"""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from random import Random
from statistics import quantiles
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app import create_app
from bench.steered import steer
from models import (
    Account,
    Assessment,
    Base,
    FormVersion,
    Household,
    Member,
    RosterRow,
    Round,
    Submission,
    SubmissionEvent,
    SubmissionStatus,
)
from scripts.serving import settle
from survey.accounts.accounts import create_account
from survey.canonical import canonical
from survey.clocks import day_of, instant
from survey.demo.accounts import PASSWORD, PROVINCE
from survey.poverty.indices import Identification, Rule, Unit
from survey.reports.indices import told
from survey.reports.measured import TWELFTHS, By, reviewed
from survey.review.signs import Sign
from survey.terms import Role

LIMIT = 0.150  # seconds, 95 of 100
OF_COMMUNE = 5000
WAITING = 4000  # interviews
TIMES = 60
PROVINCE_ACCOUNT = "bench-tinh"
OF_ROUND = {  # pages that count a round
    "at a glance": "dashboard?",
    "the report": "report?",
    "official table 1": "tables?table=1&",
    "official table 2": "tables?table=2&",
    "official table 4": "tables?table=4&",
    **{f"official table {number}": f"tables?table={number}&" for number in range(8, 14)},
    "the map": "map?",
    "needs": "needs?",
}
OF_COMMUNE_ALONE = {  # and those that look at a commune's households
    "who was served": "coverage?",
    "the list of needs": "needs/households?",
    "what if another line": "what-if?unit=points&rural=150&urban=180&",
    "what if one lack less": "what-if?unit=points&rural=140&urban=175&least=2&i_bhyt=left_out&",
}
STEERED = {  # of no one round
    "the plan": "plan",
    "tasks of the plan": "plan/tasks",
    "programmes": "programmes",
    "funds": "funds",
    "supports": "supports",
    "supports of a kind": "supports?kind=y_te&year=2025",
}


def command(*words: str) -> None:
    """A command of the product, and how long it took."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "flask", "--app", "app", *words], check=True, stdout=subprocess.DEVNULL)
    print(f"{' '.join(words[:2])}: {time.perf_counter() - began:.0f} s", flush=True)


def fill(app: Flask, households: int) -> None:
    """The communes with last year's round, this year's opened, and somebody who reads for the province."""
    communes = max(2, -(-households // OF_COMMUNE))
    command("simulate", "--communes", str(communes), "--households", str(households))
    today = day_of(datetime.now(UTC))
    with Session(app.extensions["engine"]) as session, session.begin():
        version = session.scalars(select(FormVersion.version)).one()
        there = session.scalars(select(Household.commune_id).distinct().order_by(Household.commune_id)).all()
        create_account(
            session, username=PROVINCE_ACCOUNT, display_name="Bench", role=Role.PROVINCE, password=PASSWORD,
            now=datetime.now(UTC), place_id=PROVINCE,
        )  # fmt: skip
    among = [word for one in there[:-1] for word in ("--commune", one)]
    opens, closes = (date(today.year, *day).isoformat() for day in ((9, 1), (12, 31)))
    days = ("--year", str(today.year), "--opens", opens, "--closes", closes)
    command("round", "open", "Bench", "--version", version, *days, "--b1", "nhap_tong", *among)
    with Session(app.extensions["engine"]) as session, session.begin():
        send(session, looked_at(there))


def looked_at(communes: Sequence[str]) -> str:
    return communes[(len(communes) - 1) // 2]


def send(session: Session, commune_id: str) -> None:
    """Last year's interviews once more in the round that is open: they wait for the commune. Of every tenth household
    the last member is not in it any more."""
    before, now = session.scalars(select(Round).order_by(Round.year)).all()[-2:]
    rows: dict[type[Base], list[dict[str, Any]]] = defaultdict(list)
    query = (
        select(Submission, Assessment)
        .join(Assessment, (Assessment.commune_id == Submission.commune_id)
              & (Assessment.submission_id == Submission.id))
        .where(Submission.commune_id == commune_id, Submission.round_id == before.id)
        .order_by(Submission.id).limit(WAITING)
    )  # fmt: skip
    at = datetime.now(UTC)
    for number, (one, judged) in enumerate(session.execute(query)):
        key, content = {"commune_id": commune_id, "submission_id": str(uuid4())}, json.loads(one.content)
        content |= {"id": str(uuid4()), "round_id": now.id, "finalised_at": instant(at)}
        if number % 10 == 0:
            content["answers"]["thanh_vien"] = content["answers"]["thanh_vien"][:-1]
        found = canonical(content)
        kept = {column.name: getattr(one, column.name) for column in Submission.__table__.c}
        kept |= {"id": key["submission_id"], "entry_id": content["id"], "content": found.text, "round_id": now.id,
                 "content_hash": found.hash, "received_at": at, "finalised_at_said": instant(at)}  # fmt: skip
        rows[Submission].append(kept)
        rows[SubmissionEvent].append(
            key | {"id": str(uuid4()), "seq": 1, "action": "receive", "to_state": "submitted", "at": at,
                   "account_id": one.account_id}
        )  # fmt: skip
        rows[SubmissionStatus].append(
            key | {"household_id": one.household_id, "round_id": now.id, "received_at": at, "state": "submitted",
                   "reason": None, "updated_at": at}
        )  # fmt: skip
        rows[Assessment].append({column.name: getattr(judged, column.name) for column in Assessment.__table__.c} | key)
    for model, those in rows.items():
        session.execute(insert(model), those)


class Desk:
    """Somebody's browser, signed in."""

    def __init__(self, app: Flask, username: str) -> None:
        self.client: FlaskClient = app.test_client()
        page = self.ask("GET", "/login")
        form = {"username": username, "password": PASSWORD, "csrf_token": self.token(page)}
        self.ask("POST", "/login", form)

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> str:
        headers = {"X-CSRF-Token": self.csrf} if hasattr(self, "csrf") else {}
        answer = self.client.open(path, method=method, data=form, headers=headers, base_url="http://localhost")
        if answer.status_code >= 400:
            said = re.sub(r"<[^>]+>|\s+", " ", answer.get_data(as_text=True))
            raise RuntimeError(f"{method} {path}: {answer.status_code} {said[:1500]}")
        return answer.get_data(as_text=True)

    @staticmethod
    def token(page: str, name: str = "csrf_token") -> str:
        found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
        return html.unescape(found[1]) if found else ""


def took(name: str, times: int, ask: Callable[[int], Any], limit: float | None = LIMIT) -> bool:
    """Ask so often, print how long it took; whether it is within the limit."""
    ask(times)  # what is read once for all pages
    found, worked = [], []  # seconds, and of the processor
    for at in range(times):
        began, busy = time.perf_counter(), time.process_time()
        ask(at)
        found.append(time.perf_counter() - began)
        worked.append(time.process_time() - busy)
    (middle, high), (own, most) = ((parts[9], parts[18]) for parts in (quantiles(all, n=20) for all in (found, worked)))
    held = "" if limit is None else f"  {high / limit:4.0%} ({most / limit:.0%}) of {limit * 1000:.0f} ms"
    said = (
        f"p50 {middle * 1000:5.0f} ms (processor {own * 1000:5.0f} ms)  p95 {high * 1000:5.0f} ({most * 1000:.0f}) ms"
    )
    print(f"{name:36} {said}{held}", flush=True)
    return limit is None or high <= limit


def indices(app: Flask, round_id: str, communes: Sequence[str]) -> None:
    """What `mpi` counts, by ethnic group and who is poor by law."""
    with Session(app.extensions["reading_engine"]) as session:
        rule = Rule(TWELFTHS, Identification.LAW)
        found = reviewed(session, round_id, communes, rule, Unit.HOUSEHOLDS, By.ETHNICITY)
        told(session.get_one(Round, round_id), found, By.ETHNICITY)


def steered(app: Flask) -> None:
    with Session(app.extensions["engine"]) as session, session.begin():
        there = session.scalars(select(Household.commune_id).distinct().order_by(Household.commune_id)).all()
        before, _now = session.scalars(select(Round).order_by(Round.year)).all()[-2:]
        steer(session, before, list(there), looked_at(there), PROVINCE_ACCOUNT)


def measure(app: Flask) -> bool:
    draw = Random("pages")
    with Session(app.extensions["engine"]) as session:
        count = session.scalar(select(func.count()).select_from(Household))
        communes = session.scalars(select(Household.commune_id).distinct().order_by(Household.commune_id)).all()
        commune = looked_at(communes)
        met = select(RosterRow.household_id).where(RosterRow.commune_id == commune)
        here = select(Household.id, Household.head_name, Household.code).where(
            Household.commune_id == commune, Household.id.in_(met)
        )
        households = draw.sample(session.execute(here.order_by(Household.id)).all(), TIMES + 1)
        of = select(RosterRow.household_id, RosterRow.person_id).where(RosterRow.commune_id == commune)
        persons = [
            session.execute(of.where(RosterRow.household_id == one.id).order_by(RosterRow.position)).first()
            for one in households
        ]
        before, now = session.scalars(select(Round.id).order_by(Round.year)).all()[-2:]
        people = session.scalar(select(func.count()).select_from(Member))
    print(f"{count} households, {people} persons, {len(communes)} communes; {commune} is looked at")
    supervisor, province, phone = (
        Desk(app, name) for name in (f"can-bo-{commune}", PROVINCE_ACCOUNT, f"rsv-{commune}")
    )
    between = Desk(app, f"rsv-{communes[-1]}")
    mark = json.loads(between.ask("GET", "/api/v1/hello"))["households"]
    queue = f"/desk/{commune}/queue?round={now}&state=submitted"
    of_commune, today = f"/desk/{commune}", day_of(datetime.now(UTC)).isoformat()

    def page(at: int) -> str:
        return f"{of_commune}/households/{households[at].id}"

    shown: dict[int, str] = {}
    anew = uuid4().hex[:6]  # an address that no earlier measuring of the same folder wrote

    def correction(at: int) -> dict[str, str]:
        return {"kind": "correct", "since": today, "address": f"Số {at} {anew}", "csrf_token": token}

    def preview(at: int) -> None:
        shown[at] = supervisor.ask("POST", page(at), correction(at))

    def write(at: int) -> None:
        basis = Desk.token(shown[at], "basis")
        supervisor.ask("POST", page(at), correction(at) | {"basis": basis, "reason": "bench"})

    def pull(_at: int) -> None:
        cursor, more = 0, True
        while more:
            chunk = json.loads(phone.ask("GET", f"/api/v1/register?cursor={cursor}&limit=100"))
            cursor, more = chunk["cursor"], chunk["more"]

    token = Desk.token(supervisor.ask("GET", page(0)))
    good = [
        took("a household's page", TIMES, lambda at: supervisor.ask("GET", page(at))),
        took("a person's page", TIMES,
             lambda at: supervisor.ask("GET", f"{page(at)}/persons/{persons[at].person_id}")),
        took("a correction: what it would do", TIMES, preview),
        took("a correction: written down", TIMES, write),
        took("the desk's first page", 20, lambda _: supervisor.ask("GET", f"{of_commune}/")),
        took("the same of last year's round", 20, lambda _: supervisor.ask("GET", f"{of_commune}/?round={before}")),
        took("the list of households", 20, lambda _: supervisor.ask("GET", f"{of_commune}/households?round={now}")),
        took("the list of last year's round", 20,
             lambda _: supervisor.ask("GET", f"{of_commune}/households?round={before}")),
        took("the records of last year's round", 20,
             lambda _: supervisor.ask("GET", f"{of_commune}/queue?round={before}&state=accepted")),
        took("who visits which village", 20, lambda _: supervisor.ask("GET", f"{of_commune}/workload")),
        took("search by a name", 20, lambda at: supervisor.ask(
            "POST", f"{of_commune}/search", {"wanted": households[at].head_name, "csrf_token": token})),
        took("search by a number", 20, lambda at: supervisor.ask(
            "POST", f"{of_commune}/search", {"wanted": households[at].code, "csrf_token": token})),
        *(took(f"{name} of last year's round", 20,
               lambda _, path=path: supervisor.ask("GET", f"{of_commune}/{path}round={before}"))
          for name, path in OF_ROUND.items()),
        *(took(f"{name} of last year's round", 20,
               lambda _, path=path: supervisor.ask("GET", f"{of_commune}/{path}round={before}"))
          for name, path in OF_COMMUNE_ALONE.items()),
        *(took(f"{name} of a commune", 20, lambda _, path=path: supervisor.ask("GET", f"{of_commune}/{path}"))
          for name, path in STEERED.items()),
        *(took(f"the province: {name}", 10, lambda _, path=path: province.ask("GET", f"/desk/{path}"))
          for name, path in STEERED.items()),
        took("mpi of a commune", 20, lambda _: indices(app, before, [commune])),
        took("mpi of the province", 2, lambda _: indices(app, before, communes), None),
        *(took(f"the province: {name}", 10, lambda _, path=path: province.ask("GET", f"/desk/{path}round={before}"))
          for name, path in OF_ROUND.items() if name not in ("the map",)),
        took("a round in the commune", 20, lambda _: supervisor.ask("GET", f"/rounds/{before}/{commune}/")),
        took("how far each commune is", 10, lambda _: province.ask("GET", "/desk/")),
        took("a round, commune by commune", 10, lambda _: province.ask("GET", f"/rounds/{now}"), None),
        took("a phone: hello", 20, lambda _: phone.ask("GET", "/api/v1/hello")),
        took("a phone: a hundred households", 20, lambda _: phone.ask("GET", "/api/v1/register?cursor=0&limit=100")),
        took("a phone: nothing new", 20, lambda _: phone.ask("GET", "/api/v1/register?cursor=1000000&limit=100")),
        took("a phone: all of the commune", 2, pull, None),
        took("the queue of waiting interviews", 20, lambda at: supervisor.ask("GET", f"{queue}&page={at + 1}")),
        *(took(f"the same, {sign} alone", 20, lambda _, sign=sign: supervisor.ask("GET", f"{queue}&sign={sign}"))
          for sign in Sign),
        took("a phone between rounds: hello", 20, lambda _: between.ask("GET", "/api/v1/hello")),
        took("…: a page of households", 20,
             lambda at: between.ask("GET", f"/api/v1/households?mark={mark}&skip={at * 100}&limit=100")),
    ]  # fmt: skip
    return all(good)


def main() -> int:
    households = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("INSTANCE", folder)
        app = create_app({"NEW": True, "INSTANCE": os.environ["INSTANCE"]})
        with app.app_context():
            command("migrate", "--new")
        with Session(app.extensions["engine"]) as session:
            is_filled = session.scalar(select(Account.id).where(Account.username == PROVINCE_ACCOUNT)) is not None
        if not is_filled:
            fill(app, households)
        steered(app)
        settle()
        return 0 if measure(app) else 1


if __name__ == "__main__":
    sys.exit(main())
