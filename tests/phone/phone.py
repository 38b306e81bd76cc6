"""A phone in the hand of a village head: a real Chromium with a profile on disk, driven by what its screen shows."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import BrowserContext, Locator, Page, Playwright, expect

from tests import world
from tests.chromium import BROWSER
from tests.phone.serve import serve

WIDTH, HEIGHT = 360, 640
PATIENCE = 15_000  # milliseconds on a busy machine
FIRST_VISIT = 90_000  # the page itself waits 20 s for the worker's script and 60 s for a line on which nothing comes
PIN = "482915"
STANDS = "[data-screen]:not([data-screen=lock], [data-screen=pin-new])"  # a screen behind the lock
expect.set_options(timeout=PATIENCE)


# Each server is forked from one process that has loaded the product and serves nobody.
OFFICES = multiprocessing.get_context("forkserver")
OFFICES.set_forkserver_preload(["tests.phone.warm"])
# But another release has scripts that nobody has made small yet, and the minifier (Go) does not live on in a fork.
OF_ANOTHER_RELEASE = multiprocessing.get_context("spawn")


class Server:
    """The product in its own process; `stop()` is what a power cut is to the office."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.address = f"http://localhost:{port}"
        self.process: BaseProcess | None = None

    def start(self, release: str = "") -> None:
        started, ours = OFFICES.Pipe(duplex=False)
        context = OF_ANOTHER_RELEASE if (self.folder / "static").is_dir() else OFFICES
        self.process = context.Process(target=serve, args=(self.folder, self.port, release, ours), daemon=True)
        self.process.start()
        ours.close()
        assert started.recv() == "ready", "the server did not start"

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None


