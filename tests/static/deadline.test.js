import assert from "node:assert/strict"
import { test } from "node:test"

import { within } from "../../static/app/deadline.js"

const isLate = { name: "TimeoutError" }

test("what comes in time is given, and no timer is left", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] })
  let heard
  assert.equal(await within(1000, async (signal) => ((heard = signal), "came")), "came")
  t.mock.timers.tick(5000)
  assert.equal(heard.aborted, false)
})

test("what does not come is given up and told so, also work that heeds nothing", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] })
  let heard
  const waiting = within(1000, (signal) => ((heard = signal), new Promise(() => {})))
  t.mock.timers.tick(999)
  assert.equal(heard.aborted, false)
  t.mock.timers.tick(1)
  assert.equal(heard.aborted, true)
  await assert.rejects(waiting, isLate)
})

test("each step forward begins the time anew", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] })
  let moved
  const waiting = within(1000, (_, again) => ((moved = again), new Promise(() => {})))
  for (let step = 0; step < 5; step++) {
    t.mock.timers.tick(900)
    moved()
  }
  t.mock.timers.tick(1000)
  await assert.rejects(waiting, isLate)
})

test("the work's own failure is passed on", async () => {
  await assert.rejects(
    within(1000, async () => JSON.parse("<")),
    SyntaxError,
  )
})
