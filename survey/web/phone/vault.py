"""A phone's vault as the server sees it: that it is open, that it was locked, opened for who forgot its PIN: see
docs/vault.md."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, jsonify, request

from survey.accounts import proofs
from survey.accounts.escrow import recover
from survey.accounts.sessions import FRESH
from survey.problems import Problem
from survey.web.installation import escrow
from survey.web.phone.sync import greeting
from survey.web.security import (
    current_account,
    current_session,
    end_desk,
    permitted,
    signed_in_since,
    was_shown,
)
from survey.web.session import get_session, now

blueprint = Blueprint("vault", __name__, url_prefix="/api/v1")
_LIMIT = 4096  # bytes of a request; a wrapped key is 384
_LONGEST = 200  # characters of a key, a nonce, a signature
_ID = re.compile(r"[0-9a-f-]{36}\Z")


@blueprint.post("/vault/key")
@permitted("sync.use", delivers=True, bare=True)
def bind() -> Response:
    """The session's public key, from the phone of who has just typed the password. None is taken where this server does
    not know by which address it is reached: that phone could never show that it is open."""
    (key,) = _texts("key")
    if _origin() is None:
        raise Problem("sign_in_again")
    return jsonify({"access": proofs.bind(current_session(), key, now())})


@blueprint.post("/open")
@permitted("sync.use", delivers=True, bare=True)
def prove() -> Response:
    """The vault is open: what the phone is told from now on for a while, and the greeting."""
    said, signature = _texts("nonce", "signature")
    origin = _origin()
    if origin is None:
        raise Problem("not_open")
    access = proofs.prove(current_session(), current_app.config["SECRET_KEY"], said, origin, signature, now())
    return jsonify({"access": access, "hello": greeting()})


@blueprint.post("/vault/lock")
@permitted("sync.use", delivers=True)
def lock() -> Response:
    """The vault was locked: nothing more is told, and a desk that stands open in this browser ends."""
    proofs.shut(current_session())
    end_desk()
    return Response(status=204)


@blueprint.post("/vault/recover")
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


def _origin() -> str | None:
    """The page's origin, as the browser says it; None where it is not of this server."""
    origin = request.headers.get("Origin", "")
    return origin if urlsplit(origin).netloc == request.host else None


def _texts(*names: str) -> list[str]:
    """The texts of these names in the body. Raises `malformed`, `too_large`."""
    if (request.content_length or 0) > _LIMIT:
        raise Problem("too_large")
    asked = request.get_json(silent=True)
    found = [asked.get(name) if isinstance(asked, dict) else None for name in names]
    texts = [one for one in found if isinstance(one, str) and len(one) <= _LONGEST]
    if len(texts) != len(names):
        raise Problem("malformed", detail={"fields": list(names)})
    return texts


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
