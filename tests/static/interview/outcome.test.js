import assert from "node:assert/strict"
import { test } from "node:test"

import { canonical } from "../../../static/app/canonical.js"
import { countingOf, mayBeSaid, missingIn, outcomeOf } from "../../../static/app/interview/outcome.lazy.js"

const visit = (day) => ({ at: `2026-11-${day}T03:20:00.000Z`, place: null })

test("nobody in may be said after three visits, all else at once", () => {
  assert.equal(mayBeSaid("absent", [visit(18), visit(20)]), false)
  assert.equal(mayBeSaid("absent", [visit(18), visit(20), visit(22)]), true)
  for (const kind of ["refused", "moved_away", "not_found", "test"]) assert.equal(mayBeSaid(kind, []), true)
})

test("visits count two hours apart, whatever their order, and after the last sending back", () => {
  const at = (time) => ({ at: `2026-11-${time}.000Z`, place: null })
  const table = [
    [[], {}, []],
    [["18T03:20:00", "18T03:20:05", "18T03:21:00"], {}, ["18T03:20:00"]], // three taps at one door
    [["18T03:20:00", "18T05:19:59", "18T05:20:00"], {}, ["18T03:20:00", "18T05:20:00"]],
    [["22T03:20:00", "18T03:20:00", "18T04:20:00"], {}, ["18T03:20:00", "22T03:20:00"]],
    [
      ["18T03:20:00", "22T03:20:00"],
      { outcome: { state: "sent_back", at: "2026-11-20T00:00:00.000Z" } },
      ["22T03:20:00"],
    ],
    [["18T03:20:00"], { outcome: { state: "waiting", at: "2026-11-20T00:00:00.000Z" } }, ["18T03:20:00"]],
    [["18T03:20:00", "22T03:20:00"], { returned: { at: "2026-11-20T00:00:00.000Z" } }, ["22T03:20:00"]],
  ]
  for (const [visits, household, counting] of table)
    assert.deepEqual(countingOf(visits.map(at), household), counting.map(at))
})

test("what is missing is asked for, one thing after the other", () => {
  const three = [visit(18), visit(20), visit(22)]
  const table = [
    ["kind", { kind: "", reason: "x", visits: three }],
    ["kind", { kind: "absent", reason: "x", visits: three.slice(1) }],
    ["reason", { kind: "moved_away", reason: "  ", visits: [] }],
    [null, { kind: "moved_away", reason: "vào Nam", visits: [] }],
    [null, { kind: "absent", reason: "", visits: three }], // the visits speak for themselves
  ]
  for (const [missing, said] of table) assert.equal(missingIn(said), missing)
})

test("what is sent names the household, the visits and the place, and can be hashed whatever was typed", () => {
  const household = { household_id: "ho-1", round_id: "r", village_id: "v", code: "c" }
  const now = new Date("2026-11-22T03:21:00.000Z")
  const said = { household, commune: "03757", kind: "absent", visits: [visit(18)], place: "21.4 103.7 0 9", now }
  const entry = outcomeOf({ ...said, reason: " đi nương \ud83d" })
  const { id, ...rest } = entry
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  assert.deepEqual(rest, {
    commune_id: "03757",
    round_id: "r",
    household_id: "ho-1",
    no_interview: { kind: "absent", reason: "đi nương", attempts: [visit(18)], place: "21.4 103.7 0 9" },
    files: [],
    finalised_at: "2026-11-22T03:21:00.000Z",
  })
  assert.doesNotThrow(() => canonical(entry))
})
