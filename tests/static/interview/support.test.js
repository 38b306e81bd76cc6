// A support that is told of, before it is sent; tests/cases/supports.json is asked of the server too
// (tests/supports/test_rules.py).

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import {
  earlierOf,
  faultIn,
  givenBy,
  kindsFor,
  moneyParts,
  needsOf,
  runningOn,
  supportOf,
  windowKey,
} from "../../../static/app/interview/support.lazy.js"

const { cases, today, kinds, projects, given } = JSON.parse(readFileSync("tests/cases/supports.json", "utf8"))
const list = { mark: "m", kinds, projects, needs: [], given, sent: [] }
const NOW = new Date("2026-11-23T02:00:00Z")
const SAID = { kind: "nha_o", programme: "ct2026", project: "1", person: null, day: "2026-11-20" }
const whole = (said) => ({ ...SAID, amount: null, quantity: null, document: "", note: "", ...said })
/** What the phone says of `said` in a household that has sent these. */
const found = (said, household = "ho-2", items = [], known = list) => {
  const earlier = earlierOf(whole(said), household, givenBy(known, items), known)
  return { fault: faultIn(whole(said), { today, earlier, list: known }), earlier }
}
const item = (id, household_id, said, more = {}) => ({
  id,
  state: "waiting",
  problem: null,
  result: null,
  entry: { id, household_id, support: whole(said), finalised_at: "2026-11-20T02:00:00.000Z" },
  ...more,
})

assert.ok(cases.length > 15)
for (const { why, household, said, window_key, fault } of cases)
  test(`the phone finds what the server finds: ${why}`, () => {
    assert.equal(found(said, household).fault, fault)
    const kind = kinds.find(({ code }) => code === said.kind)
    assert.equal(windowKey(kind, said), window_key)
  })

test("what was given before is told, and may be sent with a reason", () => {
  const { earlier } = found({}, "ho-1")
  assert.deepEqual(
    earlier.map(({ day, place, kind }) => [day, place, kind]),
    [["2023-04-01", "Xã Mường Khiêng", "nha_o"]],
  )
  assert.equal(found({ note: "nhà cháy" }, "ho-1").fault, null)
  assert.equal(found({ note: "  " }, "ho-1").fault, "support_given")
})

test("what waits on this phone counts as given, until it was refused or taken back", () => {
  const waits = item("e-1", "ho-2", {})
  assert.equal(found({}, "ho-2", [waits]).fault, "support_given")
  assert.equal(found({}, "ho-3", [waits]).fault, null)
  const card = { kind: "the_bhyt", person: "p-9" }
  assert.equal(found(card, "ho-3", [item("e-2", "ho-2", card)]).fault, "support_given") // wherever they live
  for (const [state, fault] of [
    ["held", "support_given"],
    ["accepted", "support_given"],
    ["refused", null],
    ["reversed", null],
  ]) {
    const told = { ...list, sent: [{ entry_id: "e-1", state, household_id: "ho-2", kind: "nha_o", words: "", by: "" }] }
    const sent = { ...waits, state: "received", result: { outcome: "stored", reason: null } }
    assert.equal(found({}, "ho-2", [sent], told).fault, fault, state)
  }
})

test("what was not chosen, or is no number or day, is asked for", () => {
  const table = [
    [{ kind: "" }, "kind"],
    [{ kind: "no_more" }, "kind"],
    [{ day: null }, "day"],
    [{ project: "" }, "project"],
    [{ amount: 0 }, "amount"],
    [{ amount: -5 }, "amount"],
    [{ amount: 1.5 }, "amount"],
    [{ amount: 1_000_000_000_001 }, "amount"],
    [{ amount: 1_000_000_000_000, quantity: 1_000_000 }, null],
    [{ quantity: 0 }, "quantity"],
    [{ quantity: 1_000_001 }, "quantity"],
  ]
  for (const [said, fault] of table) assert.equal(found(said).fault, fault, JSON.stringify(said))
})

test("kinds for a person need somebody who is known, and projects a day on which they ran", () => {
  assert.deepEqual(
    kindsFor(kinds, []).map(({ code }) => code),
    ["nha_o", "nha_o_tinh", "tien_dien"],
  )
  assert.equal(kindsFor(kinds, [{ id: "p-1" }]).length, kinds.length)
  const on = (day) => runningOn(projects, day).map(({ programme }) => programme)
  assert.deepEqual(on("2025-12-31"), ["qd90"])
  assert.deepEqual(on("2026-05-31"), ["ct2026"])
  assert.deepEqual(on("2026-06-01"), ["ct2026", "tinh"])
  assert.deepEqual(on(null), ["qd90", "ct2026", "tinh"])
})

test("the entry says what was said and no more", () => {
  const household = { round_id: "", household_id: "ho-1" }
  const said = whole({ amount: 40_000_000, document: " QĐ 12\n 3/3/2026 \ud83d", note: "a\u0000b" })
  const { id, ...entry } = supportOf({ household, commune: "03757", said, now: NOW })
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  assert.deepEqual(entry, {
    commune_id: "03757",
    household_id: "ho-1",
    support: { ...said, document: "QĐ 12 3/3/2026", note: "a b" },
    files: [],
    finalised_at: "2026-11-23T02:00:00.000Z",
  })
  const inRound = { ...household, round_id: "r" } // it is of no round all the same
  const doubted = supportOf({ household: inRound, commune: "03757", said, doubted: "behind", now: NOW })
  assert.deepEqual([doubted.date_doubted, "round_id" in doubted], ["behind", false])
})

