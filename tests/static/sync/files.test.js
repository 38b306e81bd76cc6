import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"

import { CAUSES, canMend, causeOfStop, problemsOf, standingOf } from "../../../static/app/sync/causes.lazy.js"
import { inParallel, isSlow, mayCarry, sendFiles } from "../../../static/app/sync/files.lazy.js"

const KB = 1024

/** Bytes of which no two parts are alike, and what the phone and the server call them. */
const photo = (name, size) => ({
  sha256: name,
  blob: new Blob([Uint8Array.from({ length: size }, (_, at) => (at * 7 + name.length) % 251)], { type: "image/jpeg" }),
  size,
  type: "image/jpeg",
})
const shown = ({ sha256, size, type }, more = {}) => ({
  sha256,
  size,
  type,
  commune_id: "03757",
  isHere: true,
  problem: null,
  has_thumbnail: false,
  ...more,
})

/** A phone with these photos and a server that takes parts; `fault(call, number)` may answer instead or throw. */
function line(photos, fault = () => undefined) {
  const uploads = new Map()
  const told = { calls: [], received: [], refused: new Map(), thumbnails: [], reports: [], sent: 0 }
  const headersOf = (name) => {
    const upload = uploads.get(name)
    const receipt = upload.at === upload.size ? btoa(JSON.stringify({ body: `{"sha256":"${name}"}` })) : null
    const headers = { Location: `/up/${name}`, "Upload-Offset": String(upload.at), "Upload-Receipt": receipt }
    return { act: "done", header: (key) => headers[key] ?? null }
  }
  async function write(address, { method, headers, body }) {
    const bytes = await body()
    const call = { address, method, headers, size: bytes?.size ?? 0 }
    told.calls.push(call)
    const instead = await fault(call, told.calls.length, uploads)
    if (instead) return instead
    told.sent += call.size
    if (address.includes("/thumbnail")) return { act: "done", header: () => null }
    if (method === "PUT") return { act: "done", body: { receipt: { body: "{}" } }, header: () => null }
    if (method === "POST") {
      const name = atob(headers["Upload-Metadata"].split(",")[0].split(" ")[1])
      if (!uploads.has(name)) uploads.set(name, { at: 0, size: Number(headers["Upload-Length"]) })
      return headersOf(name)
    }
    const name = address.slice("/up/".length)
    const upload = uploads.get(name)
    if (Number(headers["Upload-Offset"]) !== upload.at)
      return { act: "refused", problem: { code: "upload_offset", detail: { offset: upload.at } } }
    upload.at += call.size
    return headersOf(name)
  }
  const store = {
    file: async (sha256) => photos.find((one) => one.sha256 === sha256),
    fileReceived: async (sha256) => void told.received.push(sha256),
    fileRefused: async (sha256, problem) => void told.refused.set(sha256, problem.code),
    thumbnailSent: async (sha256) => void told.thumbnails.push(sha256),
  }
  const talk = {
    store,
    write,
    report: (said) => told.reports.push(said),
    isGood: async () => true,
    hash: async (blob) => photos.find((one) => one.blob === blob).sha256,
    stop: (why) => Object.assign(new Error(why), { why }),
    pace: { size: 128 * KB },
    begun: new Set(),
    insistence: () => ({ may: () => false }),
    isOver: () => false,
  }
  return { talk, told, uploads }
}

test("originals go by Wi-Fi alone when that is asked, and never by a line that nobody can name", () => {
  assert.ok(mayCarry(false, undefined))
  assert.ok(mayCarry(true, { type: "wifi" }))
  assert.ok(!mayCarry(true, { type: "cellular" }))
  assert.ok(!mayCarry(true, { type: "wifi", saveData: true }))
  assert.ok(!mayCarry(true, undefined))
  assert.ok(isSlow({ effectiveType: "2g" }) && !isSlow({ effectiveType: "4g" }) && !isSlow(undefined))
})

test("a small photo goes whole, a large one in parts, each byte once", async () => {
  const photos = [photo("s", 10 * KB), photo("large", 700 * KB)]
  const { talk, told } = line(photos)
  await sendFiles(
    photos.map((one) => shown(one)),
    talk,
  )
  assert.deepEqual(told.received.sort(), ["large", "s"])
  assert.equal(told.sent, 710 * KB)
  assert.equal(told.calls.filter(({ method }) => method === "PUT").length, 1)
  const last = told.reports.at(-1)
  assert.deepEqual([last.done, last.total, last.bytes, last.size], [2, 2, 710 * KB, 710 * KB])
})

