"""A browser of some years ago: what it lacks is taken out of this one before any script runs. A real one is driven by
hand (docs/browsers.md)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.gates.test_browsers import OLDEST
from tests.phone.phone import KEPT, Phone, Server
from tests.phone.test_release_whole import with_photo
from tests.phone.test_without_network import entries

pytestmark = pytest.mark.phone

# What Chrome 87 did not have and scripts reach for.
LACKING = """
for (const [owner, names] of [
  [AbortSignal, ['timeout', 'any', 'abort']],
  [globalThis, ['structuredClone', 'reportError', 'BarcodeDetector', 'URLPattern', 'Iterator', 'navigation']],
  [Object, ['hasOwn', 'groupBy']],
  [Map, ['groupBy']],
  [Promise, ['withResolvers', 'try']],
  [Array, ['fromAsync']],
  [Response, ['json']],
  [URL, ['canParse', 'parse']],
  [Array.prototype, ['at', 'findLast', 'findLastIndex', 'toSorted', 'toReversed', 'toSpliced', 'with']],
  [String.prototype, ['at', 'isWellFormed', 'toWellFormed']],
  [Crypto.prototype, ['randomUUID']],
  [AbortSignal.prototype, ['throwIfAborted', 'reason']],
  [Element.prototype, ['checkVisibility', 'setHTMLUnsafe']],
  [HTMLElement.prototype, ['inert', 'popover', 'showPopover', 'hidePopover', 'togglePopover']],
  [HTMLInputElement.prototype, ['showPicker']],
  [Document.prototype, ['startViewTransition']],
  [Navigator.prototype, ['userAgentData', 'canShare', 'share']],
  [Set.prototype, ['union', 'intersection', 'difference', 'symmetricDifference', 'isSubsetOf', 'isSupersetOf']],
  [Object.getPrototypeOf([][Symbol.iterator]()).__proto__,
    ['map', 'filter', 'some', 'every', 'find', 'reduce', 'toArray', 'forEach', 'take', 'drop', 'flatMap']],
]) for (const name of names) delete owner[name]
"""


@pytest.mark.further
def test_the_whole_way_with_what_the_oldest_browser_has(new_phone: Phone, server: Server) -> None:
    phone = new_phone
    phone.context.add_init_script(LACKING)
    phone.page.goto(phone.address)
    assert OLDEST == 87 and phone.page.evaluate("typeof AbortSignal.timeout") == "undefined"
    phone.enrol()
    phone.until(f"() => {KEPT}")
    server.stop()
    phone.reload()  # without network
    with_photo(phone)
    server.start()
    phone.go_home()
    phone.sync()
    assert phone.counts() == {"saved": 1, "unsent": 0, "received": 1}
    assert [one["household_id"] for one in entries(server)] == ["ho-0"]
    phone.page.evaluate("location.hash = '#/settings'")
    expect(phone.page.locator("[data-screen=settings]")).to_be_visible()


def test_what_the_browser_lacks_is_never_called_a_bad_line(new_phone: Phone, server: Server) -> None:
    """An error of ours in the middle of a call: the screen says trouble, not «no network»."""
    phone = new_phone
    phone.context.add_init_script("Headers.prototype.get = undefined")
    phone.page.goto(phone.address)
    phone.page.wait_for_selector("[data-screen=trouble]")
    phone.errors.clear()
