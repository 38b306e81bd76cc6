"""A household of a hundred: the hundredth member costs what the tenth costs, and a screen draws one of them.

Costs are counted, not timed: how often the engine looked at a place (`Node.relevant`), how many rules it ran, and how
many elements stand in the page. The bench (bench/phone_engines.py) prints the times.
"""

from __future__ import annotations

import pytest

from tests.phone.phone import Phone

pytestmark = pytest.mark.phone

# Counts from now on; the page's own modules are the ones counted.
COUNT = """async () => {
  const engine = name => import(`/static/app/engine/${name}.js`)
  const [{ Node }, { Record }] = await Promise.all(['values', 'record'].map(engine))
  const { get } = Object.getOwnPropertyDescriptor(Node.prototype, 'relevant')
  const { apply } = Record.prototype
  window.cost = { looks: 0, rules: 0 }
  Object.defineProperty(Node.prototype, 'relevant', { get() { window.cost.looks += 1; return get.call(this) } })
  Record.prototype.apply = function (...given) { window.cost.rules += 1; return apply.apply(this, given) }
}"""
COST = "() => { const { looks, rules } = window.cost; window.cost = { looks: 0, rules: 0 }; return { looks, rules } }"

# Taps «Thêm thành viên» so often, and comes back to the list of members each time.
ADD = """async times => {
  const frame = () => new Promise(requestAnimationFrame)
  const list = location.hash
  for (; times > 0; times -= 1) {
    document.querySelector('[data-action=add]').click()
    while (!document.querySelector(`[data-screen=section] .question[data-path$='ho_ten']`)) await frame()
    location.hash = list
    while (!document.querySelector('[data-action=add]')) await frame()
  }
}"""


@pytest.mark.further
def test_the_hundredth_member_costs_what_the_tenth_costs(phone: Phone) -> None:
    phone.begin()
    phone.page.evaluate(COUNT)
    added: dict[int, dict[str, int]] = {}
    answered: dict[int, dict[str, int]] = {}
    drawn: dict[int, int] = {}
    phone.section("thanh_vien")
    before = phone.page.locator("[data-action=instance]").count()
    for number, others in ((10, 9), (100, 89)):
        phone.page.evaluate(ADD, others)
        phone.page.evaluate(COST)
        phone.page.click("[data-action=add]")
        phone.page.wait_for_selector("[data-screen=section] .question[data-path$='ho_ten']")
        added[number] = phone.page.evaluate(COST)
        path = f"thanh_vien[{before + number}]"
        phone.answer(f"{path}/ho_ten", "Lò Văn Thử")
        phone.answer(f"{path}/gioi_tinh", "nam")
        answered[number] = phone.page.evaluate(COST)
        drawn[number] = phone.page.locator(".question").count()
        phone.section("thanh_vien")
    assert phone.page.locator("[data-action=instance]").count() == before + 100
    assert drawn[100] == drawn[10]  # one member's questions, however many members there are
    for cost in (added, answered):
        assert cost[100]["rules"] == cost[10]["rules"]
        # The head's name is a join() over all members, which looks at each of them; counts and sums do not.
        assert cost[100]["looks"] - cost[10]["looks"] <= 2 * 90, cost
