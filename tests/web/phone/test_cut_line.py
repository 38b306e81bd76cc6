"""A line that breaks in the middle, over a real server and real sockets."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from models import Receipt, Submission
from tests.interviews import entry, envelope
from tests.serving import serving

pytestmark = pytest.mark.usefixtures("small_round")


class Line:
    """A phone's connection: signed in, and able to break."""

    def __init__(self, port: int, browser: Any, app: Flask) -> None:
        cookie = browser.get_cookie(app.config["SESSION_COOKIE_NAME"])
        self.port = port
        self.headers = {
            "Content-Type": "application/json",
            "X-CSRF-Token": browser.csrf,
            "Cookie": f"{cookie.key}={cookie.value}",
        }

    def push(self, body: bytes) -> Any:
        connection = HTTPConnection("localhost", self.port, timeout=60)
        connection.request("POST", "/api/v1/push", body, self.headers)
        answer = connection.getresponse()
        read = json.loads(answer.read())
        connection.close()
        assert answer.status == 200, read
        return read

    def begin(self, body: bytes, length: int) -> socket.socket:
        """Send a push of which only `length` bytes of the body get through."""
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        line = socket.create_connection(("localhost", self.port), timeout=60)
        line.sendall(f"POST /api/v1/push HTTP/1.1\r\nHost: localhost\r\n{head}".encode())
        line.sendall(f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:length])
        return line


@pytest.fixture
def line(app: Flask, login_as: Any) -> Iterator[Line]:
    with serving(app) as port:
        yield Line(port, login_as("enumerator"), app)


def counted(session: Any) -> list[int]:
    session.rollback()
    return [session.scalar(select(func.count()).select_from(table)) for table in (Submission, Receipt)]


def test_a_push_cut_off_before_its_answer_and_repeated_is_one_row(line: Line, session: Any) -> None:
    body = json.dumps(envelope(entry())).encode()
    cut = line.begin(body, len(body))
    cut.recv(1)  # the answer is on its way: the phone saw its first byte and lost the line
    cut.close()
    first = line.push(body)
    assert counted(session) == [1, 1]
    assert line.push(body)["results"] == first["results"]


def test_a_push_cut_off_while_it_is_sent_leaves_nothing_and_can_be_repeated(line: Line, session: Any) -> None:
    body = json.dumps(envelope(entry())).encode()
    line.begin(body, len(body) // 2).close()
    assert counted(session) == [0, 0]
    line.push(body)
    assert counted(session) == [1, 1]


@pytest.mark.thorough
def test_fifty_phones_at_once_through_a_real_server_make_one_row(line: Line, session: Any) -> None:
    body = json.dumps(envelope(entry())).encode()
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: line.push(body)["results"], range(50)))
    assert all(answer == answers[0] for answer in answers)
    assert counted(session) == [1, 1]
