"""`python -m scripts.screens`: the main screens as docs/screens/*.png, taken of the demo commune in a real Chromium.

A phone at 360 × 640 goes through an interview of the demo, a supervisor looks at the work at 1280 × 800.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, Playwright, sync_playwright

from survey.demo import ACCOUNTS, PASSWORD
from tests.chromium import BROWSER
from tests.phone.phone import Phone, Server

ROOT = Path(__file__).parents[1]
TO = ROOT / "docs" / "screens"
COMMUNE = "03757"


def main() -> None:
    TO.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = demo_server(Path(folder))
        try:
            phone_screens(playwright, server, Path(folder) / "profile")
            desk_screens(playwright, server)
        finally:
            server.stop()
    for path in sorted(TO.glob("*.png")):
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} kB")


def demo_server(folder: Path) -> Server:
    instance = folder / "instance"
    instance.mkdir()
    for command in (["demo"],):
        environment = {**os.environ, "INSTANCE": str(instance)}
        environment.pop("DATABASE_URL", None)
        subprocess.run([sys.executable, "-m", "flask", "--app", "app", *command], cwd=ROOT, env=environment, check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(instance, port)
    server.start()
    return server


def phone_screens(playwright: Playwright, server: Server, profile: Path) -> None:
    enumerator = next(account for account in ACCOUNTS if account.role == "enumerator")
    phone = Phone(playwright, profile, server.address)
    page = phone.page
    phone.open()
    page.click("[data-action=sign-in]")
    page.fill("[name=username]", enumerator.username)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_selector("[data-screen=pin-new]")
    phone.choose_pin()
    page.wait_for_selector("[data-screen=home]")
    phone.synced()
    shoot(page, "home")
    household = page.get_attribute("[data-part=households] [data-household] >> nth=0", "data-household") or ""
    phone.begin(household)
    shoot(page, "sections")
    phone.section("thong_tin_ho")
    shoot(page, "interview")
    phone.fill_in()
    phone.section("thanh_vien[1]")
    phone.fill_in()
    shoot(page, "member")
    phone.section("thanh_vien")
    shoot(page, "members")
    phone.check()
    shoot(page, "check")
    phone.finish_answers()
    page.click("[data-screen=check] .actions [data-action=result]")
    page.wait_for_selector(".verdict")
    shoot(page, "result")
    phone.check()
    phone.finalise()
    page.wait_for_selector("[data-screen=sent][data-state=received]")
    shoot(page, "sent")
    phone.switch_off()
    shutil.rmtree(profile)


def desk_screens(playwright: Playwright, server: Server) -> None:
    supervisor = next(account for account in ACCOUNTS if account.role == "supervisor")
    browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
    page = browser.new_context(viewport={"width": 1280, "height": 800}, locale="vi-VN").new_page()
    page.goto(f"{server.address}/login")
    page.fill("[name=username]", supervisor.username)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/desk/**")
    shoot(page, "office")
    page.goto(f"{server.address}/desk/{COMMUNE}/queue")
    shoot(page, "queue")
    page.locator("[data-keys=rows] tbody tr:has(:text-is('Hộ nghèo')) th a").first.click()  # the phone's own
    page.wait_for_selector(".verdict")
    shoot(page, "record")
    page.goto(f"{server.address}/desk/{COMMUNE}/report")
    shoot(page, "report")
    browser.close()


def shoot(page: Page, name: str) -> None:
    """The screen as it stands, once fonts and pictures are there; small enough for a repository."""
    page.wait_for_function("() => document.fonts.status === 'loaded'")
    page.screenshot(path=TO / f"{name}.png")


if __name__ == "__main__":
    main()
