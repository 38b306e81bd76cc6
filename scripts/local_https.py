"""Try Sổ Hộ on a real phone in the local network, by HTTPS: what `make run-https` does.

Two addresses are served: a plain page on which the phone fetches the certificate of an authority made on this machine
(see scripts/certificates.py) and reads how to install it, and the app itself by HTTPS. For trying only: a production
server stands behind Caddy or nginx (deploy/).
"""

from __future__ import annotations

import html
import os
import ssl
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, Response
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from scripts.certificates import addresses_of_this_machine, certificates
from scripts.serve import prepared_app, working_beside
from scripts.serving import raise_file_limit

ANYWHERE = "0.0.0.0"  # noqa: S104  # a phone is to reach it

PAGE = """<!doctype html>
<html lang="vi"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sổ Hộ</title>
<h1>Sổ Hộ: dùng thử trên điện thoại</h1>
<ol>
<li><a href="/so-ho.crt">Tải chứng chỉ</a></li>
<li>Mở <b>Cài đặt → Bảo mật → Cài chứng chỉ → Chứng chỉ CA</b> (tìm “chứng chỉ” trong Cài đặt), chọn tệp <b>so-ho.crt</b>.</li>
<li><a href="{address}">{address}</a></li>
<li>Dùng thử xong thì xóa chứng chỉ: <b>Cài đặt → Bảo mật → Chứng chỉ đáng tin cậy → Người dùng</b>.</li>
</ol>
<h2 lang="en">Try it on this phone</h2>
<ol lang="en">
<li><a href="/so-ho.crt">Download the certificate</a></li>
<li>Open <b>Settings → Security → Install a certificate → CA certificate</b> (search Settings for “certificate”), choose <b>so-ho.crt</b>.</li>
<li><a href="{address}">{address}</a></li>
<li>Remove it afterwards: <b>Settings → Security → Trusted credentials → User</b>.</li>
</ol>
</html>
"""  # noqa: E501


class Quiet(WSGIRequestHandler):
    """No line a request: an address may name a household."""

    timeout = 60  # seconds that a silent connection may hold its thread

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def trust_app(certificate: bytes, address: str) -> Flask:
    """The plain page: the authority's certificate and how to install it."""
    app = Flask("trust")

    @app.get("/")
    def page() -> str:
        return PAGE.format(address=html.escape(address))

    @app.get("/so-ho.crt")
    def download() -> Response:
        return Response(
            certificate,
            mimetype="application/x-x509-ca-cert",
            headers={"Content-Disposition": 'attachment; filename="so-ho.crt"'},
        )

    return app


def secured(server: BaseWSGIServer, context: ssl.SSLContext) -> BaseWSGIServer:
    """The server by HTTPS. Each connection greets in its own thread: werkzeug greets in the one that takes them, where
    a phone that stays silent holds up all others."""
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.ssl_context = context
    return server


def main() -> int:
    raise_file_limit()
    port, trust_port = int(os.environ.get("HTTPS_PORT", "8443")), int(os.environ.get("TRUST_PORT", "8080"))
    app = prepared_app()
    app.config["SESSION_COOKIE_SECURE"] = True
    addresses = addresses_of_this_machine()
    authority, server = certificates(Path(app.instance_path) / "https", addresses, datetime.now(UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.with_suffix(".crt"), server.with_suffix(".key"))
    address = f"https://{addresses[0]}:{port}/"
    trusted = trust_app(authority.with_suffix(".crt").read_bytes(), address)
    try:
        plain = make_server(ANYWHERE, trust_port, trusted, threaded=True, request_handler=Quiet)
        secure = secured(make_server(ANYWHERE, port, app, threaded=True, request_handler=Quiet), context)
    except (OSError, SystemExit):
        print(f"Port {port} or {trust_port} is taken: make run-https HTTPS_PORT=… TRUST_PORT=…", file=sys.stderr)
        return 1
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    print(f"1. On the phone, in the same Wi-Fi, open http://{addresses[0]}:{trust_port}/ and install the certificate.")
    print(f"2. Then open {address}   (Ctrl-C stops it)", flush=True)
    with working_beside(app):
        secure.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
