"""Both proxies for real, with the files of `deploy/`: what reaches the server, and what is let go before.

Only the ways to the machine are put in place: ports, folders, no certificate. Deadlines are shortened to a second, as
`tests/scripts/test_bounds_of_requests.py` holds their lengths.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from tests.gates.sources import ROOT
from tests.interviews import entry, envelope
from tests.serving import serving

HOST = "so-ho.example.vn"
MIB = 1024 * 1024


def free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def put(text: str, *changes: tuple[str, str]) -> str:
    """A file with each of its places changed; each must be there."""
    for pattern, instead in changes:
        text, count = re.subn(pattern, instead, text, flags=re.MULTILINE)
        assert count, pattern
    return text


def nginx(folder: Path, port: int, to: int) -> list[str]:
    given = put(
        (ROOT / "deploy/nginx.conf").read_text(),
        (r"^server \{\n    listen 80;(?s:.*?)^\}\n", ""),
        (r"listen 443 ssl http2;", f"listen 127.0.0.1:{port};"),
        (r"^    ssl_.*\n", ""),
        (r"/var/log/nginx", str(folder)),
        (r"127\.0\.0\.1:8000", f"127.0.0.1:{to}"),
        (r"client_(header|body)_timeout \d+s", r"client_\1_timeout 1s"),
    )
    own = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{ }}\nhttp {{\n{own}{given}}}\n"
    )
    return ["nginx", "-p", str(folder), "-e", f"{folder}/error.log", "-c", f"{folder}/conf"]


def caddy(folder: Path, port: int, to: int) -> list[str]:
    given = put(
        (ROOT / "deploy/Caddyfile").read_text(),
        (r"^\{$", "{\n\tadmin off"),
        (rf"^{HOST} \{{", f"http://{HOST}:{port} {{"),
        (r"127\.0\.0\.1:8000", f"127.0.0.1:{to}"),
        (r"read_(header|body) \d+s", r"read_\1 1s"),
        (r"^\tlog \{", f"\tlog {{\n\t\toutput file {folder}/access.log"),
    )
    (folder / "Caddyfile").write_text(given)
    return ["caddy", "run", "--config", f"{folder}/Caddyfile", "--adapter", "caddyfile"]


class Door:
    """A proxy that runs. `seen`: what the app was asked, (method, path, bytes of the body that came to it)."""

    def __init__(self, port: int, cookie: str, token: str) -> None:
        self.port, self.cookie, self.token = port, cookie, token
        self.seen: list[tuple[str, str, int]] = []

    def open(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 20)

    def head(self, path: str, *headers: str, signed_in: bool = True, method: str = "POST") -> bytes:
        own = [f"Cookie: {self.cookie}", f"X-CSRF-Token: {self.token}"] if signed_in else []
        lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", *own, *headers]
        return "\r\n".join([*lines, "", ""]).encode()

    def ask(self, path: str, body: bytes, *headers: str, signed_in: bool = True) -> tuple[int, str]:
        with self.open() as line:
            line.sendall(self.head(path, f"Content-Length: {len(body)}", *headers, signed_in=signed_in))
            with suppress(OSError):  # it may answer and hang up before all was said
                line.sendall(body)
            return answer_on(line)


def answer_on(line: socket.socket) -> tuple[int, str]:
    """(status, text) of the answer, read as far as it says; (0, "") where the line was closed without one."""
    got = b""
    with suppress(OSError):
        while b"\r\n\r\n" not in got and (more := line.recv(65536)):
            got += more
        said = re.search(rb"content-length: (\d+)", got, re.IGNORECASE)
        head, _, text = got.partition(b"\r\n\r\n")
        while said and len(text) < int(said[1]) and (more := line.recv(65536)):
            text += more
        return int(head.split()[1]), text.decode(errors="replace")
    return 0, ""


@pytest.fixture(params=["nginx", "caddy"])
def door(request: pytest.FixtureRequest, app: Flask, login_as: Any, small_round: str, tmp_path: Path) -> Iterator[Door]:
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    browser = login_as("enumerator")
    cookie = browser.get_cookie(app.config["SESSION_COOKIE_NAME"])
    port = free_port()
    made = Door(port, f"{cookie.key}={cookie.value}", browser.csrf)
    inner = app.wsgi_app

    def noting(environ: Any, start: Any) -> Any:
        made.seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], int(environ.get("CONTENT_LENGTH") or 0)))
        return inner(environ, start)

    app.wsgi_app = ProxyFix(noting, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    folder = tmp_path / request.param
    folder.mkdir()
    with serving(app) as to:
        command = {"nginx": nginx, "caddy": caddy}[request.param](folder, port, to)
        process = subprocess.Popen(
            command, stderr=subprocess.PIPE, env={"HOME": str(folder), "PATH": "/usr/sbin:/usr/bin"}
        )
        try:
            if request.param == "caddy":  # which says when it serves; nginx has its port before it does anything
                assert process.stderr is not None
                said = []
                while not said or b"serving initial configuration" not in said[-1]:
                    said.append(process.stderr.readline())
                    assert said[-1], b"".join(said).decode()
            for _ in range(2000):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                assert process.poll() is None, process.communicate()[1].decode()
            yield made
        finally:
            process.terminate()
            process.communicate(timeout=20)
    app.wsgi_app = inner  # type: ignore[method-assign]


def test_a_push_passes_and_a_large_one_is_asked_for_first(door: Door) -> None:
    for note, checks in (("x", 0), ("x" * 100_000, 1)):
        door.seen.clear()
        body = json.dumps(envelope(entry(answers={"ghi_chu": note}))).encode()
        status, text = door.ask("/api/v1/push", body, "Content-Type: application/json")
        assert (status, json.loads(text)["results"][0]["receipt"]["body"] != "") == (200, True)
        assert door.seen == [("GET", "/session/check", 0)] * checks + [("POST", "/api/v1/push", len(body))]


def test_300_mb_without_a_session_are_refused_before_they_are_read(door: Door) -> None:
    with door.open() as line:
        line.sendall(door.head("/api/v1/push", f"Content-Length: {300 * MIB}", signed_in=False))
        assert answer_on(line)[0] in (401, 413)  # not a byte of them was sent
    assert [one for one in door.seen if one[1] != "/session/check"] == []


@pytest.mark.parametrize("size", [100_000, 8 * MIB])
def test_a_large_body_without_a_session_never_comes_to_the_app(door: Door, size: int) -> None:
    with door.open() as line:
        line.sendall(door.head("/api/v1/push", f"Content-Length: {size}", signed_in=False))
        assert answer_on(line)[0] == 401
    assert [one[1] for one in door.seen] == ["/session/check"]


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_body_whose_size_is_not_said_is_asked_for_too(door: Door, method: str, request: Any) -> None:
    if method == "GET" and "caddy" in request.node.name:
        pytest.skip("Caddy shows its matchers no Transfer-Encoding: the app's own 9 MiB bound what comes with a GET")
    with door.open() as line:
        head = door.head("/api/v1/hello", "Transfer-Encoding: chunked", signed_in=False, method=method)
        line.sendall(head + b"5\r\nxxxxx\r\n")
        assert answer_on(line)[0] == 401
    assert [one[1] for one in door.seen] == ["/session/check"]


def test_more_than_9_mib_is_refused_in_words_also_to_who_is_signed_in(door: Door) -> None:
    status, text = door.ask("/api/v1/push", bytes(9 * MIB + 1), "Content-Type: application/json")
    assert status == 413
    assert "9 MiB" in text and "lớn hơn" in text
    assert [one for one in door.seen if one[1] != "/session/check"] == []


def test_nine_mib_come_to_the_app_whole(door: Door) -> None:
    status, text = door.ask("/api/v1/push", bytes(9 * MIB), "Content-Type: application/json")
    assert (status, json.loads(text)["problem"]["code"]) == (413, "too_large")  # its own word: a push holds 4 MiB
    assert ("POST", "/api/v1/push", 9 * MIB) in door.seen


@pytest.mark.parametrize("sent", [b"POST /api/v1/push HT", None])
def test_who_says_nothing_more_is_let_go(door: Door, sent: bytes | None) -> None:
    """In the middle of the head, and of the body; the app hears of neither. (Caddy 2.6 says 200 of nothing then: no
    phone takes that for an answer, since it is not marked as ours.)"""
    whole = door.head("/api/v1/push", "Content-Length: 5000")
    with door.open() as line:
        line.sendall(sent or whole + b"{")
        got = b""
        with suppress(ConnectionError):
            while more := line.recv(65536):
                got += more
    assert b"x-so-ho" not in got.lower()
    assert door.seen == []
