"""Bundles as a phone makes them, by its own code under node, and as a stranger could make them."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

ROOT = Path(__file__).parents[2]
CHUNK = 256 * 1024


@cache
def node() -> str:
    """Which Node.js scripts/node chooses: it starts another one to ask, once is enough."""
    command = [str(ROOT / "scripts" / "node"), "-p", "process.execPath"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def phone(do: str, **order: Any) -> Any:
    """What the phone's own modules answer to an order of tests/carry/phone.js."""
    command = [node(), str(ROOT / "tests" / "carry" / "phone.js")]
    done = subprocess.run(command, input=json.dumps({"do": do, **order}), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def hello(browser: Any) -> Any:
    answer = browser.get("/api/v1/hello")
    assert answer.status_code == 200
    return answer.json


def sealed(greeting: Any, *entries: Any, files: dict[str, Any] | None = None, device: str = "may-1") -> bytes:
    """A bundle as the phone seals it. `files`: {hash: {"data": bytes, "type"}}."""
    kept = {key: one | {"data": base64.b64encode(one["data"]).decode()} for key, one in (files or {}).items()}
    made = phone("bundle", hello=greeting, entries=list(entries), files=kept, device=device)
    return base64.b64decode(made["bundle"])


def forged(
    greeting: Any,
    plain: bytes | list[Any],
    *,
    packed: bytes | None = None,
    head: dict[str, Any] | None = None,
    key: bytes | None = None,
) -> bytes:
    """A bundle that keeps to the format and holds what it likes: anybody has the public key. `plain`: the lines inside
    (or the bytes), `packed`: what stands in place of their gzip stream, `head`: changes of the header."""
    if isinstance(plain, list):
        plain = b"".join(json.dumps(line).encode() + b"\n" for line in plain)
    packed = gzip.compress(plain) if packed is None else packed
    public = load_der_public_key(base64.b64decode(greeting["escrow"]["key"]))
    assert isinstance(public, RSAPublicKey)
    secret = key or os.urandom(32)
    wrapped = public.encrypt(secret, OAEP(MGF1(SHA256()), SHA256(), b"so-ho bundle"))
    header = {
        "account": greeting["account"]["id"],
        "device": "may-1",
        "entries": 1,
        "escrow": greeting["escrow"]["id"],
        "generation": greeting["generation"],
        "key": base64.b64encode(wrapped).decode(),
        "made_at": "2026-11-23T01:55:00.000Z",
    } | (head or {})
    line = b"so-ho-bundle-1\n" + json.dumps(header).encode() + b"\n"
    out = [line]
    chunks = [packed[at : at + CHUNK] for at in range(0, len(packed), CHUNK)] or [b""]
    for number, chunk in enumerate(chunks):
        last = b"\1" if number == len(chunks) - 1 else b"\0"
        out.append(AESGCM(secret[:32]).encrypt(number.to_bytes(11, "big") + last, chunk, line))
    return b"".join(out)


def bring(browser: Any, *bundles: bytes, codes: str = "") -> Any:
    """The page's answer to bundles brought in."""
    files = [FileStorage(io.BytesIO(data), f"so-ho-{number}.shb") for number, data in enumerate(bundles)]
    boundary, body = encode_multipart({"bundles": files, "codes": codes})  # as bytes: a client's own file stays open
    return browser.post("/exchange/", data=body, content_type=f'multipart/form-data; boundary="{boundary}"')


def counts(page: str) -> dict[str, int]:
    """new, known, held, incomplete of the first bundle that the page tells of."""
    found = {}
    for piece in page.split('data-count="')[1:]:
        name, _, rest = piece.partition('">')
        found.setdefault(name, int(rest.split("<")[0]))
    return found


def receipts(page: str) -> bytes:
    """The file of receipts that the page offers."""
    return base64.b64decode(page.split("data:application/json;base64,")[1].split('"')[0])
