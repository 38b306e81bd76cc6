"""The phone's side door, /api/v1/: see docs/sync.md, which this file keeps to."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from flask_babel import gettext
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select, tuple_
from sqlalchemy.orm import load_only

from models import Account, FormVersion
from survey.accounts import proofs
from survey.accounts.accounts import villages_of
from survey.calendar.default import Known, rounds_in
from survey.calendar.standing import days_of
from survey.carry.carry import give_pass
from survey.clocks import day_of, instant
from survey.devices import phones
from survey.devices.between_rounds import entries_of, listed
from survey.devices.pull import LIMIT, pull
from survey.evidence.lineage import generation, successions
from survey.evidence.signing import Signer
from survey.files.store import check_quota, has_own, may_keep, store_file
from survey.form.form import Form
from survey.form.patterns import BUILD
from survey.intake.envelope import read_asked, read_envelope
from survey.intake.receive import receive, received
from survey.problems import Problem
from survey.register.places import periods_at, region_of
from survey.supports import told
from survey.terms import RoundState
from survey.web.files import attached_file
from survey.web.formats import round_title
from survey.web.installation import escrow
from survey.web.language import current_language
from survey.web.phone.openapi import DESCRIPTION
from survey.web.release import app_version
from survey.web.results import result_of
from survey.web.security import (
    current_account,
    current_session,
    is_open,
    only_delivers,
    permitted,
    public,
    remember_device,
)
from survey.web.session import get_session, now, server_doubt

blueprint = Blueprint("sync", __name__, url_prefix="/api/v1")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
# What a phone may use that servers of earlier releases do not know.
OFFERS = ["brief", "receipts", "outcomes", "proposals", "supports"]


@blueprint.get("/openapi.json")
@public
def description() -> Response:
    """This protocol, for machines."""
    return jsonify(DESCRIPTION)


@blueprint.get("/hello")
@permitted("sync.use", delivers=True, bare=True)
def hello() -> Response:
    """Who am I, what is the time, which release, which rounds. A withdrawn phone hears what it needs to deliver, a
    locked one nothing of anybody."""
    return jsonify(greeting() if is_open() else bare_greeting())


def bare_greeting() -> dict[str, Any]:
    """What anybody may hear who has a phone's cookie."""
    session, row = get_session(), current_session()
    may_prove = row.vault_key is not None or proofs.may_bind(row, now())
    return {
        "csrf": generate_csrf(),
        "generation": generation(session),
        "server_time": instant(now()),
        "clock_doubted": server_doubt() is not None,
        "app_version": app_version(),
        "offers": OFFERS,
        "file_limit": current_app.config["FILE_LIMIT"],
        "receipt_key": _signer().public_key,
        "escrow": {"id": escrow().key_id, "key": escrow().public_key},
        "receipt_keys": [statement.as_json() for statement in successions(session)],
        "revoked": only_delivers(),
        "proof": {
            "session": row.id,
            "nonce": proofs.nonce(current_app.config["SECRET_KEY"], row, now()),
            "bound": row.vault_key is not None,
        }
        if may_prove
        else None,
    }


def greeting() -> dict[str, Any]:
    """What the phone of who asks hears, its vault being open."""
    session, account = get_session(), current_account()
    revoked = only_delivers()
    today = day_of(now())
    villages = [] if revoked else villages_of(session, account)
    periods = periods_at(session, [*villages, account.place_id or ""], today)
    commune = periods.get(account.place_id or "")
    region = region_of(session, commune.place_id, today) if commune else None
    return bare_greeting() | {
        "account": {
            "id": account.id,
            "username": account.username,
            "display_name": account.display_name,
            "role": account.role,
            "language": account.language,
        },
        "commune": {"id": account.place_id, "name": commune.name} if commune else None,
        "villages": [
            {
                "id": village,
                "name": periods[village].name,
                "area": periods[village].area,
                "context": {"khu_vuc": periods[village].area, "vung": region},
            }
            for village in villages
            if village in periods
        ],
        "rounds": [] if revoked else _rounds(commune.place_id if commune else None, today),
        "households": None if revoked else listed(session, account).mark,
        "supports": None if revoked else told.listed(session, account, today).mark,
        "bundle_pass": give_pass(current_session(), _signer()),
    }