test("what was given and what became of what was sent stand in one list, each once, the newest first", () => {
  const stored = { outcome: "stored", reason: null }
  const reason = { code: "support_given", title: "Đã có", next: "" }
  const items = [
    item("e-1", "ho-2", { day: "2026-11-01" }),
    item("e-2", "ho-2", { day: "2026-11-02" }, { problem: { code: "malformed" } }),
    item("e-3", "ho-2", { day: "2026-11-03" }, { state: "received", result: stored }),
    item(
      "e-4",
      "ho-2",
      { day: "2026-11-04", note: "nhà cháy" },
      { state: "received", result: { outcome: "held", reason } },
    ),
    item("e-3b", "ho-2", { day: "2026-11-03" }),
    item("e-5", "ho-2", { day: "2026-11-05" }, { state: "received", result: stored }),
    item("e-6", "ho-2", { day: "2026-11-06" }, { state: "received", result: stored }),
    { ...item("i-1", "ho-2", {}), entry: { id: "i-1", household_id: "ho-2", answers: {} } }, // an interview
  ]
  const sent = (entry_id, state, day, words = "") => ({
    entry_id,
    household_id: "ho-2",
    kind: "nha_o",
    day,
    state,
    at: "",
    by: words && "Lê Thị Hà",
    words,
  })
  const known = {
    ...list,
    given: [
      {
        household_id: "ho-2",
        person: null,
        benefit_group: "nha_o",
        window_key: "life",
        kind: "nha_o",
        day: "2026-11-05",
      },
      {
        household_id: "ho-2",
        person: null,
        benefit_group: "nha_o",
        window_key: "life",
        kind: "nha_o",
        day: "2021-01-01",
      },
    ],
    sent: [
      sent("e-5", "accepted", "2026-11-05"),
      sent("e-6", "refused", "2026-11-06", "không phải hộ này"),
      sent("e-0", "reversed", "2025-05-05", "ghi nhầm"), // of another phone of this account
    ],
  }
  assert.deepEqual(
    givenBy(known, items).map(({ id, state, day, words, by }) => [id, state, day, words, by]),
    [
      ["e-6", "refused", "2026-11-06", "không phải hộ này", "Lê Thị Hà"],
      ["e-5", "accepted", "2026-11-05", "", ""],
      ["e-4", "held", "2026-11-04", "nhà cháy", ""],
      ["e-3b", "unsent", "2026-11-03", "", ""],
      ["e-3", "received", "2026-11-03", "", ""],
      ["e-2", "refused_here", "2026-11-02", "", ""],
      ["e-1", "unsent", "2026-11-01", "", ""],
      ["e-0", "reversed", "2025-05-05", "ghi nhầm", "Lê Thị Hà"],
      ["", "accepted", "2021-01-01", "", ""],
    ],
  )
})

test("what was entered at a desk is told with its amount, and an office that says none leaves it open", () => {
  const [told] = given
  const known = {
    ...list,
    given: [
      { ...told, amount: 40_000_000, quantity: 1 },
      { ...told, day: "2022-04-01" },
    ],
  }
  assert.deepEqual(
    givenBy(known, []).map(({ amount, quantity, entry }) => [amount, quantity, entry]),
    [
      [40_000_000, 1, null],
      [null, null, null],
    ],
  )
})

test("an amount is said in billions, millions and thousands", () => {
  assert.deepEqual(moneyParts(1_500_000), [
    [1, "million"],
    [500, "thousand"],
  ])
  assert.deepEqual(moneyParts(40_000_000), [[40, "million"]])
  assert.deepEqual(moneyParts(2_000_000_250), [
    [2, "billion"],
    [250, "one"],
  ])
  assert.deepEqual(moneyParts(1_000_000_000_000), [[1000, "billion"]])
})

test("what a household lacks stands with the projects that serve it for its class", () => {
  const water = { indicator: "nuoc", classes: ["ho_ngheo"] }
  const known = {
    ...list,
    needs: [
      { household_id: "ho-1", class: "ho_ngheo", lacks: ["nuoc", "bhyt"] },
      { household_id: "ho-2", class: "ho_can_ngheo", lacks: ["nuoc", "vien_thong"] },
    ],
    projects: [
      { project: "1", serves: [water, { indicator: "vien_thong", classes: [] }] },
      { project: "2", serves: [water] },
    ],
  }
  const of = (household) =>
    needsOf(household, known).map(({ indicator, projects: those }) => [indicator, those.map(({ project }) => project)])
  assert.deepEqual(of("ho-1"), [
    ["nuoc", ["1", "2"]],
    ["bhyt", []],
  ])
  assert.deepEqual(of("ho-2"), [
    ["nuoc", []],
    ["vien_thong", ["1"]],
  ])
  assert.deepEqual(of("ho-3"), [])
})
