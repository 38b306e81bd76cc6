"""The one limit of a request and its deadlines, in the server and in both proxies alike."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from app import BODY_LIMIT
from scripts import serving
from tests.gates.sources import ROOT

CADDY, NGINX = ((ROOT / "deploy" / name).read_text() for name in ("Caddyfile", "nginx.conf"))


def test_server_and_proxies_take_the_same() -> None:
    assert serving.options(serving.WANTED_FILES)["max_request_body_size"] == BODY_LIMIT + 1 == 9 * 1024**2 + 1
    assert re.findall(r"client_max_body_size (\w+);", NGINX) == ["9m"]
    assert re.findall(r"max_size (\w+)", CADDY) == ["9MiB"]
    assert re.findall(r"client_(?:header|body)_timeout (\w+);", NGINX) == ["10s", "20s"]
    assert re.findall(r"read_(?:header|body) (\w+)", CADDY) == ["10s", "300s"]
    assert "auth_request /session/check;" in NGINX
    assert "uri /session/check" in CADDY


@pytest.mark.parametrize(
    ("size", "asked"),
    [("0", False), ("65535", False), ("65536", True), ("65541", True), ("70000", True), ("9000000", True)],
)
def test_a_body_above_64_kib_is_asked_for(size: str, asked: bool) -> None:
    of_nginx = [one.replace("\\", "") for one in re.findall(r'"(~\^[^"]*)"\s+1;', NGINX)]
    assert any(re.match(one.removeprefix("~"), size) for one in of_nginx) == asked
    too_large, of_caddy = re.findall(r"header_regexp Content-Length (\S+)", CADDY)
    assert bool(re.match(of_caddy, size)) == asked
    assert not re.match(too_large, size)


@pytest.mark.parametrize("size", [9437185, 9437186, 9437190, 9437199, 9437200, 9438000, 9440000, 9500000, 10**7, 10**9])
def test_caddy_refuses_above_nine_mib_by_what_is_said(size: int) -> None:
    too_large = re.findall(r"header_regexp Content-Length (\S+)", CADDY)[0]
    assert re.match(too_large, str(size))
    assert not re.match(too_large, str(9 * 1024 * 1024))


def test_a_head_has_ten_seconds_and_a_request_five_minutes() -> None:
    head, body = (SimpleNamespace(headers_finished=is_done) for is_done in (False, True))
    coming = [SimpleNamespace(request=one, requests=[]) for one in (head, body, None)]
    assert [serving.is_overdue(one, 1000.0) for one in coming] == [False, False, False]
    assert [serving.is_overdue(one, 1010.0) for one in coming] == [False, False, False]
    assert [serving.is_overdue(one, 1010.5) for one in coming] == [True, False, False]
    assert [serving.is_overdue(one, 1300.5) for one in coming] == [True, True, False]
    assert not serving.is_overdue(SimpleNamespace(request=head, requests=[1]), 2000.0)  # it is worked on
