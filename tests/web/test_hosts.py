"""The names under which the server is reached: others are refused, and addresses are made of the first."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from survey.web.hosts import read_hosts
from tests.world import PASSWORD


@pytest.fixture
def named(app: Flask) -> Flask:
    app.config["HOSTS"] = read_hosts("so-ho.sonla.gov.vn, .noi-bo.vn 10.0.0.5")
    return app


@pytest.mark.parametrize(
    ("host", "taken"),
    [
        ("so-ho.sonla.gov.vn", True),
        ("SO-HO.sonla.gov.vn:8443", True),
        ("may-2.noi-bo.vn", True),
        ("10.0.0.5", True),
        ("evil.example", False),
        ("so-ho.sonla.gov.vn.evil.example", False),
        ("xnoi-bo.vn.evil", False),
        ("localhost", False),
    ],
)
def test_other_names_are_refused_and_the_watch_is_answered(named: Flask, client: Any, host: str, taken: bool) -> None:
    sent = {"headers": {"Host": host}}
    assert client.get("/login", **sent).status_code == (200 if taken else 421)
    assert client.get("/nothing", **sent).status_code == (404 if taken else 421)
    hello = client.get("/api/v1/hello", **sent)
    assert hello.json["problem"]["code"] == ("not_signed_in" if taken else "wrong_host")
    assert client.get("/healthz", **sent).status_code == 200
    if not taken:
        assert "cơ quan" in client.get("/login", **sent).text


def test_without_the_setting_every_name_is_taken(client: Any) -> None:
    assert client.get("/login", headers={"Host": "192.168.1.7:8000"}).status_code == 200


def test_a_key_for_collect_is_made_of_the_first_name(
    app: Flask, login_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.config["HOSTS"] = read_hosts(".noi-bo.vn so-ho.sonla.gov.vn localhost")
    read: list[str] = []
    monkeypatch.setattr("survey.web.collect.keys.segno.make", lambda code, **_: read.append(code) or Drawn())
    answer = login_as("enumerator").post("/account/collect", data={"autosend": "off", "password": PASSWORD})
    assert answer.status_code == 200
    settings = json.loads(zlib.decompress(base64.b64decode(read[0])))
    assert settings["general"]["server_url"].startswith("http://so-ho.sonla.gov.vn/collect/")
    assert "http://so-ho.sonla.gov.vn/collect/" in answer.text and "localhost" not in answer.text


class Drawn:
    """A picture that nobody looks at."""

    def svg_data_uri(self, **_: Any) -> str:
        return "data:,"


@pytest.mark.parametrize("wrong", ["https://so-ho.vn", "so ho/vn", "so_ho", "-a", "*.vn", "sổ-hộ.vn", "a:b"])
def test_what_is_no_name_ends_the_program_in_words(app: Flask, wrong: str) -> None:
    with app.test_request_context(), pytest.raises(SystemExit, match="TRUSTED_HOSTS"):
        read_hosts(f"so-ho.vn {wrong.replace(' ', '_')}")


@given(st.text(max_size=60))
def test_no_host_however_odd_breaks_anything(wired: Flask, host: str) -> None:
    if not host.isascii() or not host.isprintable():
        return  # no server hands such a head on
    wired.config["HOSTS"] = ["so-ho.vn"]
    try:
        answer = wired.test_client().get("/static/style.css", headers={"Host": host})
    finally:
        wired.config["HOSTS"] = []
    assert answer.status_code in (400, 421) or host.lower().split(":")[0] == "so-ho.vn"
