"""What a phone downloads over 2G goes out gzipped, also without a proxy in front.

Only the shell, questionnaires and the register: none of these holds a token, so their length gives none away (BREACH).
"""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

SHELL = {
    f"capture.{name}"
    for name in (
        *("page", "worker", "modules", "module", "style", "kinds"),
        *("rest", "later", "other_language", "manifest", "plain"),
    )
}
ENDPOINTS = {"static", *SHELL, "sync.form", "sync.register"}
TYPES = {"text/html", "text/css", "text/javascript", "application/json", "application/manifest+json", "image/svg+xml"}
SMALLEST = 500  # bytes


def init_app(app: Flask) -> None:
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if request.endpoint not in ENDPOINTS or response.mimetype not in TYPES:
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code != 200 or request.method != "GET" or not request.accept_encodings["gzip"]:
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) < SMALLEST or "Content-Encoding" in response.headers:
        return response
    response.set_data(gzip.compress(body, 9, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    tag, _ = response.get_etag()
    if tag is not None:  # the same content in other bytes
        response.set_etag(tag, weak=True)
    return response
