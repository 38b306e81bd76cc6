"""The phone's shell: the same bytes for everybody, kept whole, a new release only when something changed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.gates.sources import ROOT


def test_the_page_is_the_same_for_everybody_and_holds_no_token_and_no_name(client: Any, login_as: Any) -> None:
    page = client.get("/")
    assert page.data == login_as("enumerator").get("/").data == login_as("supervisor").get("/").data
    assert "csrf" not in page.text and "Người thử" not in page.text
    assert "Set-Cookie" not in page.headers
    assert client.get("/", headers={"If-None-Match": page.headers["ETag"]}).status_code == 304


def test_the_page_has_no_inline_script_or_style(client: Any) -> None:
    page = client.get("/").text
    assert not re.findall(r"\sstyle=|\son\w+=|<style", page)
    assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", page))


def test_the_worker_may_control_the_whole_site_and_keeps_files_that_exist(client: Any) -> None:
    worker = client.get("/sw.js")
    assert (worker.mimetype, worker.headers["Service-Worker-Allowed"]) == ("text/javascript", "/")
    assert worker.headers["Cache-Control"] == "no-cache"
    files = json.loads(re.findall(r"^const FILES = (.*)$", worker.text, re.M)[0])
    assert {"/", "/manifest.webmanifest", "/static/style.css", "/modules.json"} <= set(files)
    for address in files:
        with client.get(address) as answer:
            assert answer.status_code == 200, address
            assert "no-store" not in answer.headers["Cache-Control"], address


KINDS_OF_FILE = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png"}


def hashes(client: Any) -> dict[str, str]:
    """Each address that the worker keeps, with the hash that it wants."""
    served = client.get("/sw.js").text
    files, rest = (json.loads(re.findall(rf"^const {name} = (.*)$", served, re.M)[0]) for name in ("FILES", "REST"))
    return files | {"/rest.json": rest} | client.get("/rest.json").json


def test_the_hash_of_each_kept_file_is_that_of_the_bytes_that_everybody_is_served(client: Any, login_as: Any) -> None:
    known = hashes(client)
    assert {"/", "/plain.html", "/manifest.webmanifest", "/language/en.html", "/static/kinds.css"} <= set(known)
    english = login_as("supervisor")
    english.set_cookie("lang", "en")
    assert hashes(english) == known
    for address, wanted in known.items():
        for browser, packed in ((client, ""), (english, "gzip")):
            with browser.get(address, headers={"Accept-Encoding": packed}) as answer:
                body = gzip.decompress(answer.data) if answer.content_encoding == "gzip" else answer.data
                assert base64.b64encode(hashlib.sha256(body).digest()).decode() == wanted, address
                kind = KINDS_OF_FILE.get(Path(address).suffix, answer.mimetype)
                assert answer.mimetype == kind, address


def test_the_modules_come_as_one_each_as_it_is_served_alone(client: Any) -> None:
    modules = client.get("/modules.json").json
    static = ROOT / "static"
    wanted = {f"/static/{path.relative_to(static).as_posix()}" for path in (static / "app").rglob("*.js")}
    assert set(modules) == {one for one in wanted if not one.endswith((".rare.js", ".lazy.js"))}
    for address, script in modules.items():
        assert client.get(address).text == script, address


def test_the_first_to_ask_decides_nothing(app: Flask, client: Any) -> None:
    """Hashes are worked out once a process: not in the language of whoever came first."""
    wanted = hashes(client)
    app.extensions.pop("kept_hashes"), app.extensions.pop("app_version")
    client.set_cookie("lang", "en")
    assert hashes(client) == wanted


def test_a_release_is_named_by_what_is_in_it(app: Flask, client: Any, login_as: Any) -> None:
    version = re.findall(r'^const VERSION = "(\w+)"$', client.get("/sw.js").text, re.M)[0]
    assert login_as("enumerator").get("/api/v1/hello").json["app_version"] == version
    del app.extensions["app_version"]  # as in another process
    assert version in client.get("/sw.js").text


def test_the_app_can_be_installed(client: Any) -> None:
    told = client.get("/manifest.webmanifest")
    assert told.mimetype == "application/manifest+json"
    assert told.json["name"] == "Sổ Hộ – Rà soát hộ nghèo"
    assert {icon["sizes"] for icon in told.json["icons"]} >= {"192x192", "512x512"}
    for icon in told.json["icons"]:
        with client.get(icon["src"]) as answer:
            assert answer.mimetype == "image/png"


@pytest.mark.parametrize("address", ["/static/../app.py", "/static/%2e%2e/app.py", "/instance/session.key"])
def test_nothing_but_static_files_is_served(client: Any, address: str) -> None:
    assert client.get(address).status_code == 404


def test_each_other_language_has_a_page_of_every_word(client: Any) -> None:
    def keys(page: str) -> set[str]:
        return set(re.findall(r'data-(?:word|template)="[^"]+"', page))

    shell, english = client.get("/").text, client.get("/language/en.html").text
    assert "Bắt đầu phỏng vấn" in shell and "Begin the interview" not in shell
    assert "Begin the interview" in english and "Bắt đầu phỏng vấn" not in english
    assert keys(shell) == keys(english) and len(keys(shell)) > 100
    assert client.get("/language/vi.html").status_code == client.get("/language/xx.html").status_code == 404
