"""Sockets that stay silent, and a thousand phones at once, over real sockets to the server as it runs in earnest."""

from __future__ import annotations

import errno
import logging
import os
import resource
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server as threaded_server

from scripts import serving as product
from scripts.certificates import certificates
from scripts.local_https import Quiet, secured
from tests.serving import serving

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).resolve().parents[2]
ASKED = b"GET /healthz HTTP/1.1\r\nHost: so-ho.example.vn\r\nConnection: close\r\n\r\n"
HALF = b"POST /api/v1/push HTTP/1.1\r\nHost: so-ho.example.vn\r\nContent-Length: 4000\r\n\r\n{"
PATIENCE = 60  # seconds: only that a fault ends the test


@pytest.fixture(autouse=True)
def handles() -> None:
    """Both ends of each connection are ours here."""
    if product.raise_file_limit() < 4096:
        pytest.skip("this machine allows fewer than 4,096 open files")


def healthy(_environ: Any, start: Callable[..., Any]) -> list[bytes]:
    start("200 OK", [("Content-Length", "2")])
    return [b"ok"]


@contextmanager
def connected(port: int, number: int, said: bytes = b"") -> Iterator[list[socket.socket]]:
    with ExitStack() as all_of_them:
        made = []
        for _ in range(number):
            one = all_of_them.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE))
            one.sendall(said)
            made.append(one)
        yield made


def status(port: int) -> bytes:
    with connected(port, 1, ASKED) as [one]:
        return answered(one)


def answered(one: socket.socket) -> bytes:
    with one.makefile("rb") as file:
        return bytes(file.readline()).strip()


def test_silent_and_half_sent_sockets_hold_up_nobody(app: Flask) -> None:
    with serving(app) as port, connected(port, 300), connected(port, 150, HALF), connected(port, 150, ASKED[:20]):
        for _ in range(5):
            assert status(port) == b"HTTP/1.1 200 OK"


def test_a_thousand_at_once_are_all_served_and_may_stay() -> None:
    """As phones and proxies do: nobody closes the connection after the answer."""
    with serving(healthy) as port, connected(port, 1000) as phones:  # type: ignore[arg-type]
        for one in phones:
            one.sendall(ASKED.replace(b"Connection: close\r\n", b""))
        assert {answered(one) for one in phones} == {b"HTTP/1.1 200 OK"}


def test_more_silent_ones_than_there_is_room_for_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product, "CONNECTIONS", 40)
    with serving(healthy) as port, connected(port, 100), connected(port, 100, HALF):  # type: ignore[arg-type]
        for _ in range(5):
            assert status(port) == b"HTTP/1.1 200 OK"


def test_who_goes_on_sending_does_not_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product, "CONNECTIONS", 40)
    with ExitStack() as silent, serving(healthy) as port, connected(port, 1, HALF) as [bringing]:  # type: ignore[arg-type]
        for _ in range(39):
            silent.enter_context(connected(port, 3))
            bringing.sendall(b"x" * 100)
            assert status(port) == b"HTTP/1.1 200 OK"
        bringing.sendall(b"x" * 99)
        assert answered(bringing) == b"HTTP/1.1 200 OK"


def test_with_no_handle_left_it_waits_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = product.make_server(healthy, "127.0.0.1", 0)

    class NoneLeft:
        def accept(self) -> None:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    real = server.socket
    server.socket = NoneLeft()
    with caplog.at_level(logging.INFO):
        assert server.readable()
        server.handle_accept()
        assert not server.readable()  # the loop does not come back at once
        server.handle_accept()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert caplog.records[0].exc_info is None
    server.socket = real
    monkeypatch.setattr(product.time, "monotonic", lambda: server.listens_at + 1)
    assert server.readable()
    server.close()
    server.task_dispatcher.shutdown()


def test_who_waits_is_taken_at_one_turn() -> None:
    server = product.make_server(healthy, "127.0.0.1", 0)
    before = len(server._map)
    with connected(server.effective_port, product.AT_A_TURN + 1):
        server.handle_accept()
        assert len(server._map) - before == product.AT_A_TURN
        server.handle_accept()
        assert len(server._map) - before == product.AT_A_TURN + 1
        for channel in list(server.active_channels.values()):
            channel.handle_close()
    server.close()
    server.task_dispatcher.shutdown()


SCARCE = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
from scripts.serving import make_server
def healthy(environ, start):
    start("200 OK", [("Content-Length", "2")])
    return [b"ok"]
server = make_server(healthy, "127.0.0.1", 0)
print(server.effective_port, flush=True)
server.run()
"""


def test_with_64_handles_it_goes_on_and_writes_little(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        child = subprocess.Popen([sys.executable, "-c", SCARCE], cwd=ROOT, stdout=subprocess.PIPE, stderr=log)
        try:
            assert child.stdout is not None
            port = int(child.stdout.readline())
            with connected(port, 120), connected(port, 60, HALF):
                for _ in range(20):
                    assert status(port) == b"HTTP/1.1 200 OK"
        finally:
            child.kill()
            child.wait()
            child.stdout.close()  # type: ignore[union-attr]
    said = (tmp_path / "log").read_text()
    assert "Only 64 files may be open at once" in said and "LimitNOFILE" in said
    assert len(said) < 20_000 and "Traceback" not in said


def test_room_follows_from_the_handles() -> None:
    assert product.connections_for(product.WANTED_FILES) == product.CONNECTIONS
    assert product.connections_for(1024) < 1024 / 2
    assert product.connections_for(64) == 16


def test_the_limit_is_raised_as_far_as_it_may_be() -> None:
    code = (
        "from resource import *; setrlimit(RLIMIT_NOFILE, (100, 3000));"
        "from scripts.serving import raise_file_limit; print(raise_file_limit(), getrlimit(RLIMIT_NOFILE))"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.strip() == "3000 (3000, 3000)"
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 4096


def test_by_https_a_silent_phone_holds_up_nobody(tmp_path: Path) -> None:
    """`make run-https`: who connects and does not greet."""
    authority, keys = certificates(tmp_path, ["127.0.0.1"], datetime.now(UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys.with_suffix(".crt"), keys.with_suffix(".key"))
    server = secured(threaded_server("127.0.0.1", 0, healthy, threaded=True, request_handler=Quiet), context)
    server.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with connected(server.port, 50):
            trusting = ssl.create_default_context(cafile=str(authority.with_suffix(".crt")))
            asking = HTTPSConnection("127.0.0.1", server.port, context=trusting, timeout=PATIENCE)
            asking.request("GET", "/")
            assert asking.getresponse().read() == b"ok"
            asking.close()
    finally:
        server.shutdown()
        thread.join(PATIENCE)
        server.server_close()


def test_what_is_deployed_is_served_by_the_same_place() -> None:
    unit = (ROOT / "deploy/so-ho.service").read_text()
    assert "python -m scripts.serving\n" in unit
    assert f"LimitNOFILE={product.WANTED_FILES}\n" in unit
    told = product.options(product.WANTED_FILES)
    assert (told["connection_limit"], told["asyncore_use_poll"]) == (product.CONNECTIONS, True)
    assert "buffer_requests\n" in (ROOT / "deploy/Caddyfile").read_text()
    assert (ROOT / "deploy/nginx.conf").read_text().count("proxy_request_buffering on;") == 2
