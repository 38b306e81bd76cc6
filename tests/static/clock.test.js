// The phone decides on a day as the server does: tests/cases/clocks.md, and a grid that the server has decided.
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { test } from "node:test"
import { fileURLToPath } from "node:url"

import { bounds, doubt, least, meet, today } from "../../static/app/clock.js"

const root = fileURLToPath(new URL("../..", import.meta.url))
const printed = execFileSync(process.env.PYTHON ?? "python3", ["-m", "tests.cases.clocks"], {
  cwd: root,
  maxBuffer: 1e9,
})
const cases = JSON.parse(printed)
const HOUR = 3_600_000

const decided = ({ said, opens, closes, since, until, skew }) =>
  doubt(said.length === 10 ? said : Date.parse(said), {
    opens,
    closes,
    since: since ? Date.parse(since) : undefined,
    until: until ? Date.parse(until) : undefined,
    skew: skew * HOUR,
  }) ?? ""

test("the phone decides as the table says, and as the server does around every midnight", () => {
  assert.ok(cases.length > 1000)
  assert.ok(new Set(cases.map((one) => one.doubt)).size === 3)
  for (const one of cases) assert.equal(decided(one), one.doubt, JSON.stringify(one))
})

test("what has passed since the last contact counts, whatever is done to the date", () => {
  const kept = Date.parse("2026-11-23T02:00:00Z")
  assert.ok(least(kept) >= kept)
  meet(kept + 5 * HOUR)
  const first = least(kept)
  assert.ok(first >= kept + 5 * HOUR)
  assert.ok(least(0) >= first)
  assert.equal(least(first + 9 * HOUR), first + 9 * HOUR)
})

test("a server that was far ahead and is set right again leaves no mark", () => {
  meet(Date.parse("2030-01-01T00:00:00Z"))
  const right = Date.parse("2026-11-23T02:00:00Z")
  meet(right)
  assert.ok(least(right) < right + HOUR)
})

test("a phone knows its round, its release and its last contact", async () => {
  const at = Date.parse("2026-11-20T00:00:00Z")
  const store = (kept) => ({ get: async (key) => kept[key] })
  meet(0)
  const round = { opens_on: "2026-09-01", closes_on: "2026-12-14" }
  const fresh = await bounds(store({}), undefined, "2026-11-01")
  assert.equal(doubt(Date.parse("2015-01-01T00:00:00Z"), fresh), "behind")
  assert.equal(doubt(Date.parse("2026-11-23T00:00:00Z"), fresh), null)
  const known = await bounds(store({ clock_at: at, clock_skew: 72 * 3600 }), round, "2026-11-01")
  assert.equal(doubt(at + 80 * HOUR, known), "ahead")
  const wasBehind = await bounds(store({ clock_at: at, clock_skew: -72 * 3600 }), round, "2026-11-01")
  assert.equal(doubt(at - 70 * HOUR, wasBehind), "behind")
  assert.equal(doubt(at + HOUR, wasBehind), null)
})

test("the day is the one in Việt Nam, whatever zone the phone is in", () => {
  assert.equal(today(Date.parse("2026-11-23T16:59:59.999Z")), "2026-11-23")
  assert.equal(today(Date.parse("2026-11-23T17:00:00Z")), "2026-11-24")
  assert.equal(today(Date.parse("2027-02-28T17:00:00Z")), "2027-03-01")
})