test("after a cut line only the bytes that are missing go", async () => {
  const one = photo("x", 700 * KB)
  let isCut = true
  const { talk, told } = line([one], ({ method }, number) => {
    if (isCut && method === "PATCH" && number > 2) throw talk.stop("unreachable")
  })
  await assert.rejects(sendFiles([shown(one)], talk), { why: "unreachable" })
  const before = told.sent
  assert.ok(before > 0 && before < one.size)
  isCut = false
  await sendFiles([shown(one)], talk)
  assert.equal(told.sent, one.size)
  assert.deepEqual(told.received, ["x"])
})

test("a part that arrived although its answer was lost is not sent again", async () => {
  const one = photo("x", 300 * KB)
  const { talk, told } = line([one], ({ method, size, headers }, number, uploads) => {
    if (method !== "PATCH" || number !== 2) return
    uploads.get("x").at = Number(headers["Upload-Offset"]) + size
    return { act: "refused", problem: { code: "upload_offset", detail: { offset: uploads.get("x").at } } }
  })
  await sendFiles([shown(one)], talk)
  assert.deepEqual(told.received, ["x"])
  assert.equal(told.sent, one.size - 128 * KB)
})

test("an upload that the server gave up is begun again, and not for ever", async () => {
  const one = photo("x", 300 * KB)
  const gone = { act: "refused", problem: { code: "not_found" } }
  const { talk, told } = line([one], ({ method }, number) => (method === "PATCH" && number < 4 ? gone : undefined))
  await sendFiles([shown(one)], talk)
  assert.deepEqual(told.received, ["x"])
  const never = line([one], ({ method }) => (method === "PATCH" ? gone : undefined))
  await sendFiles([shown(one)], never.talk)
  assert.equal(never.told.refused.get("x"), "not_found")
  assert.ok(never.told.calls.length < 12)
})

test("one poisoned photo holds up no other", async () => {
  const photos = ["a", "b", "c"].map((name) => photo(name, 100 * KB))
  const { talk, told } = line(photos, ({ method, address }) =>
    method === "PATCH" && address === "/up/b" ? { act: "refused", problem: { code: "media_type" } } : undefined,
  )
  await sendFiles(
    photos.map((one) => shown(one)),
    talk,
  )
  assert.deepEqual(told.received.sort(), ["a", "c"])
  assert.deepEqual([...told.refused], [["b", "media_type"]])
})

test("what the phone lost or spoilt is not sent, and is said", async () => {
  const spoilt = { ...photo("a", 100 * KB), size: 99 * KB }
  const other = photo("b", 100 * KB)
  const { talk, told } = line([spoilt, other])
  talk.hash = async (blob) => (blob === other.blob ? "not b" : "a")
  await sendFiles([shown(spoilt), shown(other), shown(photo("c", 5), { isHere: false })], talk)
  assert.deepEqual([...told.refused.values()], ["file_damaged", "file_damaged"])
  assert.equal(told.calls.length, 0)
})

test("a photo whose seal is broken is no trouble of the others", async () => {
  const photos = [photo("a", 10 * KB), photo("b", 10 * KB)]
  const { talk, told } = line(photos)
  const { file } = talk.store
  talk.store.file = (sha256) => (sha256 === "a" ? Promise.reject(new DOMException("", "OperationError")) : file(sha256))
  await sendFiles(
    photos.map((one) => shown(one)),
    talk,
  )
  assert.deepEqual([told.received, ...told.refused], [["b"], ["a", "file_damaged"]])
  talk.store.file = () => Promise.reject(new DOMException("", "AbortError"))
  await assert.rejects(sendFiles([shown(photos[1])], talk), { name: "AbortError" }) // the disk, not the photo
})

test("a photo damaged on its way is sent anew a few times, then once with each talk, until it is whole", async () => {
  const one = photo("x", 200 * KB)
  let isBad = true
  const { talk, told, uploads } = line([one], ({ method, headers, size }) => {
    if (!isBad || method !== "PATCH" || Number(headers["Upload-Offset"]) + size < one.size) return
    uploads.delete("x")
    return { act: "refused", problem: { code: "hash_mismatch" } }
  })
  const begun = () => told.calls.filter(({ method }) => method === "POST").length
  await sendFiles([shown(one)], talk)
  assert.deepEqual([told.refused.get("x"), begun()], ["hash_mismatch", 4])
  await sendFiles([shown(one, { problem: { code: "hash_mismatch" } })], talk)
  assert.deepEqual([told.received, begun()], [[], 5])
  isBad = false
  await sendFiles([shown(one, { problem: { code: "hash_mismatch" } })], talk)
  assert.deepEqual(told.received, ["x"])
})

test("a receipt that is not good leaves the photo unsent", async () => {
  const one = photo("a", 100 * KB)
  const { talk, told } = line([one])
  talk.isGood = async () => false
  await sendFiles([shown(one)], talk)
  assert.equal(told.refused.get("a"), "bad_receipt")
})