@blueprint.get("/forms/<form_id>/<version>")
@permitted("sync.use")
def form(form_id: str, version: str) -> Response:
    """A questionnaire's bundle: it never changes, so a phone may keep it for good. `?words=first`: in its first
    language only, a fifth of the bytes less. `?build=`: for an engine that walks compiled patterns; phones of before
    read them themselves."""
    stored = get_session().get(FormVersion, (form_id, version))
    if stored is None:
        raise Problem("not_found")
    is_first, is_built = request.args.get("words") == "first", "build" in request.args
    bundle = Form.for_phones(Form.for_engine(stored.bundle) if is_built else stored.bundle)
    said = Form.in_first_language(bundle) if is_first else bundle
    response = Response(json.dumps(said, ensure_ascii=False, separators=(",", ":")), mimetype="application/json")
    response.set_etag("-".join([stored.hash, *([BUILD] if is_built else []), *(["first"] if is_first else [])]))
    # By the build that it is not, an address leads to something else after the next release.
    lasting = "no-cache" if request.args.get("build", BUILD) != BUILD else "max-age=31536000, immutable"
    response.headers["Cache-Control"] = f"private, {lasting}"
    return response.make_conditional(request)  # type: ignore[return-value]


@blueprint.get("/forms/<form_id>/<version>/files/<name>")
@permitted("sync.use", either=True)
def form_file(form_id: str, version: str, name: str) -> Response:
    """A picture, sound or table that came with a questionnaire: like its bundle it never changes."""
    return attached_file(form_id, version, name)


@blueprint.get("/register")
@permitted("sync.use")
def register() -> Response:
    """What changed in the account's villages after `cursor`."""
    cursor, limit = _whole("cursor", 0), _whole("limit", 100)
    chunk = pull(get_session(), current_account(), cursor, min(limit, LIMIT), day_of(now()))
    return jsonify({"generation": generation(get_session()), **chunk._asdict()})


@blueprint.get("/households")
@permitted("sync.use")
def households() -> Response:
    """The list of those that no round asks for, from `skip` on; from its beginning when it is another than `mark`."""
    skip, limit = _whole("skip", 0), _whole("limit", 100)
    session, account = get_session(), current_account()
    found = listed(session, account)
    begin = skip if request.args.get("mark") == found.mark else 0
    end = begin + max(1, min(limit, LIMIT))
    return jsonify(
        {
            "generation": generation(session),
            "mark": found.mark,
            "more": end < len(found.ids),
            "entries": entries_of(session, account, found.ids[begin:end]),
        }
    )


@blueprint.get("/supports")
@permitted("sync.use")
def supports() -> Response:
    """Kinds, projects, needs, what was given already and what became of what was sent. What was given comes in parts,
    all else with the first of them."""
    skip, limit = _whole("skip", 0), _whole("limit", told.LIMIT)
    session, account = get_session(), current_account()
    found = told.listed(session, account, day_of(now()))
    begin = skip if request.args.get("mark") == found.mark else 0
    end = begin + max(1, min(limit, told.LIMIT))
    return jsonify(
        {
            "generation": generation(session),
            "mark": found.mark,
            "more": end < len(found.given),
            "kinds": [] if begin else found.kinds,
            "projects": [] if begin else found.projects,
            "needs": [] if begin else found.needs,
            "given": found.given[begin:end],
            "sent": [] if begin else told.in_words(found.sent, gettext, current_language()),
        }
    )


@blueprint.post("/push")
@permitted("sync.use", delivers=True)
def push() -> Response:
    """Take entries: each is stored, whatever is wrong with it, and answered by a receipt."""
    _limit("PUSH_LIMIT")
    envelope = read_envelope(request.get_data(cache=False))
    session, account = get_session(), current_account()
    said = str(envelope.device["id"])
    device_id = remember_device(said)
    revoked = only_delivers()
    entries, skew = envelope.entries, envelope.skew(now())
    outcomes = receive(session, account, device_id, entries, now(), _signer(), permitted=not revoked, skew=skew)
    phones.seen(session, account, envelope, now(), device_id)
    missed = {"gone": [], "elsewhere": []} if revoked or envelope.brief else phones.missed(session, account, said)
    return jsonify(
        {
            "generation": generation(session),
            "server_time": instant(now()),
            "results": [result_of(outcome) for outcome in outcomes],
            "revoked": revoked,
            **missed,
        }
    )


