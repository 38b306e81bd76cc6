import assert from "node:assert/strict"
import { test } from "node:test"

import { signOf } from "../../../static/app/shell/register.js"

const sent = (more = {}) => ({ state: "received", missing: [], problem: null, entry: { replaces: null }, ...more })
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
  ]
  for (const [sign, household, draft, items] of table) assert.equal(signOf(household, draft, items), sign)
})
