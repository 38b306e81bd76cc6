"""A bundle that is larger than a request comes in parts: its own account's, taken once, whole or not at all."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from survey.files import bundle_parts
from survey.problems import Problem
from tests.carry.carrying import counts, hello, sealed
from tests.interviews import entry
from tests.world import NOW

pytestmark = pytest.mark.usefixtures("small_round")


def begin(browser: Any, size: int) -> str:
    answer = browser.post("/exchange/parts", headers={"Upload-Length": str(size)})
    assert answer.status_code == 201
    return str(answer.headers["Location"])


def send(browser: Any, address: str, at: int, data: bytes) -> Any:
    kind = "application/offset+octet-stream"
    return browser.patch(address, data=data, headers={"Upload-Offset": str(at)}, content_type=kind)


def take(browser: Any, address: str) -> Any:
    return browser.post("/exchange/", data={"parts": f"{address.rpartition('/')[2]} may.shb"})


def test_parts_are_taken_in_as_one_file_and_once(login_as: Any, app: Any) -> None:
    data = sealed(hello(login_as("enumerator")), entry("ho-1"))
    browser = login_as("supervisor")
    address = begin(browser, len(data))
    assert send(browser, address, 0, data[:100]).headers["Upload-Offset"] == "100"
    assert take(browser, address).status_code == 422  # not whole yet: it stays
    assert send(browser, address, 90, data[90:]).status_code == 409
    assert send(browser, address, 100, data[100:]).headers["Upload-Offset"] == str(len(data))
    page = take(browser, address)
    assert (page.status_code, counts(page.text)) == (200, {"new": 1, "known": 0})
    assert "may.shb" in page.text
    assert take(browser, address).status_code == 422
    assert not list((app.config["INSTANCE"] / "bundles").iterdir())


def test_parts_are_nobody_elses_and_bounded(login_as: Any, app: Any) -> None:
    browser, other = login_as("supervisor"), login_as("supervisor-other")
    address = begin(browser, 10)
    assert send(other, address, 0, b"x").status_code == 404
    assert send(browser, address, 0, b"x" * 11).status_code == 413
    assert send(browser, "/exchange/parts/..%2f..", 0, b"x").status_code == 404
    assert send(browser, "/exchange/parts/" + "*" * 32, 0, b"x").status_code == 404
    assert browser.post("/exchange/parts", headers={"Upload-Length": str(1 << 40)}).status_code in (400, 413)
    assert browser.post("/exchange/parts", headers={"Upload-Length": str((512 << 20) + 1)}).status_code == 413
    assert browser.post("/exchange/parts").status_code == 400
    assert login_as("enumerator").post("/exchange/parts", headers={"Upload-Length": "1"}).status_code == 403
    for _ in range(bundle_parts.MOST + 2):
        begin(browser, 10)
    assert len(list((app.config["INSTANCE"] / "bundles").iterdir())) == bundle_parts.MOST


def test_what_nobody_takes_goes_after_a_day(tmp_path: Path) -> None:
    part_id = bundle_parts.begin(tmp_path, "a", 3, NOW)
    path, size = bundle_parts.find(tmp_path, "a", part_id)
    assert size == 3
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    bundle_parts.clean(tmp_path, NOW + bundle_parts.KEPT)
    assert path.exists()
    bundle_parts.clean(tmp_path, NOW + bundle_parts.KEPT + timedelta(seconds=1))
    with pytest.raises(Problem, match="not_found"):
        bundle_parts.find(tmp_path, "a", part_id)
