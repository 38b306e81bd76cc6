"""The phones of a commune: what each holds, withdrawing one, what is missing since a restore, and receipts shown."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from textwrap import wrap

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse
from wtforms import TextAreaField

from survey.access import has_verb
from survey.accounts.accounts import accounts_in_reach
from survey.clocks import is_noticed
from survey.devices import cleared, phones
from survey.devices.after_restore import holes_in, remember_lost
from survey.devices.phones import Holding
from survey.devices.receipt_check import MAX_BYTES, Finding, Presence, Verdict, examine, read_claims
from survey.evidence import audit
from survey.evidence.signing import key_id
from survey.problems import Problem
from survey.web.desk.home import open_desk
from survey.web.forms import FileField
from survey.web.release import app_version
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now, server_doubt

blueprint = Blueprint("devices", __name__, url_prefix="/desk/<commune_id>")
STALE = timedelta(days=7)  # not heard of for so long: somebody should ask
LITTLE_ROOM = 0.8  # of what the browser gives


class ShownReceipt(FlaskForm):
    """A receipt as text or as a file."""

    text = TextAreaField()
    file = FileField()


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(phone_signs=phone_signs)
    app.register_blueprint(blueprint)


def phone_signs(phone: Holding) -> dict[str, bool]:
    """What is to be marked of a phone."""
    device, storage = phone.device, phone.device.storage or {}
    return {
        "revoked": device.revoked_at is not None,
        "closed": not phone.account.active,
        "stale": now() - device.last_contact_at > STALE,
        "other_release": device.app_version not in ("", app_version()),
        # One wrong clock makes all phones look wrong: then it is the server that is named, and none of them.
        "clock": is_noticed(device.clock_skew_seconds) and server_doubt() is None,
        "full": storage.get("short", False)
        or (bool(storage.get("quota")) and storage.get("used", 0) > LITTLE_ROOM * storage["quota"]),
        "not_persisted": bool(storage) and not storage.get("persisted"),
        "gone": bool(phone.gone),
        "reported": device.reported_by is not None,
    }


@blueprint.get("/phones")
@permitted("device.read")
def listing(commune_id: str) -> str:
    """What the phones of the commune still hold, and when each last spoke."""
    desk, found = open_desk("device.read", commune_id), phones.devices_in(get_session(), commune_id)
    return render_template("desk/devices/list.html", desk=desk, phones=found)


@blueprint.get("/phones/<account_id>/<device_id>")
@permitted("device.read")
def one(commune_id: str, account_id: str, device_id: str) -> str:
    """One phone: everything that it said of itself."""
    phone = _find(commune_id, account_id, device_id)
    return render_template(
        "desk/devices/one.html", desk=open_desk("device.read", commune_id), phone=phone, manages=_manages(phone),
        settles=has_verb(current_account().role, "work.manage"),
    )  # fmt: skip


@blueprint.post("/phones/<account_id>/<device_id>/revoke")
@permitted("account.manage")
def revoke(commune_id: str, account_id: str, device_id: str) -> BaseResponse:
    """Withdraw a phone, or take that back. What would be stranded on it is named first."""
    phone = _find(commune_id, account_id, device_id)
    if not _manages(phone):
        raise Problem("not_found")
    withdraws = request.form.get("revoked") == "1"
    if withdraws and not phone.is_empty and request.form.get("confirmed") != "1":
        page = render_template(
            "desk/devices/confirm.html", what="revoke", account=phone.account, held=[phone], fields=[("revoked", "1")],
            back=url_for(".one", **(request.view_args or {})),
        )  # fmt: skip
        return Response(page, 409)
    change = phones.withdraw if withdraws else phones.allow
    change(get_session(), phone, current_account(), now())
    return redirect(url_for(".one", **(request.view_args or {})), 303)


@blueprint.post("/phones/<account_id>/<device_id>/settle")
@permitted("work.manage")
def settle(commune_id: str, account_id: str, device_id: str) -> BaseResponse:
    """Nothing more is to be done about an interview that was lost with a phone's storage."""
    phone, entry_id = _find(commune_id, account_id, device_id), request.form.get("entry", "")[:64]
    if not _manages(phone):
        raise Problem("not_found")
    if cleared.settle(phone.device, entry_id):
        detail = {"device": phone.device.id, "entry": entry_id}
        audit.record(get_session(), now(), current_account().id, "loss_settled", phone.account.id, detail)
    return redirect(url_for(".one", **(request.view_args or {})), 303)


@blueprint.get("/holes")
@permitted("device.read")
def holes(commune_id: str) -> str:
    """What is known to be missing, and on which phone it may be."""
    desk = open_desk("device.read", commune_id)
    return render_template("desk/devices/holes.html", desk=desk, holes=holes_in(get_session(), commune_id))


@blueprint.get("/receipts")
@permitted("review.read")
def receipts(commune_id: str) -> str:
    """Where a receipt is shown."""
    return _receipts_page(commune_id, ShownReceipt(formdata=None), None)


@blueprint.post("/receipts")
@permitted("review.read")
def show_receipt(commune_id: str) -> tuple[str, int] | str:
    """Whether receipts are genuine, of what, and whether that is still here."""
    form = ShownReceipt()
    if not form.validate():
        raise Problem("bad_request")
    given = form.file.data.stream.read(MAX_BYTES + 1) if form.file.data else (form.text.data or "").encode()
    try:
        claims = read_claims(given)
    except Problem as problem:
        return _receipts_page(commune_id, form, None, problem.code), 422
    session, folder = get_session(), Path(current_app.config["INSTANCE"]) / "files"
    found = examine(session, current_app.extensions["signer"], claims, folder)
    remember_lost(session, commune_id, current_account(), claims, found, now())
    return _receipts_page(commune_id, form, found)


def _receipts_page(commune_id: str, form: ShownReceipt, found: list[Finding] | None, fault: str | None = None) -> str:
    desk = open_desk("review.read", commune_id)
    return render_template(
        "desk/devices/receipts.html", desk=desk, form=form, found=found, fault=fault, Verdict=Verdict, Place=Presence,
        key=" ".join(wrap(key_id(current_app.extensions["signer"].public_key), 4)),
    )  # fmt: skip


def _find(commune_id: str, account_id: str, device_id: str) -> Holding:
    phone = phones.find_device(get_session(), commune_id, account_id, device_id)
    if phone is None:
        raise Problem("not_found")
    return phone


def _manages(phone: Holding) -> bool:
    """Whether the reader looks after the account of this phone."""
    return phone.account.id in [account.id for account in accounts_in_reach(get_session(), current_account())]
