// What a call to the server that brings nothing is called: only the network's own faults are the network's.

import assert from "node:assert/strict"
import { test } from "node:test"

import { Outbox } from "../../../static/app/sync/outbox.js"
import { NoAnswer, brought, formFile, hello, preview, signOut, templatesAt } from "../../../static/app/sync/request.js"
import { Kept } from "./slow_line.js"

globalThis.navigator ??= { onLine: true } // Node.js before 21

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

const HEADERS = { "X-So-Ho": "1", "Content-Type": "application/json" }
/** An answer whose body is read by `body`. */
const read = (body) => async () => ({ ok: true, status: 200, headers: new Headers(HEADERS), body })
const cut = () => Promise.reject(new TypeError("network error"))
const readers = [() => formFile("/files/", "a.png", {}), () => templatesAt("/later.html"), () => preview("/draft")]

test("an answer that breaks off while it is read is the line's fault", async (t) => {
  answers(t, read({ getReader: () => ({ read: cut }) }))
  await assert.rejects(hello(), { act: "wait", why: "unreachable" })
  assert.equal(await formFile("/files/", "a.png", {}), null)
  await assert.rejects(templatesAt("/later.html"), NoAnswer)
})

test("what fails in our own code while an answer is read is never called the line's fault", async (t) => {
  answers(t, read({ getReader: lacking }))
  for (const call of [() => hello(), ...readers]) await assert.rejects(call(), TypeError)
  const piece = { done: false, value: new Uint8Array(1) }
  answers(t, read({ getReader: () => ({ read: async () => piece }) }))
  for (const call of [() => hello(), ...readers]) {
    const timer = t.mock.method(globalThis, "setTimeout", lacking) // with each piece the time begins anew
    timer.mock.mockImplementationOnce(() => 0, 0)
    await assert.rejects(call(), TypeError)
    timer.mock.restore()
  }
})

test("a talk that ends by a fault of ours says so", async (t) => {
  answers(t, read({ getReader: lacking }))
  const talk = new Outbox(/** @type {any} */ (new Kept()), "a", async () => ({ id: "d" }))
  await assert.rejects(talk.run(), {
    act: "wait",
    why: "app",
    cause: new TypeError("AbortSignal.timeout is not a function"),
  })
})

test("a module that has not come waits for the line; one that fails is ours", async () => {
  for (const said of [
    "Failed to fetch dynamically imported module: /a.js",
    "error loading dynamically imported module: /a.js",
    "Importing a module script failed.",
  ])
    await assert.rejects(
      brought(() => Promise.reject(new TypeError(said))),
      { act: "wait", why: "unreachable" },
    )
  await assert.rejects(
    brought(async () => lacking()),
    TypeError,
  )
})
