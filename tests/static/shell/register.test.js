import assert from "node:assert/strict"
import { test } from "node:test"

import { signOf, survey } from "../../../static/app/shell/register.js"

const sent = (more = {}) => ({ state: "received", missing: [], problem: null, entry: { replaces: null }, ...more })
const said = (id, more = {}) => sent({ id, entry: { no_interview: { kind: "absent" } }, ...more })
const told = (entry_id, state) => ({ state: "to_visit", outcome: { entry_id, state } })
const returned = { state: "returned", returned: { entry_id: "e1" } }

test("each household shows one sign, the one that tells what to do next", () => {
  const table = [
    ["to_visit", { state: "to_visit" }, null, []],
    ["open", { state: "to_visit" }, {}, []],
    ["unsent", { state: "to_visit" }, null, [sent({ state: "waiting" })]],
    ["unsent", { state: "to_visit" }, null, [sent({ missing: ["aa"] })]], // its photo is still here
    ["refused", { state: "to_visit" }, null, [sent({ state: "waiting", problem: { code: "malformed" } })]],
    ["received", { state: "to_visit" }, null, [sent()]],
    ["received", { state: "received" }, null, []], // sent from another phone
    ["accepted", { state: "accepted" }, null, [sent()]],
    ["returned", returned, null, [sent()]],
    ["open", returned, {}, [sent()]],
    ["unsent", returned, null, [sent(), sent({ state: "waiting", entry: { replaces: "e1" } })]],
    // Mended; the register does not know yet.
    ["received", returned, null, [sent(), sent({ entry: { replaces: "e1" } })]],
    // Without an interview: what the desk says of it, and what was sent since.
    ["unsent", { state: "to_visit" }, null, [said("o1", { state: "waiting" })]],
    ["said_waiting", { state: "to_visit" }, null, [said("o1")]], // the register does not know yet
    ["said_waiting", told("o1", "waiting"), null, [said("o1")]],
    ["said_waiting", told("o1", "waiting"), null, []], // said on another phone
    ["said_confirmed", told("o1", "confirmed"), null, [said("o1")]],
    ["said_sent_back", told("o1", "sent_back"), null, [said("o1")]],
    ["said_waiting", told("o1", "sent_back"), null, [said("o1"), said("o2")]], // said again
    ["said_confirmed", told("o0", "confirmed"), null, [said("o1")]], // somebody else's was confirmed
    ["received", told("o1", "sent_back"), null, [said("o1"), sent({ id: "p2" })]], // interviewed after all
    ["received", { ...told("o1", "waiting"), state: "received" }, null, [said("o1")]],
    ["accepted", { state: "accepted", outcome: null }, null, [said("o1")]], // an interview wins
    ["open", told("o1", "sent_back"), {}, [said("o1")]],
    // Beside an interview that was sent back: what was said before it says nothing, which the server knows.
    ["returned", { ...returned, outcome: null }, null, [said("o1")]],
    ["said_waiting", { ...returned, outcome: { entry_id: "o1", state: "waiting" } }, null, [said("o1")]],
    ["said_confirmed", { ...returned, outcome: { entry_id: "o1", state: "confirmed" } }, null, []],
    ["to_visit", { state: "to_visit", outcome: null }, null, []],
  ]
  for (const [sign, household, draft, items] of table) assert.equal(signOf(household, draft, items), sign)
})

test("what was given to who holds the phone comes first, nothing is hidden, what the desk took off the list goes", async () => {
  const household = (household_id, more = {}) => ({
    round_id: "r",
    household_id,
    village_id: "v",
    code: `v-${household_id}`,
    state: "to_visit",
    ...more,
  })
  const households = [
    household("a"),
    household("b", { assigned: "other" }),
    household("c", { assigned: "you" }),
    household("d", { gone: true }), // died out, confirmed
    household("e", { gone: true }), // of another village now, its interview is here
  ]
  const items = [
    { ...said("o1"), entry: { ...said("o1").entry, round_id: "r", household_id: "d" } },
    { ...sent({ id: "p1" }), entry: { round_id: "r", household_id: "e", replaces: null } },
  ]
  const hello = { rounds: [{ id: "r", state: "open" }], villages: [] }
  const { rows } = await survey({
    households: async () => households,
    drafts: async () => [],
    outbox: async () => items,
    get: async () => hello,
    list: async () => null,
  })
  assert.deepEqual(
    rows.map((row) => row.household.household_id),
    ["c", "a", "b", "e"],
  )
})

test("what is proposed of a household or was given to it says nothing of the round", async () => {
  const of = { round_id: "r", household_id: "ho-1" }
  const item = (id, more) => ({ id, state: "waiting", missing: [], entry: { ...of, ...more } })
  const { rows } = await survey({
    households: async () => [{ ...of, village_id: "b", code: "1", state: "to_visit" }],
    drafts: async () => [],
    outbox: async () => [item("p1", { proposal: { kind: "died" } }), item("s1", { support: { kind: "nha_o" } })],
    get: async () => ({ rounds: [{ id: "r", state: "open" }], villages: [] }),
    list: async () => null,
  })
  assert.deepEqual([rows[0].sign, rows[0].items], ["to_visit", []])
})

test("households that no round asks for stand beside the others, each once, and show no sign of a round", async () => {
  const entry = (household_id) => ({ household_id, village_id: "v", code: `v-${household_id}`, head_name: "Lò" })
  const told = (household_id, round_id, more = {}) => ({ ...entry(household_id), round_id, state: "to_visit", ...more })
  const between = { mark: "m", entries: [entry("a"), entry("b"), entry("c")] }
  const seen = async (state, households) => {
    const { rows } = await survey({
      households: async () => households,
      drafts: async () => [],
      outbox: async () => [{ ...sent(), id: "p", entry: { household_id: "a", proposal: { kind: "died" } } }],
      get: async () => ({ rounds: [{ id: "r", state }], villages: [] }),
      list: async () => between,
    })
    return rows.map(({ household, sign }) => [household.household_id, household.round_id, sign, household.change])
  }
  const free = (id) => [id, "", "between", "m"]
  // The round is over: what it knew of them stands no more, the list does.
  assert.deepEqual(await seen("closed", [told("a", "r")]), [free("a"), free("b"), free("c")])
  // One opened, and the list of before is still here: whom the round asks for is asked.
  assert.deepEqual(await seen("open", [told("a", "r"), told("c", "r", { gone: true })]), [
    ["a", "r", "to_visit", undefined],
    free("b"),
    free("c"),
  ])
})
