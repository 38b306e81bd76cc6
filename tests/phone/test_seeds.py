"""Seeds of faults on a real browser: what of `make faults` only Chromium can show. A seed decides its steps.

BROWSER_SEEDS: how many of them; `make faults` runs more than `make test`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Error

from tests.phone.phone import Phone, Server
from tests.phone.test_sync import refuse
from tests.phone.test_without_network import entries

pytestmark = pytest.mark.phone
SEEDS = range(1, 1 + int(os.environ.get("BROWSER_SEEDS", "2")))
SECTION, ANSWER = "thong_tin_ho", "thong_tin_ho/nguoi_tra_loi"
FILES = ["modules.json", "static/style.css", "static/plain/start.js", "manifest.webmanifest", "static/icons/icon.svg"]
HOUSEHOLDS = ["ho-0", "ho-1", "ho-2", "ho-3"]

# A release is fetched; ends when its worker waits, or was given up.
FETCHED = """async () => {
  const registration = await navigator.serviceWorker.getRegistration()
  await registration.update()
  const worker = registration.installing
  if (!worker) return registration.waiting?.state ?? 'none'
  return new Promise(done => worker.addEventListener('statechange', () =>
    ['installed', 'activated', 'redundant'].includes(worker.state) && done(worker.state)))
}"""


class Field:
    """A person with this phone; `said` is what happened, `answers` and `finished` what the screen promised."""

    def __init__(self, seed: int, phone: Phone, server: Server) -> None:
        self.chance, self.phone, self.server = Random(seed), phone, server
        self.releases = 0
        self.answers: dict[str, str] = {}  # household: what was said to be saved
        self.finished: list[str] = []
        self.said: list[str] = []

    def run(self) -> None:
        weights = {self.answer: 3, self.killed: 2, self.window: 1, self.release: 1, self.release_in_part: 3,
                   self.no_network: 2, self.finish: 2}  # fmt: skip
        chosen = self.chance.choices(list(weights), list(weights.values()), k=5)
        planned: list[Callable[[], object]] = [self.answer, *chosen, self.release_in_part]
        for step in planned:
            self.said.append(step.__name__)
            step()
        self.without_network()
        self.with_network()

    # What a person and the world do

    def answer(self) -> str:
        self.phone.go_home()
        asked = [one for one in HOUSEHOLDS if one not in self.finished]
        household, name = self.chance.choice(asked), f"Quàng Thị {self.chance.randrange(10_000)}"
        self.phone.begin(household)
        self.phone.section(SECTION)
        self.phone.answer(ANSWER, name)
        self.phone.saved()
        self.answers[household] = name
        return household

    def killed(self) -> None:
        self.phone.kill()
        self.phone.switch_on()
        self.open()

    def window(self) -> None:
        """The interview is open in one window and taken over in another."""
        self.answer()
        first, address = self.phone.page, self.phone.page.url
        self.phone.page = self.phone.watch(self.phone.context.new_page())
        self.phone.page.goto(address)
        self.phone.page.wait_for_selector("[data-screen=elsewhere]")
        self.phone.page.click("[data-action=take-over]")
        self.phone.page.wait_for_selector("[data-screen=section], [data-screen=overview]")
        first.close()

    def release(self) -> None:
        self.releases += 1
        self.server.stop()
        self.server.start(release=f"ban-{self.releases}")
        self.said.append(f"  {self.phone.page.evaluate(FETCHED)}")

    def release_in_part(self) -> None:
        """The line breaks at one file of the new release."""
        self.phone.go_home()
        broken = f"/{self.chance.choice(FILES)}"
        self.said.append(f"  without {broken}")
        self.phone.context.route(f"**{broken}", lambda route: route.abort())
        self.release()
        self.phone.context.unroute(f"**{broken}")

    def no_network(self) -> None:
        self.server.stop()

    def finish(self) -> None:
        household = self.answer()
        refuse(self.phone)
        self.finished.append(household)

    # What must hold

    def open(self) -> None:
        try:
            self.phone.open()
        except Error as error:
            raise AssertionError(f"the app does not open after {self.said}: {error.message}") from None

    def without_network(self) -> None:
        """The app opens with what it has kept, and everything that was said to be saved is there."""
        self.server.stop()
        self.phone.kill()
        self.phone.switch_on()
        self.open()
        for household in [one for one in self.answers if one not in self.finished]:
            self.phone.begin(household)
            self.phone.section(SECTION)
            assert self.phone.value(ANSWER) == self.answers[household], f"a saved answer is lost after {self.said}"
        self.phone.go_home()

    def with_network(self) -> None:
        """Every finished interview is at the office, once."""
        self.server.start()
        self.phone.sync()
        counts = self.phone.counts()
        told = {"saved": len(self.answers), "unsent": 0, "received": len(self.finished)}
        assert counts == told, f"not all is sent after {self.said}"
        came: list[Any] = sorted(one["household_id"] for one in entries(self.server))
        assert came == sorted(self.finished), f"lost or doubled after {self.said}"


@pytest.mark.further
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost(seed: int, phone: Phone, server: Server) -> None:
    Field(seed, phone, server).run()
