"""The proof of a commune's closing as a sheet to print and sign, and as a file that anybody can check."""

from __future__ import annotations

import json
from typing import Any

import segno
from flask import Blueprint, Response, render_template, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models import RoundProof
from survey.accounts.accounts import names_of
from survey.clocks import day_of
from survey.evidence import proof_keys
from survey.problems import Problem
from survey.register.places import names_in, province_of
from survey.rounds import proof, proof_file
from survey.terms import CommuneState, EndState, HouseholdClass, Origin
from survey.web.office.round_steps import in_commune
from survey.web.security import current_account, permitted, put_on_record
from survey.web.session import get_session, now
from survey.work import ask_to_close

blueprint = Blueprint("proofs", __name__, url_prefix="/rounds/<round_id>/<commune_id>/proof")
TABLES = (HouseholdClass.POOR, HouseholdClass.NEAR_POOR)


@blueprint.get("")
@permitted("round.read")
def sheet(round_id: str, commune_id: str) -> str:
    """The counts, the flow that adds up by village, who closed and accepted, the root and the key."""
    survey_round, row = in_commune(round_id, commune_id)
    session = get_session()
    made = proof.latest(session, round_id, commune_id)
    body: dict[str, Any] = json.loads(made.body) if made else {}
    province = province_of(commune_id)
    names = names_in(session, [commune_id, province] if province else [commune_id], day_of(now()))
    fingerprint = proof_keys.fingerprint(made.public_key) if made else ""
    return render_template(
        "office/rounds/proof.html",
        one=survey_round,
        row=row,
        made=made,
        body=body,
        names=names,
        province=names.get(province or "", ""),
        people=names_of(session, [row.closed_by, row.accepted_by]),
        is_current=made is not None and proof.is_current(session, made),
        is_closed=row.state in proof.IS_CLOSED,
        is_accepted=row.state == CommuneState.ACCEPTED,
        code=_code(body, fingerprint) if made else "",
        fingerprint=proof_keys.grouped(fingerprint),
        root=proof_keys.grouped(made.anchor) if made else "",
        tables=TABLES,
        ends=EndState,
        origins=Origin,
        holds=proof_file.holds,
    )


@blueprint.get("/file")
@permitted("round.read")
def file(round_id: str, commune_id: str) -> Response:
    """The signed file; it names nobody. Handing it out is put on record."""
    in_commune(round_id, commune_id)
    session = get_session()
    made = proof.latest(session, round_id, commune_id)
    if made is None:
        raise Problem("not_found")
    detail = {"commune": commune_id, "revision": made.revision}
    put_on_record("proof_handed_out", round_id, detail)
    response = Response(proof.file_of(session, [made]), mimetype="application/json")
    name = f"chung-thuc-{commune_id}-{made.revision}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.post("")
@permitted("round.close")
def make(round_id: str, commune_id: str) -> BaseResponse:
    """Have a commune proved, as a job, that was closed before there were proofs."""
    survey_round, row = in_commune(round_id, commune_id)
    if row.state not in proof.IS_CLOSED:
        raise Problem("round_step")
    job = ask_to_close(get_session(), survey_round, [commune_id], now(), current_account().id)
    return redirect(url_for("jobs.page", job_id=job.id), 303)


def _proved(round_id: str, commune_id: str) -> RoundProof | None:
    """The proof of the closing as it stands; None when it was closed without one."""
    made = proof.latest(get_session(), round_id, commune_id)
    return made if made is not None and proof.is_current(get_session(), made) else None


def _code(body: dict[str, Any], fingerprint: str) -> str:
    return segno.make(proof_file.qr_text(body, fingerprint), error="m").svg_data_uri(scale=3, border=4)