class Phone:
    """`page` is the tab in front. Everything else finds its way by the hooks named in static/app/shell/main.js."""

    def __init__(self, playwright: Playwright, profile: Path, address: str, *, is_quick: bool = True) -> None:
        """`is_quick`: the PIN's key is made in one round, and not in as many as take a thief years."""
        self.playwright, self.profile, self.address, self.is_quick = playwright, profile, address, is_quick
        self.context: BrowserContext
        self.page: Page
        self.errors: list[str] = []
        self.households = (f"ho-{number}" for number in itertools.count())  # that no test has asked on this phone
        self.switch_on()

    def switch_on(self) -> None:
        """Start the browser on this phone's profile."""
        self.context = self.playwright.chromium.launch_persistent_context(
            str(self.profile),
            executable_path=BROWSER,
            args=["--no-sandbox"],
            viewport={"width": WIDTH, "height": HEIGHT},
            has_touch=True,
            is_mobile=True,
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            geolocation={"latitude": 21.4, "longitude": 103.7, "accuracy": 12},
            permissions=["geolocation"],
        )
        self.context.set_default_timeout(PATIENCE)
        if self.is_quick:
            self.context.add_init_script(ONE_ROUND)
        self.page = self.watch(self.context.pages[0] if self.context.pages else self.context.new_page())

    def watch(self, page: Page) -> Page:
        page.on("pageerror", lambda error: self.errors.append(error.message))
        return page

    def kill(self) -> None:
        """SIGKILL to every process of this browser: the battery falls out."""
        for entry in Path("/proc").iterdir():
            try:
                command = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            except OSError:
                continue
            if f"--user-data-dir={self.profile}".encode() in command.split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)

    def switch_off(self) -> None:
        self.context.close()

    def standing(self) -> Any:
        """What stands on the page and how far its worker is: for the report of a test that failed."""
        return self.page.evaluate(STANDING)

    # What a person does

    def open(self, address: str = "") -> None:
        """Go there and unlock."""
        self.page.goto(address or self.address)
        self.page.wait_for_selector("html[data-ready='1']")
        self.unlock()

    def reload(self) -> None:
        self.page.reload()
        self.page.wait_for_selector("html[data-ready='1']")
        self.unlock()

    def unlock(self, page: Page | None = None) -> None:
        """Type the PIN where it is asked for; a new tab has it from another that is open."""
        page = page or self.page
        page.wait_for_selector(f"[data-screen=lock], {STANDS}")
        if page.locator("[data-screen=lock]").count():
            # The key of another tab may come first.
            page.evaluate(UNLOCK, PIN)
        page.wait_for_selector(STANDS)

    def choose_pin(self, pin: str = PIN) -> None:
        """The first screen after the first sign-in."""
        self.page.fill("[data-screen=pin-new] [name=pin]", pin)
        self.page.fill("[data-screen=pin-new] [name=again]", pin)
        self.page.click("[data-screen=pin-new] form button")

    def enrol(self, username: str = "enumerator") -> None:
        """Sign in with network, and wait until the phone can do without."""
        self.page.goto(self.address)
        self.page.click("[data-action=sign-in]", timeout=FIRST_VISIT)
        self.sign_in(username)
        self.synced()
        self.until("() => navigator.serviceWorker.controller", patience=FIRST_VISIT)
        self.until(f"() => {KEPT}", patience=FIRST_VISIT)

    def until(self, predicate: str, arg: Any = None, patience: int = PATIENCE) -> None:
        """A predicate comes true on the page that stands. It may be asynchronous: wait_for_function awaits none."""
        self.page.evaluate(UNTIL.replace("PREDICATE", predicate), [arg, patience])

    def sign_in(self, username: str = "enumerator") -> None:
        """Fill in the sign-in page that stands; then the PIN, a new one where there is none."""
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", world.PASSWORD)
        self.page.click("form .button")
        self.page.wait_for_selector("[data-screen=home], [data-screen=lock], [data-screen=pin-new]")
        if self.page.locator("[data-screen=pin-new]").count():
            self.choose_pin()
        else:
            self.unlock()
        self.page.wait_for_selector("[data-screen=home]")

    def synced(self, runs: int = 1) -> None:
        """At least `runs` talks with the server have ended since the page began, the last one well."""
        self.until(
            "runs => { const { state, runs: ended } = document.querySelector('[data-part=sync]').dataset;"
            " return state === 'idle' && Number(ended) >= runs }",
            runs,
        )

    def sync(self) -> None:
        """Tap «Gửi ngay» and wait for the end of it."""
        runs = int(self.page.get_attribute("[data-part=sync]", "data-runs") or 0)
        self.page.click("[data-action=sync]")
        self.synced(runs + 1)

    def go_home(self) -> None:
        self.page.evaluate("location.hash = '#/'")
        self.page.wait_for_selector("[data-screen=home]")

    def counts(self) -> dict[str, int]:
        """The line of truth."""
        return {name: int(self.page.inner_text(f"[data-count={name}]")) for name in ("saved", "unsent", "received")}

    def begin(self, household: str = "ho-0", *, says_right: bool = False) -> None:
        """Home → household → its interview; `says_right` when the phone asks about its date."""
        self.go_home()
        self.page.click(f"[data-household='{household}'] >> nth=0")
        self.page.click("[data-screen=household] [data-action=interview]")
        if says_right:
            self.page.click("#dialog [data-action=yes]")
        self.page.wait_for_selector("[data-screen=overview]")

    def section(self, path: str) -> None:
        """Open a section or a member of the interview that is open."""
        draft = self.page.evaluate("location.hash.split('/')[2]")
        self.page.evaluate("address => { location.hash = address }", f"#/d/{draft}/s/{quote(path, safe='')}")
        self.until(
            "path => document.querySelector('[data-screen=section]')?.dataset.place === path",
            path,
        )

    def question(self, path: str) -> Locator:
        return self.page.locator(f".question[data-path='{path}']")

    def answer(self, path: str, value: Any) -> None:
        """Answer a question of the screen that stands: a choice by its name, a text or a number by typing."""
        question = self.question(path)
        kind = question.get_attribute("data-type")
        if kind in ("select_one", "select_multiple"):
            for name in str(value).split():
                question.locator(f"input[value='{name}']").check(force=True)
        else:
            question.locator("input, textarea").first.fill(str(value).replace(".", ","))

    def events(self) -> list[dict[str, Any]]:
        """Every event of every interview that this phone keeps: opened with the PIN, as the app itself would."""
        found: list[dict[str, Any]] = self.page.evaluate(EVENTS, PIN)
        return found

    def saved(self) -> None:
        """Every answer is on the disk."""
        self.page.wait_for_selector("[data-part=saved][data-saved=saved]")

    def value(self, path: str) -> str:
        """What a question of the screen that stands holds now."""
        question = self.question(path)
        if question.get_attribute("data-type") in ("select_one", "select_multiple"):
            chosen = question.locator("input:checked").evaluate_all("all => all.map(one => one.value).join(' ')")
            shown = question.locator("[data-part=chosen] [data-part=answer]")
            return str(chosen) or (shown.inner_text() if shown.count() else "")
        return question.locator("input, textarea").first.input_value()

    def fill_in(self) -> None:
        """Answer everything on this screen that is asked and open: last year's answer, else the first choice."""
        for _ in range(80):
            path = self.page.evaluate(OPEN_QUESTION)
            if path is None:
                return
            question = self.question(path)
            same = question.locator("[data-action=same]")
            if same.is_visible():
                same.click()
            elif question.get_attribute("data-type") in ("select_one", "select_multiple"):
                question.locator("label.choice").first.click()
            else:
                self.answer(path, TYPED.get(path.split("/")[-1], 2))

    def finish_answers(self) -> None:
        """Answer whatever the check still misses, jumping from its list as a person would."""
        for _ in range(60):
            self.check()
            jump = self.page.locator("[data-screen=check] [data-part=errors-list] [data-jump]").first
            if not jump.count():
                break
            path = jump.get_attribute("data-jump") or ""
            jump.click()
            self.question(path).wait_for()
            self.fill_in()
        for warning in self.page.locator("[data-warning]").all():
            warning.locator("input").fill("Đã xem giấy tờ")
            warning.locator("[data-action=confirm]").click()

    def check(self) -> None:
        draft = self.page.evaluate("location.hash.split('/')[2]")
        self.page.evaluate("address => { location.hash = address }", f"#/d/{draft}/check")
        self.page.wait_for_selector("[data-screen=check]")

    def finalise(self) -> None:
        """Check → result → finish, and the screen of the finished record."""
        self.page.click("[data-screen=check] .actions [data-action=result]")
        self.page.click("[data-action=finalise]")
        self.page.click("#dialog [data-action=yes]")
        self.page.wait_for_selector("[data-screen=sent]")


