"""Whom a phone believes: receipts checked without network, keys that change, a server that came back, a withdrawal."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from app import create_app
from tests.phone.phone import Phone, Server
from tests.phone.test_sync import refuse
from tests.phone.test_without_network import entries

pytestmark = pytest.mark.phone
LATER = "['/later.html', '/static/app/sync/keys.lazy.js']"
KEPT_FOR_LATER = f"() => Promise.all({LATER}.map(one => caches.match(one))).then(all => all.every(Boolean))"


def office(server: Server, *words: str) -> str:
    """A command at the office's terminal."""
    app = create_app({"INSTANCE": server.folder, "DATABASE_URL": f"sqlite:///{server.folder}/so-ho.sqlite3"})
    result = app.test_cli_runner().invoke(args=list(words))
    app.extensions["engine"].dispose()
    assert result.exit_code == 0, result.output
    return result.output


def asked(server: Server, question: str) -> list[Any]:
    with sqlite3.connect(server.folder / "so-ho.sqlite3", timeout=30) as database:
        return database.execute(question).fetchall()


def interview(phone: Phone, household: str = "ho-0") -> str:
    """The shortest one there is, finished; the address of its record."""
    phone.begin(household)
    refuse(phone)
    address = str(phone.page.evaluate("location.hash"))
    phone.go_home()
    return address


def see_receipt(phone: Phone, address: str) -> str:
    """Open the receipt of a finished interview; what the phone says of it."""
    phone.page.evaluate("address => { location.hash = address }", address)
    phone.page.click("[data-screen=sent] details:has([data-part=proof]) > summary")
    phone.page.wait_for_selector("[data-receipt]")
    return str(phone.page.get_attribute("[data-receipt]", "data-receipt"))


@pytest.mark.further
def test_a_receipt_is_checked_without_network_and_saved_for_the_office(
    phone: Phone, server: Server, tmp_path: Path
) -> None:
    address = interview(phone)
    phone.sync()
    phone.until(KEPT_FOR_LATER)
    server.stop()
    phone.reload()
    assert see_receipt(phone, address) == "right"
    phone.page.evaluate("() => { navigator.canShare = () => false }")
    with phone.page.expect_download() as saved:
        phone.page.click("[data-action=save-receipt]")
    saved.value.save_as(tmp_path / "bien-nhan.json")
    assert "1 thật và còn trên máy chủ, 0 cần xem" in office(
        server, "receipts", "verify", str(tmp_path / "bien-nhan.json")
    )


@pytest.mark.further
def test_a_key_introduced_by_the_former_is_believed_and_both_receipts_are_right(phone: Phone, server: Server) -> None:
    address = interview(phone)
    phone.sync()
    phone.until(KEPT_FOR_LATER)
    server.stop()
    office(server, "receipts", "rotate")
    server.start()
    interview(phone, "ho-1")
    phone.sync()
    assert phone.counts() == {"saved": 2, "unsent": 0, "received": 2}
    assert phone.page.locator("[data-notice=stranger]").count() == 0
    assert see_receipt(phone, address) == "right"


@pytest.mark.further
def test_a_key_that_nobody_introduced_keeps_the_interviews_here_until_the_office_has_read_it_out(
    phone: Phone, server: Server
) -> None:
    phone.until(KEPT_FOR_LATER)
    server.stop()
    (server.folder / "receipt.key").unlink()  # the machine was set up anew, and nobody had kept the key
    server.start()
    interview(phone)
    phone.sync()
    phone.page.wait_for_selector("[data-notice=stranger]")
    assert phone.counts() == {"saved": 1, "unsent": 1, "received": 0}
    read_out = office(server, "receipts", "keys").split("\t")[0]
    shown = phone.page.inner_text("[data-notice=stranger] [data-part=key]")
    assert shown.replace(" ", "") == read_out
    phone.page.click("[data-action=trust-key]")
    phone.page.click("#dialog [data-action=yes]")
    phone.until("() => document.querySelector('[data-count=received]').textContent === '1'")
    phone.page.locator("[data-notice=stranger]").wait_for(state="detached")  # drawn after the counts
    assert len(entries(server)) == 1


@pytest.mark.further
def test_a_server_that_came_back_from_a_backup_gets_everything_again(
    phone: Phone, server: Server, tmp_path: Path
) -> None:
    office(server, "backup", "make", str(tmp_path / "copy"))
    interview(phone)
    phone.sync()
    assert len(entries(server)) == 1
    server.stop()
    office(server, "backup", "restore", str(tmp_path / "copy"), "--replace")
    assert entries(server) == []
    server.start()
    phone.sync()
    assert phone.counts() == {"saved": 1, "unsent": 0, "received": 1}
    assert len(entries(server)) == 1
    [(generation,)] = asked(server, "SELECT value FROM server_state WHERE key = 'generation'")
    [(body,)] = asked(server, "SELECT body FROM receipt")
    assert generation in body


def test_a_withdrawn_phone_delivers_into_quarantine_and_forgets_the_households(phone: Phone, server: Server) -> None:
    phone.until(KEPT_FOR_LATER)
    server.stop()
    interview(phone)
    phone.begin("ho-1")  # under way
    phone.go_home()
    assert phone.page.locator("[data-part=households] [data-household=ho-2]").count() == 1
    with sqlite3.connect(server.folder / "so-ho.sqlite3") as database:
        database.execute("UPDATE device SET revoked_at = '2030-01-01 00:00:00.000000'")
    server.start()
    phone.sync()
    phone.page.wait_for_selector("[data-notice=withdrawn]")
    assert phone.counts()["received"] == 1
    assert asked(server, "SELECT state, reason FROM submission_status") == [("quarantined", "revoked")]
    phone.page.fill("[data-action=search]", "quang van pang")
    phone.until("() => !document.querySelector('[data-household=ho-2]')")
    phone.page.fill("[data-action=search]", "")
    # What was under way can be finished, and is delivered too.
    interview(phone, "ho-1")
    phone.sync()
    assert phone.counts() == {"saved": 2, "unsent": 0, "received": 2}
    assert asked(server, "SELECT DISTINCT reason FROM submission_status") == [("revoked",)]
    assert re.search(r"đã ngừng trên máy này", phone.page.inner_text("[data-notice=withdrawn]"))