test("without Wi-Fi small pictures go and originals wait; a tap sends them", async () => {
  const one = photo("a", 300 * KB)
  const { talk, told } = line([one])
  const small = new Blob([new Uint8Array(9000)], { type: "image/jpeg" })
  const sides = []
  const shrink = async (_, side) => (sides.push(side), side > 300 ? new Blob([new Uint8Array(50_000)]) : small)
  await sendFiles([shown(one)], { ...talk, onlyWifi: true, connection: { type: "cellular" }, shrink })
  assert.deepEqual([told.thumbnails, told.received, told.sent, sides], [["a"], [], 9000, [360, 240]])
  assert.deepEqual(told.reports.at(-1), { held: 1 })
  await sendFiles([shown(one, { has_thumbnail: true })], {
    ...talk,
    onlyWifi: true,
    originals: true,
    connection: { type: "cellular" },
    shrink,
  })
  assert.deepEqual([told.received, told.sent], [["a"], 9000 + 300 * KB])
})

test("on a slow line small pictures come first", async () => {
  const one = photo("a", 300 * KB)
  const { talk, told } = line([one])
  const shrink = async () => new Blob([new Uint8Array(9000)], { type: "image/jpeg" })
  await sendFiles([shown(one)], { ...talk, connection: { effectiveType: "2g" }, shrink })
  assert.match(told.calls[0].address, /thumbnail/)
  assert.deepEqual(told.received, ["a"])
})

test("no more photos are under way at once than are meant to be, and after a failure none is begun", async () => {
  let under = 0
  let most = 0
  const done = []
  const work = async (item) => {
    most = Math.max(most, ++under)
    await new Promise((resolve) => setImmediate(resolve))
    under--
    if (item === 3) throw new Error("cut")
    done.push(item)
  }
  await assert.rejects(
    inParallel([1, 2, 3, 4, 5, 6, 7, 8], () => 2, work),
    /cut/,
  )
  assert.equal(most, 2)
  assert.ok(done.length <= 4)
})

test("every cause has its sentence, and is told from what happened", () => {
  const pages = ["parts/words.html", "screens/queue.lazy.html"]
    .map((name) => readFileSync(new URL(`../../../survey/web/templates/phone/${name}`, import.meta.url), "utf8"))
    .join("")
  const worded = [...pages.matchAll(/data-word="cause\.(\w+)"/g)].map((match) => match[1])
  assert.deepEqual(worded.sort(), Object.keys(CAUSES).sort())
  const stopped = { act: "wait", why: "portal" }
  assert.equal(causeOfStop(stopped), "portal")
  assert.equal(causeOfStop({ act: "sign_in", problem: { code: "session_expired" } }), "sign_in")
  assert.equal(causeOfStop(null), null)
})

test("what stands in a record's own way is told apart from what keeps everything waiting", () => {
  const received = { state: "received" }
  const good = shown(photo("a", 5))
  const spoilt = shown(photo("b", 5), { problem: { code: "file_damaged" } })
  const missing = shown(photo("c", 5), { isHere: false })
  const codes = (item, files = []) => problemsOf(item, files).map(({ code }) => code)
  assert.deepEqual(codes({ state: "waiting", problem: null }), [])
  assert.deepEqual(codes({ state: "waiting", problem: { code: "malformed" } }), ["malformed"])
  assert.deepEqual(codes(received, [good, spoilt, missing, missing]), ["file_damaged", "file_missing"])
  assert.ok(canMend([{ code: "media_type" }, { code: "http_418" }]) && !canMend([{ code: "file_damaged" }]))
})

test("what all that waits waits for is one thing", () => {
  const waiting = { state: "waiting", problem: null }
  const refused = { state: "waiting", problem: { code: "malformed" } }
  const received = { state: "received", problem: null }
  const good = shown(photo("a", 5))
  const spoilt = shown(photo("b", 5), { problem: { code: "file_damaged" } })
  const again = shown(photo("c", 5), { problem: { code: "hash_mismatch" } })
  const stopped = { act: "wait", why: "portal" }
  assert.equal(standingOf([], []), "none")
  assert.equal(standingOf([waiting], [], { busy: true, stopped }), "sending")
  assert.equal(standingOf([waiting], [], { stopped }), "portal")
  assert.equal(standingOf([waiting, received], [good], { isHeld: true }), "waiting")
  assert.equal(standingOf([received], [good, spoilt], { isHeld: true }), "wifi")
  assert.equal(standingOf([received], [again]), "waiting")
  assert.equal(standingOf([refused, received], [spoilt]), "stuck")
})