# WebCrypto with one round of PBKDF2, where there is WebCrypto.
ONE_ROUND = """{
  const { prototype } = globalThis.SubtleCrypto ?? {}
  const derive = prototype?.deriveKey
  if (derive) prototype.deriveKey = function (how, ...rest) {
    return derive.call(this, 'iterations' in how ? { ...how, iterations: 1 } : how, ...rest)
  }
}"""

TYPED = {"nam_sinh": 1990, "chieu_cao": 120, "can_nang": 25, "ho_ten": "Lò Văn Thử", "dien_tich": 60}

# The store of who is signed in, opened with the PIN as the app itself does it.
OPENED = """async pin => {
  const { Device } = await import('/static/app/store/device.js')
  const { Store } = await import('/static/app/store/store.js')
  const { openRing } = await import('/static/app/vault/vault.js')
  const device = new Device()
  const account = await device.get('account')
  const ring = await device.get(`ring ${account}`)
  const store = new Store(account, ring, await openRing(ring, pin))
  const kept = await Promise.all((await store.drafts()).map(({ id }) => store.draft(id)))
  const events = kept.flatMap(({ events }) => events)
"""
EVENTS = f"{OPENED} return events }}"

# Is everything on this phone that follows after the first sync?
KEPT = """Promise.all(JSON.parse(document.getElementById('later').textContent).map(file => caches.match(file)))
  .then(found => found.every(Boolean))"""

STANDING = """async () => ({
  address: location.href,
  page: { ...document.documentElement.dataset },
  words: document.body?.innerText.slice(0, 600),
  controlled: navigator.serviceWorker?.controller?.state,
  workers: (await navigator.serviceWorker?.getRegistrations() ?? []).map(({ installing, waiting, active }) =>
    [installing, waiting, active].map(one => one?.state)),
  kept: await caches.keys(),
  unanswered: performance.getEntriesByType('resource').filter(one => !one.responseEnd).map(({ name }) => name),
})"""

UNLOCK = """pin => {
  const form = document.querySelector('[data-screen=lock] form')
  if (!form) return
  form.pin.value = pin
  form.requestSubmit()
}"""

UNTIL = """async ([arg, patience]) => {
  const end = Date.now() + patience
  while (!(await (PREDICATE)(arg))) {
    if (Date.now() > end) throw new Error(`never true: ${PREDICATE}`)
    await new Promise(tick => setTimeout(tick, 50))
  }
}"""

# The first question on the screen that must be answered and is not.
OPEN_QUESTION = """() => {
  for (const question of document.querySelectorAll('.question')) {
    if (question.querySelector('.question-optional')) continue
    if (['note', 'image', 'geopoint'].includes(question.dataset.type)) continue
    const chosen = question.querySelector('[data-part=chosen]')
    if (question.querySelector('input:checked, .readonly') || (chosen && !chosen.hidden)) continue
    const control = question.querySelector('[data-part=control]')
    const typed = control.querySelector('input:not([type=radio], [type=checkbox], [type=search]), textarea')
    if (typed && typed.value) continue
    return question.dataset.path
  }
  return null
}"""
