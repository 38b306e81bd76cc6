import assert from "node:assert/strict"
import { test } from "node:test"

import { batches, isResult, pause, speaksOf, verdict } from "../../../static/app/sync/reply.js"

const ours = (status, code, more = {}) => ({ status, ours: true, body: code ? { problem: { code } } : {}, ...more })

test("an answer that is ours and good is done", () => {
  assert.equal(verdict(ours(200)).act, "done")
})

test("the page of a captive portal counts as no answer, even with 200, and is told from a server that is down", () => {
  assert.deepEqual(verdict({ status: 200, ours: false, body: null }), { act: "wait", seconds: null, why: "portal" })
  assert.equal(verdict({ status: 302, ours: false, body: null }).why, "portal")
  assert.equal(verdict({ status: 502, ours: false, body: null }).why, "server_down")
  assert.deepEqual(verdict(null), { act: "wait", seconds: null, why: "unreachable" })
  assert.equal(verdict({ why: "offline" }).why, "offline")
})

test("an expired session asks to sign in", () => {
  assert.equal(verdict(ours(401, "session_expired")).act, "sign_in")
})

test("a stale CSRF token is renewed once, then waited for", () => {
  assert.equal(verdict(ours(403, "csrf")).act, "fresh_token")
  assert.equal(verdict(ours(403, "csrf"), { repeated: true }).act, "wait")
})

test("too much at once is halved; a single one too large is kept and shown", () => {
  assert.equal(verdict(ours(413, "too_large"), { batch: 8 }).act, "halve")
  assert.equal(verdict(ours(413, "too_large"), { batch: 1 }).act, "refused")
})

test("a malformed entry is found among its neighbours and holds up none of them", () => {
  assert.equal(verdict(ours(400, "malformed"), { batch: 2 }).act, "halve")
  assert.equal(verdict(ours(400, "malformed")).problem.code, "malformed")
})

test("a refusal is shown, not repeated", () => {
  assert.equal(verdict(ours(403, "forbidden")).act, "refused")
  assert.equal(verdict(ours(404, "not_found")).act, "refused")
})

test("a busy server is asked again when it says, and within the hour; a date says nothing to a phone whose clock is wrong", () => {
  assert.deepEqual(verdict(ours(429, "slow_down", { retryAfter: "17" })), { act: "wait", seconds: 17, why: "busy" })
  assert.equal(verdict(ours(503, "busy", { retryAfter: "30" })).seconds, 30)
  assert.equal(verdict(ours(503, "busy", { retryAfter: "999999" })).seconds, 3600)
  assert.equal(verdict(ours(503, "busy", { retryAfter: "Fri, 31 Dec 1999 23:59:59 GMT" })).seconds, null)
})

test("a crash of the server or a full disk keeps everything for later", () => {
  assert.deepEqual(verdict(ours(500, "server_error")), { act: "wait", seconds: null, why: "server_down" })
  assert.equal(verdict(ours(507, "storage_full")).why, "server_full")
})

test("pauses grow to ten minutes and phones do not march in step", () => {
  assert.equal(
    pause(1, () => 1),
    5,
  )
  assert.equal(
    pause(3, () => 1),
    20,
  )
  assert.equal(
    pause(30, () => 1),
    600,
  )
  assert.equal(
    pause(3, () => 0),
    10,
  )
})

test("a call carries at most 50 entries and stays below 4 MiB; none is left out", () => {
  const small = Array.from({ length: 120 }, (_, id) => ({ id, bytes: 1000 }))
  assert.deepEqual(
    batches(small).map((batch) => batch.length),
    [50, 50, 20],
  )
  const large = [1, 2, 3].map((id) => ({ id, bytes: 3_000_000 }))
  assert.deepEqual(
    batches(large).map((batch) => batch.length),
    [1, 1, 1],
  )
  assert.deepEqual(batches([]), [])
})

test("a receipt for other content is no receipt", () => {
  const receipt = { body: '{"content_hash":"aa","entry_id":"1"}' }
  assert.ok(speaksOf(receipt, { entry_id: "1", content_hash: "aa" }))
  assert.ok(!speaksOf(receipt, { entry_id: "1", content_hash: "bb" }))
  assert.ok(!speaksOf({ body: "<html>" }, { entry_id: "1" }))
})

test("half of what push says of an entry is none", () => {
  const files = [{ sha256: "aa" }, { sha256: "bb" }]
  assert.ok(isResult({ outcome: "stored", missing_files: [] }, files))
  assert.ok(isResult({ outcome: "held", missing_files: ["bb"] }, files))
  assert.ok(!isResult(undefined, files))
  assert.ok(!isResult({ outcome: "storee", missing_files: [] }, files))
  assert.ok(!isResult({ outcome: "stored" }, files), "nobody would know which photos to send")
  assert.ok(
    !isResult({ outcome: "stored", missing_files: ["cc"] }, files),
    "the photo that is meant would never be sent",
  )
})
