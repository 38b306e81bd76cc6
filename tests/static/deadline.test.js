import assert from "node:assert/strict"
import { test } from "node:test"

import { within } from "../../static/app/deadline.js"
import { formFile, hello, signOut } from "../../static/app/sync/outbox.js"

globalThis.navigator ??= { onLine: true } // Node.js before 21
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

// A browser lacks something: that must never look like a bad line.
const answers = (t, answer) => t.mock.method(globalThis, "fetch", answer)
const lacking = () => {
  throw new TypeError("AbortSignal.timeout is not a function")
}

test("only fetch's own failure means that the server cannot be reached", async (t) => {
  answers(t, () => Promise.reject(new TypeError("Failed to fetch")))
  await assert.rejects(hello(), { act: "wait", why: "unreachable" })
  assert.equal(await signOut(), false)
  assert.equal(await formFile("/files/", "a.png", {}), null)
  const headers = { "X-So-Ho": "1", "Content-Type": "application/json" }
  answers(t, async () => new Response('{"cut', { headers }))
  await assert.rejects(hello(), { act: "wait", why: "unreachable" })
})

test("what our own code cannot do is an error of ours, in every call", async (t) => {
  answers(t, lacking)
  for (const call of [() => hello(), () => signOut(), () => formFile("/files/", "a.png", {})]) {
    await assert.rejects(call(), TypeError)
  }
  answers(t, async () => ({ headers: { get: lacking } }))
  await assert.rejects(hello(), TypeError)
})

test("an engine without AbortSignal.timeout talks with the server", async (t) => {
  const { timeout } = AbortSignal
  delete AbortSignal.timeout
  t.after(() => (AbortSignal.timeout = timeout))
  answers(
    t,
    async () => new Response('{"csrf":"c"}', { headers: { "X-So-Ho": "1", "Content-Type": "application/json" } }),
  )
  assert.deepEqual(await hello(), { csrf: "c" })
})