@blueprint.post("/receipts")
@permitted("sync.use", delivers=True)
def receipts() -> Response:
    """Which of these entries, sent by this account before, are here: for a phone that did not hear the answer."""
    _limit("PUSH_LIMIT")
    asked = read_asked(request.get_data(cache=False))
    found = received(get_session(), current_account(), asked, _signer())
    results = [result_of(outcome) for outcome in found]
    return jsonify({"generation": generation(get_session()), "server_time": instant(now()), "results": results})


@blueprint.put("/files/<sha256>")
@permitted("sync.use", delivers=True)
def put_file(sha256: str) -> Response:
    """Take a file of an answer whole, which an entry that came before names."""
    _limit("FILE_LIMIT")
    session, account, commune_id = get_session(), current_account(), request.args.get("commune", "")[:16]
    may_keep(session, account.id, commune_id, _hash(sha256))
    if not has_own(session, account.id, commune_id, sha256):
        check_quota(session, account.id, request.content_length or 0, current_app.config["FILE_QUOTA"], now())
    folder = Path(current_app.config["INSTANCE"]) / "files"
    receipt = store_file(
        session, account, commune_id, sha256, request.mimetype, request.stream, folder, now(), _signer()
    )  # fmt: skip
    return jsonify({"receipt": receipt.as_json()})


@blueprint.route("/files/<sha256>", methods=["HEAD"])
@permitted("sync.use", delivers=True)
def has_file(sha256: str) -> Response:
    """Whether the server has a file that the account brought, or that an interview of its own names."""
    commune_id = request.args.get("commune") or _commune(current_account())
    if not has_own(get_session(), current_account().id, commune_id[:16], _hash(sha256)):
        raise Problem("not_found")
    return Response(status=200)


def _rounds(commune_id: str | None, today: date) -> list[dict[str, Any]]:
    """The rounds that are open in the commune, and those of this year and last that are over, the one that is meant
    first: a phone takes a household that it finds for that one. None: wherever they are."""
    session = get_session()
    known = rounds_in(session, [commune_id] if commune_id else None, today)
    told = [one for one in known if one.is_open or (one.is_begun and one.round.year >= today.year - 1)]
    keys = {(one.round.form_id, one.round.form_version) for one in told}
    query = select(FormVersion).where(tuple_(FormVersion.form_id, FormVersion.version).in_(sorted(keys)))
    query = query.options(load_only(FormVersion.hash))  # a bundle is long, and is not said here
    forms = {(form.form_id, form.version): form for form in session.scalars(query)}
    return [_round(one, forms[one.round.form_id, one.round.form_version], commune_id) for one in told]


def _round(known: Known, form: FormVersion, commune_id: str | None) -> dict[str, Any]:
    survey_round = known.round
    days = days_of(get_session(), survey_round, commune_id or "")
    return {
        "id": survey_round.id,
        "title": round_title(survey_round),
        "year": survey_round.year,
        "state": (RoundState.OPEN if known.is_open else RoundState.CLOSED).value,
        "opens_on": days.opens_on.isoformat(),
        "closes_on": days.closes_on.isoformat(),
        "form": {
            "id": form.form_id,
            "version": form.version,
            "hash": form.hash,
            "build": BUILD,
            "url": f"/api/v1/forms/{form.form_id}/{form.version}",
        },
        "b1_method": survey_round.b1_method,
        "standard": survey_round.standard,
    }


def _signer() -> Signer:
    signer: Signer = current_app.extensions["signer"]
    return signer


def _commune(account: Account) -> str:
    return account.place_id or ""


def _limit(setting: str) -> None:
    """A body larger than the setting is refused before it is read; MAX_CONTENT_LENGTH stands behind that."""
    if (request.content_length or 0) > current_app.config[setting]:
        raise Problem("too_large")


def _hash(sha256: str) -> str:
    if not _SHA256.match(sha256):
        raise Problem("not_found")
    return sha256


def _whole(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Problem("bad_request", detail={"field": name})
    return int(text)
