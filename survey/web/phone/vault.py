"""Opening a phone's vault for who forgot its PIN: see docs/vault.md."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode

from flask import Blueprint, Response, jsonify, request

from survey.accounts.escrow import recover
from survey.accounts.sessions import FRESH
from survey.problems import Problem
from survey.web.installation import escrow
from survey.web.security import current_account, permitted, signed_in_since, was_shown
from survey.web.session import get_session, now

blueprint = Blueprint("vault", __name__, url_prefix="/api/v1/vault")
_LIMIT = 4096  # bytes of a request; a wrapped key is 384
_ID = re.compile(r"[0-9a-f-]{36}\Z")


@blueprint.post("/recover")
@permitted("sync.use")
def recovered() -> Response:
    """The data key of the signed-in account's own vault, wrapped to the escrow key by their phone."""
    if (request.content_length or 0) > _LIMIT:
        raise Problem("too_large")
    if now() - signed_in_since() > FRESH:
        raise Problem("sign_in_again")
    wrapped, vault = _asked()
    try:
        key = recover(get_session(), current_account(), escrow(), wrapped, vault, now())
    except Problem:
        was_shown(False)
        raise
    was_shown(True)
    return jsonify({"key": b64encode(key).decode()})


def _asked() -> tuple[bytes, str]:
    """(the wrapped key, the vault's id). Raises `malformed`."""
    asked = request.get_json(silent=True)
    wrapped, vault = (asked.get(name) if isinstance(asked, dict) else None for name in ("wrapped", "vault"))
    if not isinstance(wrapped, str) or not isinstance(vault, str) or not _ID.match(vault):
        raise Problem("malformed", detail={"fields": ["wrapped", "vault"]})
    try:
        return b64decode(wrapped, validate=True), vault
    except ValueError:  # also what is not ASCII
        raise Problem("malformed", detail={"fields": ["wrapped"]}) from None
