"""Keys for ODK Collect: made for an account, shown once as a settings code to scan, listed with their use, revoked."""

from __future__ import annotations

import base64
import json
import zlib
from datetime import datetime
from typing import Any

import segno
from flask import Blueprint, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.utils import redirect
from werkzeug.wrappers import Response
from wtforms import SelectField

from models import Account, CollectToken
from survey.access import has_verb
from survey.accounts import accounts
from survey.collect import keys
from survey.problems import Problem
from survey.web.hosts import own_address
from survey.web.retyped import Retyped, is_fresh, is_known
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

blueprint = Blueprint("collect_keys", __name__)


class NewKey(Retyped):
    """How the phone is to send."""

    autosend = SelectField(_("Finished interviews are sent"))


# Collect's own values of its setting (the first is offered first).
AUTOSEND = [
    ("wifi_only", _("by themselves, on Wi-Fi only")),
    ("wifi_and_cellular", _("by themselves, on any network")),
    ("off", _("when the enumerator presses Send")),
]


@blueprint.route("/accounts/<account_id>/collect", methods=["GET", "POST"])
@permitted("account.manage")
def of_account(account_id: str) -> str | tuple[str, int]:
    """The keys of an account that the reader looks after."""
    return _page(_find(account_id), own=False)


@blueprint.post("/accounts/<account_id>/collect/<token_id>/revoke")
@permitted("account.manage")
def revoke(account_id: str, token_id: str) -> Response:
    """End a key."""
    keys.revoke(get_session(), _find(account_id).id, token_id, current_account(), now())
    return redirect(url_for(".of_account", account_id=account_id), 303)


@blueprint.route("/account/collect", methods=["GET", "POST"])
@permitted("interview.submit")
def own() -> str | tuple[str, int]:
    """One's own keys."""
    return _page(current_account(), own=True)


@blueprint.post("/account/collect/<token_id>/revoke")
@permitted("interview.submit")
def revoke_own(token_id: str) -> Response:
    """End a key of one's own."""
    keys.revoke(get_session(), current_account().id, token_id, current_account(), now())
    return redirect(url_for(".own"), 303)


def settings_code(address: str, project: str, username: str, autosend: str) -> str:
    """What Collect reads from its settings code: base64 of zlib of JSON
    (https://docs.getodk.org/collect-import-export/)."""
    settings: dict[str, Any] = {
        "general": {
            "protocol": "odk_default",
            "server_url": address,
            "form_update_mode": "match_exactly",
            "periodic_form_updates_check": "every_six_hours",
            "autosend": autosend,
            "delete_send": False,
            "metadata_username": username,
            "app_language": "vi",
        },
        "admin": {},
        "project": {"name": project, "icon": "H", "color": "#0b5d4a"},
    }
    text = json.dumps(settings, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def _page(account: Account, *, own: bool) -> str | tuple[str, int]:
    form = NewKey()
    form.autosend.choices = AUTOSEND
    if request.method == "POST" and form.validate() and is_known(form):
        made, text = keys.make_token(get_session(), account, current_account(), now())
        address = f"{own_address()}/collect/{text}"
        code = settings_code(address, f"Sổ Hộ {account.display_name}"[:60], account.username, form.autosend.data)
        return render_template(
            "collect/made.html", account=account, own=own, made=made, address=address, ends=_ends(account, made),
            code=segno.make(code, error="l").svg_data_uri(scale=4, border=4),
        )  # fmt: skip
    session = get_session()
    found = [
        (key, keys.is_valid(session, key, account, now()), _ends(account, key))
        for key in keys.tokens_of(session, account.id)
    ]
    page = render_template(
        "collect/keys.html", account=account, own=own, form=form, found=found, asks_password=not is_fresh()
    )
    return page, 200 if request.method == "GET" else 422


def _ends(account: Account, key: CollectToken) -> datetime | None:
    return keys.ends_at(get_session(), key, account)


def _find(account_id: str) -> Account:
    """An account that the reader looks after and that interviews; any other is as if it did not exist."""
    for account in accounts.accounts_in_reach(get_session(), current_account()):
        if account.id == account_id and has_verb(account.role, "interview.submit"):
            return account
    raise Problem("not_found")
