"""Files in parts, /api/v1/uploads: tus 1.0.0 with the extensions creation, expiration and checksum; and thumbnails.

https://tus.io/protocols/resumable-upload is meant where a section is named. Any tus client can send here that is signed
in by the session cookie and sends X-CSRF-Token. What is ours: the metadata `sha256`, `commune` and `filetype`, and the
header Upload-Receipt of a file that is whole: the receipt as JSON, in base64.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from datetime import UTC
from email.utils import format_datetime
from pathlib import Path

from flask import Blueprint, Response, current_app, request, url_for
from werkzeug.exceptions import MethodNotAllowed, UnsupportedMediaType

from models import Upload
from survey.evidence.receipts import find_receipt
from survey.evidence.signing import Signer
from survey.files import uploads
from survey.files.store import check_quota, has_own, may_keep, path_of, put_in_place, record_file
from survey.files.uploads import ALGORITHMS, Checksum
from survey.problems import Problem
from survey.web.security import current_account, permitted, public
from survey.web.session import abandon, aside, get_session, now

blueprint = Blueprint("uploads", __name__, url_prefix="/api/v1")
VERSION = "1.0.0"
BYTES = "application/offset+octet-stream"
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


@blueprint.before_request
def _speak_one_version() -> None:
    """§Tus-Resumable: another version is answered 412 and not processed."""
    asked = request.endpoint in ("uploads.begin", "uploads.go_on", "uploads.offset")
    if asked and request.headers.get("Tus-Resumable") != VERSION:
        raise Problem("tus_version")


@blueprint.after_request
def _say_version(response: Response) -> Response:
    response.headers["Tus-Resumable"] = VERSION
    if response.status_code == 412:
        response.headers["Tus-Version"] = VERSION
    return response


@blueprint.route("/uploads", methods=["OPTIONS"], provide_automatic_options=False)
@public
def options() -> Response:
    """§OPTIONS: what this server speaks."""
    response = Response(status=204)
    response.headers["Tus-Version"] = VERSION
    response.headers["Tus-Extension"] = "creation,expiration,checksum"
    response.headers["Tus-Max-Size"] = str(current_app.config["FILE_LIMIT"])
    response.headers["Tus-Checksum-Algorithm"] = ",".join(ALGORITHMS)
    return response


@blueprint.post("/uploads", provide_automatic_options=False)
@permitted("sync.use", delivers=True)
def begin() -> Response:
    """§Creation: a new upload, or the one of this file that this account began before."""
    size = _whole("Upload-Length")
    if size > current_app.config["FILE_LIMIT"]:
        raise Problem("too_large")
    said = _metadata()
    sha256, commune_id = said.get("sha256", ""), said.get("commune", "")[:16]
    if not size or not _SHA256.match(sha256):
        raise Problem("bad_request", detail={"field": "Upload-Length" if not size else "sha256"})
    session, account = get_session(), current_account()
    if not has_own(session, account.id, commune_id, sha256):
        check_quota(session, account.id, size, current_app.config["FILE_QUOTA"], now())
    upload = uploads.begin(session, account, commune_id, sha256, size, said.get("filetype", ""), _folder(), now())
    response = _described(upload, Response(status=201))
    response.headers["Location"] = url_for("uploads.offset", upload_id=upload.id)
    return response


@blueprint.route("/uploads/<upload_id>", methods=["HEAD"], provide_automatic_options=False)
@permitted("sync.use", delivers=True)
def offset(upload_id: str) -> Response:
    """§HEAD: how much is here. An upload whose last part came as the server was killed, or before an entry named the
    file, becomes whole now."""
    upload = uploads.find(get_session(), current_account(), upload_id)
    if uploads.held(upload, _folder()) == upload.size and uploads.waits_to_end(get_session(), upload):
        upload = _finish(upload)
    return _described(upload, Response(status=200))


@blueprint.route("/uploads/<upload_id>", methods=["PATCH", "POST"], provide_automatic_options=False)
@permitted("sync.use", delivers=True)
def go_on(upload_id: str) -> Response:
    """§PATCH: the next bytes. The part that makes the file whole is answered with its receipt."""
    if request.method == "POST" and request.headers.get("X-HTTP-Method-Override") != "PATCH":
        raise MethodNotAllowed(valid_methods=["HEAD", "PATCH"])
    if request.mimetype != BYTES:
        raise UnsupportedMediaType
    at, checksum = _whole("Upload-Offset"), _checksum()
    upload = uploads.find(get_session(), current_account(), upload_id)
    if at + (request.content_length or 0) > upload.size:
        raise Problem("too_large")
    if not uploads.is_whole(get_session(), upload):
        abandon()  # bytes may be long on their way to the disk: no transaction waits for them
        if uploads.append(upload, _folder(), at, request.stream, checksum) == upload.size:
            upload = _finish(upload)
    elif at != upload.size:
        raise Problem("upload_offset", detail={"offset": upload.size})
    return _described(upload, Response(status=204))


@blueprint.put("/files/<sha256>/thumbnail")
@permitted("sync.use", delivers=True)
def thumbnail(sha256: str) -> Response:
    """A small picture of one that has not come yet, for whoever reviews meanwhile."""
    if (request.content_length or 0) > uploads.MOST_BYTES_OF_A_THUMBNAIL:
        raise Problem("too_large")
    commune_id = request.args.get("commune", "")[:16]
    content = request.get_data(cache=False)
    uploads.keep_thumbnail(get_session(), current_account(), commune_id, sha256[:64], request.mimetype, content)
    return Response(status=204)


def _finish(upload: Upload) -> Upload:
    """All bytes are here: judge them, and keep the file with its receipt or give the upload up. Raises `not_named` for
    one that no entry of its sender names yet: what came is held as other unfinished uploads are."""
    abandon()  # hashing takes time too
    with aside(writes=False) as session:
        may_keep(session, upload.account_id, upload.commune_id, upload.sha256)
    partial = uploads.partial_of(_folder(), upload.id)
    path = path_of(_instance() / "files", upload.sha256)
    try:
        size, kept_as = put_in_place(partial, path, upload.sha256, upload.media_type)
    except Problem:
        with aside() as session:
            uploads.drop(session, uploads.find(session, current_account(), upload.id), _folder())
        raise
    with aside() as session:
        record_file(session, current_account(), upload.commune_id, upload.sha256, size, kept_as, now(), _signer())
    return upload


def _described(upload: Upload, response: Response) -> Response:
    """§HEAD, §PATCH, §Expiration: where the upload stands."""
    session, receipt = get_session(), None
    if uploads.is_whole(session, upload):
        receipt = find_receipt(session, upload.commune_id, upload.sha256, upload.sha256, _signer())
    if receipt is not None:
        response.headers["Upload-Receipt"] = _in_base64(json.dumps(receipt.as_json()))
        partial = uploads.partial_of(_folder(), upload.id)
        response.call_on_close(lambda: partial.unlink(missing_ok=True))  # after the commit; else `clean` does it
    else:
        response.headers["Upload-Expires"] = format_datetime(uploads.expires(upload).astimezone(UTC), usegmt=True)
    here = upload.size if receipt else uploads.held(upload, _folder())
    response.headers["Upload-Offset"] = str(here)
    if response.status_code == 200:
        response.headers["Upload-Length"] = str(upload.size)
        said = {"sha256": upload.sha256, "commune": upload.commune_id, "filetype": upload.media_type}
        response.headers["Upload-Metadata"] = ",".join(f"{key} {_in_base64(text)}" for key, text in said.items())
        response.headers["Cache-Control"] = "no-store"
    return response


def _metadata() -> dict[str, str]:
    """§Upload-Metadata: pairs `key base64` parted by commas."""
    found = {}
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        key, _, value = pair.strip().partition(" ")
        try:
            found[key] = b64decode(value, validate=True).decode()
        except (NotBase64, UnicodeDecodeError):
            raise Problem("bad_request", detail={"field": "Upload-Metadata"}) from None
    if not all(text.isprintable() for text in found.values()):
        raise Problem("bad_request", detail={"field": "Upload-Metadata"})
    return found


def _checksum() -> Checksum | None:
    """§Checksum: `algorithm base64`."""
    if "Upload-Checksum" not in request.headers:
        return None
    algorithm, _, value = request.headers["Upload-Checksum"].partition(" ")
    try:
        digest = b64decode(value, validate=True)
    except NotBase64:
        digest = b""
    if algorithm not in ALGORITHMS or not digest:
        raise Problem("bad_request", detail={"field": "Upload-Checksum"})
    return Checksum(algorithm, digest)


def _whole(header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise Problem("bad_request", detail={"field": header})
    return int(text)


def _in_base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def _instance() -> Path:
    return Path(current_app.config["INSTANCE"])


def _folder() -> Path:
    return _instance() / "uploads"


def _signer() -> Signer:
    signer: Signer = current_app.extensions["signer"]
    return signer
