// Each address that the app builds is read back as it was meant.
import assert from "node:assert/strict"
import { test } from "node:test"

import * as addresses from "../../../static/app/shell/addresses.js"

const { FORGOT, FORGOT_NEW, HOME, ROOM, ofHousehold, ofInterview, ofQuestion, ofSent, ofSupport, read, withWayBack } =
  addresses
const SIGNS = "a/b?c#d%e [1]&f=ô"

test("whatever stands in an id or a path comes back", () => {
  assert.deepEqual(read(ofHousehold({ round_id: SIGNS, household_id: "h" })), { steps: ["h", SIGNS, "h"], query: {} })
  assert.deepEqual(read(ofSupport({ round_id: "", household_id: SIGNS })), { steps: ["support", "", SIGNS], query: {} })
  assert.deepEqual(read(ofSent(SIGNS)), { steps: ["sent", SIGNS], query: {} })
  assert.deepEqual(read(ofInterview("preview:/a/b")), { steps: ["d", "preview:/a/b"], query: {} })
  assert.deepEqual(read(ofInterview("d", "s", SIGNS)), { steps: ["d", "d", "s", SIGNS], query: {} })
  assert.deepEqual(read(ofQuestion("d", "tv[2]", SIGNS)), { steps: ["d", "d", "s", "tv[2]"], query: { at: SIGNS } })
  assert.deepEqual(read(withWayBack(ofInterview("d"), SIGNS)), { steps: ["d", "d"], query: { back: SIGNS } })
})

test("the fixed ones are spelt as the links in the templates are", () => {
  assert.deepEqual([HOME, ROOM, FORGOT, FORGOT_NEW], ["#/", "#/room", "#/forgot", "/#/forgot/new"])
  assert.deepEqual(read(""), read(HOME))
})
