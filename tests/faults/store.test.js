// The phone's store with an IndexedDB in memory: what stands on the disk, and that nothing is lost on the way there.

import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

import { IDBFactory, IDBKeyRange } from "fake-indexeddb"

import { bundlePass, keepGreeting } from "../../static/app/store/greeting.js"
import { Locked } from "../../static/app/store/sealing.js"
import { DraftClosed, Store } from "../../static/app/store/store.js"
import { sha256 } from "../../static/app/canonical.js"
import { uuidv7 } from "../../static/app/ids.js"
import { NAMES, PHOTO, REPLACED, build, rows } from "./schema_1.js"

const { subtle } = globalThis.crypto
const key = await subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"])
const RING = { id: "ring-1" }
const [photo, replaced] = [await sha256(PHOTO), await sha256(REPLACED)]

beforeEach(() => Object.assign(globalThis, { indexedDB: new IDBFactory(), IDBKeyRange }))

const unlocked = (account = "account-1") => new Store(account, RING, key)

/** Everything that stands in a database, as text: bytes as Latin-1 and as UTF-16, as a disk would show them. */
async function dump(account = "account-1") {
  const request = indexedDB.open(`so-ho-${account}`)
  await new Promise((done) => (request.onsuccess = done))
  const db = request.result
  const texts = []
  const read = async (value) => {
    if (value instanceof Blob) return read(new Uint8Array(await value.arrayBuffer()))
    if (ArrayBuffer.isView(value))
      return void texts.push(Buffer.from(value).toString("utf8"), Buffer.from(value).toString("utf16le"))
    if (value && typeof value === "object") {
      texts.push(...Object.keys(value))
      for (const one of Object.values(value)) await read(one)
    } else texts.push(String(value))
  }
  for (const name of db.objectStoreNames) {
    const store = db.transaction(name).objectStore(name)
    const [keys, values] = await Promise.all(
      [store.getAllKeys(), store.getAll()].map(
        (all) => new Promise((done) => (all.onsuccess = () => done(all.result))),
      ),
    )
    await read([keys, values])
  }
  db.close()
  return texts.join("\n")
}

const SECRETS = [
  ...Object.values(NAMES),
  "thanh_vien",
  "bytes of the photo",
  "photo that was taken",
  "lo van duc",
  "Ghi chú",
  "what vouches for an account",
  "what vouched for an account",
]
const secretsIn = (text) => SECRETS.filter((secret) => text.includes(secret))

const CLOSED = { id: "r", opens_on: "2026-09-01" }
const DRAFT = {
  id: "d",
  round_id: "r",
  household_id: "ho-0",
  form: { id: "f", version: "1" },
  name: NAMES.head,
  start: { thanh_vien: [{ ho_ten: NAMES.head }] },
  last: null,
  comments: [],
}
const PASS = { body: "{}", signature: "what vouches for an account" }
const GREETING = /** @type {any} */ ({ account: { id: "account-1" }, csrf: "a token", bundle_pass: PASS, rounds: [] })
const event = (path, value) => ({ op: "set", path, value, at: "2026-11-23T01:10:00.000Z" })
const file = async (text) => ({
  sha256: await sha256(text),
  blob: new Blob([text]),
  size: text.length,
  type: "image/jpeg",
  name: `${NAMES.head}.jpg`,
})
const entry = (id, answers, hashes = []) => ({
  id,
  draft_id: "d",
  name: NAMES.head,
  code: "",
  content_hash: "0",
  entry: {
    id,
    commune_id: "c",
    round_id: "r",
    household_id: "ho-0",
    answers,
    files: hashes.map((hash) => ({ path: "anh", sha256: hash })),
  },
})

async function fill(store) {
  await store.commitChunk({
    entries: [
      {
        round_id: "r",
        household_id: "ho-0",
        change: 3,
        head_name: NAMES.head,
        code: "1",
        last_answers: { thanh_vien: [{ cccd: NAMES.cccd }] },
      },
    ],
    cursor: 3,
    generation: "g",
  })
  await store.openDraft(DRAFT)
  await store.append("d", [event("thanh_vien[1]/ho_ten", NAMES.member), event("ghi_chu", "Ghi chú")])
  await store.visit("d", "thong_tin_ho", NAMES.head)
  await store.saveFile(await file(PHOTO))
  await store.append("d", [event("anh", photo)])
  await store.set("last_saved f", { thanh_vien: [{ ho_ten: NAMES.member }] })
  await keepGreeting(store, GREETING)
}

test("a dump of the disk shows no name, no number, no answer and no photo, before and after an interview is finished", async () => {
  const store = unlocked()
  await fill(store)
  assert.deepEqual(secretsIn(await dump()), [])
  await store.finalise("d", entry("e", { thanh_vien: [{ ho_ten: NAMES.member }] }, [photo]))
  await store.received("e", { outcome: "stored", receipt: { body: "{}" }, missing_files: [photo] }, true)
  assert.deepEqual(secretsIn(await dump()), [])
})

test("the dump would see them: without a PIN they are in plain", async () => {
  await fill(new Store("account-1"))
  assert.deepEqual(
    secretsIn(await dump()).toSorted(),
    [
      NAMES.head,
      NAMES.member,
      NAMES.cccd,
      "thanh_vien",
      "bytes of the photo",
      "lo van duc",
      "Ghi chú",
      PASS.signature,
    ].toSorted(),
  )
})

for (const [kind, make] of [
  ["sealed", unlocked],
  ["in plain", () => new Store("account-1")],
]) {
  test(`what was put down ${kind} is read as it was`, async () => {
    const store = make()
    await fill(store)
    const [household] = await store.households()
    assert.equal(household.head_name, NAMES.head)
    assert.equal(household.key, "lo van duc 1")
    assert.deepEqual((await store.household("r", "ho-0")).last_answers, { thanh_vien: [{ cccd: NAMES.cccd }] })
    const { draft, events } = await store.draft("d")
    assert.deepEqual(draft.start, DRAFT.start)
    assert.deepEqual(draft.visited, ["thong_tin_ho"])
    assert.deepEqual(
      events.map(({ op, path, value }) => [op, path, value]),
      [
        ["set", "thanh_vien[1]/ho_ten", NAMES.member],
        ["set", "ghi_chu", "Ghi chú"],
        ["set", "anh", photo],
      ],
    )
    assert.equal(await (await store.file(photo)).blob.text(), PHOTO)
    assert.deepEqual(await store.get("last_saved f"), { thanh_vien: [{ ho_ten: NAMES.member }] })
    assert.deepEqual(await store.get("hello"), { account: { id: "account-1" }, rounds: [] })
    assert.deepEqual(await bundlePass(store), PASS)
    await store.finalise("d", entry("e", { x: 1 }, [photo]))
    const [item] = await store.outbox()
    assert.equal(item.name, NAMES.head)
    assert.deepEqual(item.entry.answers, { x: 1 })
    assert.deepEqual(item.missing, [photo])
    await store.received("e", { outcome: "stored", receipt: { body: "{}" }, missing_files: [photo] }, true)
    const [{ sha256, commune_id: commune }] = await store.filesWaiting()
    const { blob } = await store.file(sha256)
    assert.deepEqual([await blob.text(), commune], [PHOTO, "c"])
    await store.fileReceived(photo, { body: "{}" })
    assert.deepEqual(await store.counts(), { saved: 1, open: 0, unsent: 0, received: 1 })
    await store.forgetRounds([CLOSED])
    assert.deepEqual(
      [await store.outbox(), await store.drafts(), await store.file(photo), await store.households()],
      [[], [], undefined, []],
    )
  })

  test(`why a household has no interview is kept like an interview, with the visits, ${kind}`, async () => {
    const store = make()
    const said = { id: "o", commune_id: "c", round_id: "r", household_id: "ho-0", files: [] }
    const no_interview = { kind: "moved_away", reason: `${NAMES.head} đi rồi`, attempts: [], place: null }
    await store.set("visits r ho-0", [{ at: "2026-11-18", place: "nhà Ghi chú" }])
    await store.set("visits other ho-0", [{ at: "2026-11-19", place: null }])
    await store.say({ id: "o", draft_id: "o", name: NAMES.head, code: "1", entry: { ...said, no_interview } })
    if (kind.startsWith("sealed")) assert.deepEqual(secretsIn(await dump()), [])
    const [item] = await make().outbox()
    assert.deepEqual([item.state, item.missing, item.entry.no_interview], ["waiting", [], no_interview])
    assert.deepEqual(await store.counts(), { saved: 1, open: 0, unsent: 1, received: 0 })
    assert.deepEqual((await store.held()).held, [{ id: "o", household_id: "ho-0" }])
    await store.forgetRounds([CLOSED])
    assert.equal((await store.outbox()).length, 1) // the server has it not
    await store.received("o", { outcome: "stored", receipt: { body: "{}" }, missing_files: [] }, true)
    assert.equal((await store.held()).held.length, 0)
    await store.forgetRounds([CLOSED])
    assert.deepEqual(await store.outbox(), [])
    assert.equal(await store.get("visits r ho-0"), undefined)
    assert.equal((await store.get("visits other ho-0")).length, 1)
  })

  test(`what is told between two rounds is kept until one that began since is over, ${kind}`, async () => {
    const store = make()
    const id = uuidv7(Date.parse("2027-02-01T03:00:00Z"))
    const proposal = { kind: "died", person: NAMES.member, given: {}, base: {}, reason: "" }
    const entry = { id, commune_id: "c", household_id: "ho-0", proposal, files: [] }
    await store.say({ id, draft_id: id, name: NAMES.head, code: "1", entry })
    assert.deepEqual((await make().outbox())[0].entry, entry)
    const next = { id: "r2", opens_on: "2027-09-01" }
    await store.forgetRounds([CLOSED, next])
    assert.equal((await store.outbox()).length, 1) // the server has it not
    await store.received(id, { outcome: "stored", receipt: { body: "{}" }, missing_files: [] }, true)
    await store.forgetRounds([CLOSED])
    assert.equal((await store.outbox()).length, 1)
    await store.forgetRounds([CLOSED, next])
    assert.deepEqual(await store.outbox(), [])
  })

  test(`a list of the server's is kept whole, and a withdrawn phone has none, ${kind}`, async () => {
    const store = make()
    const one = { household_id: "ho-0", village_id: "v", code: "v-7", head_name: NAMES.head, proposals: [] }
    for (const key of ["between", "supports"]) {
      assert.equal(await store.list(key), null)
      await store.set(key, { mark: "m", entries: [one] })
      if (kind.startsWith("sealed")) assert.deepEqual(secretsIn(await dump()), [])
      assert.deepEqual(await make().list(key), { mark: "m", entries: [one] })
    }
    await store.withdraw()
    for (const key of ["between", "supports"]) assert.equal(await store.list(key), null)
  })

  test(`two tabs that write one interview at once lose no answer, ${kind}`, async () => {
    const tabs = [make(), make()]
    await tabs[0].openDraft(DRAFT)
    await Promise.all(
      Array.from({ length: 24 }, (_, place) => tabs[place % 2].append("d", [event(`q${place}`, place)])),
    )
    const { events } = await make().draft("d")
    assert.deepEqual(
      events.map((one) => one.value).toSorted((one, other) => one - other),
      Array.from({ length: 24 }, (_, place) => place),
    )
    await Promise.all(["a", "b", "c"].map((path, place) => tabs[place % 2].visit("d", path, "name")))
    assert.deepEqual((await make().draft("d")).draft.visited.toSorted(), ["a", "b", "c"])
  })

  test(`a photo goes when nothing names it any more, and stays while something does, ${kind}`, async () => {
    const store = make()
    await store.openDraft(DRAFT)
    for (const one of [PHOTO, REPLACED]) await store.saveFile(await file(one))
    await store.append("d", [event("anh", replaced), event("anh_2", photo)])
    await store.append("d", [event("anh", photo)])
    await store.dropFiles([replaced, photo])
    assert.equal(await store.file(replaced), undefined)
    assert.ok(await store.file(photo))
    await store.append("d", [event("anh", null)])
    await store.dropFiles([photo])
    assert.ok(await store.file(photo)) // the other answer names it
    await store.finalise("d", entry("e", {}, []))
    assert.equal(await store.file(photo), undefined)
  })

  test(`what belongs to a discarded interview goes, its journal stays, and nothing is written to it any more, ${kind}`, async () => {
    const store = make()
    await fill(store)
    await store.discard("d", "2026-11-23T02:00:00.000Z")
    assert.equal(await store.file(photo), undefined)
    assert.equal((await store.draft("d")).events.at(-1).op, "discard")
    await assert.rejects(store.append("d", [event("a", 1)]), DraftClosed)
    await assert.rejects(store.finalise("d", entry("e", {})), DraftClosed)
    assert.deepEqual(await store.outbox(), [])
  })
}

test("a file that another open interview names stays when one is finished without it", async () => {
  const store = unlocked()
  await store.saveFile(await file(PHOTO))
  for (const id of ["d", "other"]) {
    await store.openDraft({ ...DRAFT, id, household_id: id })
    await store.append(id, [event("anh", photo)])
  }
  await store.finalise("d", entry("e", {}, []))
  assert.ok(await store.file(photo))
  await store.finalise("other", { ...entry("e2", {}, []), draft_id: "other" })
  assert.equal(await store.file(photo), undefined)
})

test("a locked vault tells counts and states, and neither reads nor writes what names anybody", async () => {
  await fill(unlocked())
  const locked = new Store("account-1", RING)
  assert.deepEqual(await locked.counts(), { saved: 1, open: 1, unsent: 0, received: 0 })
  assert.equal(await locked.get("cursor"), 3)
  for (const ask of [
    () => locked.households(),
    () => locked.draft("d"),
    () => locked.drafts(),
    () => locked.file(photo),
    () => locked.get("last_saved f"),
    () => bundlePass(locked),
    () => locked.set("last_saved f", {}),
    () => locked.append("d", [event("a", 1)]),
    () => locked.openDraft({ ...DRAFT, id: "x", household_id: "x" }),
    () => locked.visit("d", "b", "name"),
  ]) {
    await assert.rejects(ask(), Locked)
  }
  assert.equal((await unlocked().draft("d")).events.length, 3)
})

test("another key opens nothing", async () => {
  await fill(unlocked())
  const other = await subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"])
  const store = new Store("account-1", RING, other)
  const read = [await store.households(), await store.drafts(), await store.draft("d")]
  assert.deepEqual(secretsIn(JSON.stringify(read)), [])
  await assert.rejects(store.household("r", "ho-0"))
})

/** One bit of the box of the first row of a store is another. */
async function spoil(store, name) {
  await store.database.write([name], async (stores) => {
    const all = stores[name].getAll()
    await new Promise((done) => (all.onsuccess = done))
    const [row] = all.result
    row.sealed[20] ^= 1
    stores[name].put(row)
  })
}

test("a row that the disk spoilt takes no other with it, and what can come again is asked for", async () => {
  const store = unlocked()
  await fill(store)
  await store.commitChunk({
    entries: [{ round_id: "r", household_id: "ho-1", change: 4, head_name: "B", code: "2", last_answers: null }],
    cursor: 4,
    generation: "g",
  })
  await store.openDraft({ ...DRAFT, id: "e", household_id: "ho-1" })
  await spoil(store, "households")
  assert.deepEqual(
    (await store.households()).map(({ household_id: id }) => id),
    ["ho-1"],
  )
  assert.equal(await store.get("cursor"), undefined, "the register is read from its beginning")
  await spoil(store, "drafts")
  assert.deepEqual(
    (await store.drafts()).map(({ id, damaged }) => [id, Boolean(damaged)]),
    [
      ["d", true],
      ["e", false],
    ],
  )
  assert.equal((await store.draft("d")).draft.damaged, true)
  await store.discard("d", "2026-11-23T01:12:00.000Z")
  assert.equal((await store.draft("d")).draft.state, "discarded")
})

test("an interview of which the disk spoilt an answer says so and keeps the others", async () => {
  const store = unlocked()
  await fill(store)
  await spoil(store, "journal")
  const { draft, events } = await store.draft("d")
  assert.deepEqual([draft.damaged, events.map(({ path }) => path)], [true, ["anh"]])
})

test("a finished interview that the disk spoilt holds up no other, and is told until somebody asks again", async () => {
  const store = unlocked()
  await fill(store)
  await store.openDraft({ ...DRAFT, id: "e", household_id: "ho-1" })
  await store.finalise("d", entry("one", {}))
  await store.finalise("e", { ...entry("two", {}), draft_id: "e" })
  await spoil(store, "outbox")
  await store.forgiveRefusals()
  const told = ({ id, problem, entry: { household_id: household } }) => [id, problem?.code, household]
  assert.deepEqual((await store.outbox()).map(told), [
    ["one", "damaged", "ho-0"],
    ["two", undefined, "ho-0"],
  ])
  assert.deepEqual(told(await store.sent("one")), ["one", "damaged", "ho-0"])
  await store.received("one", { missing_files: [], receipt: { body: "", signature: "" } }, true)
  assert.equal((await store.sent("one")).problem, null, "the server has it")
})

test("a file that the disk spoilt is an empty one and its row remains; a row put in another's place is refused", async () => {
  const store = unlocked()
  await fill(store)
  await store.saveFile(await file(REPLACED))
  await store.database.write(["files"], async ({ files }) => {
    const all = files.getAll()
    await new Promise((done) => (all.onsuccess = done))
    files.put({ ...all.result[0], bytes: all.result[1].bytes })
  })
  const sizes = await Promise.all([photo, replaced].map(async (hash) => (await store.file(hash)).blob.size))
  assert.ok(sizes.includes(0) && !sizes.every((size) => size === 0))
  await store.openDraft({ ...DRAFT, id: "e", household_id: "e" })
  await store.database.write(["drafts"], async ({ drafts }) => {
    const all = drafts.getAll()
    await new Promise((done) => (all.onsuccess = done))
    drafts.put({ ...all.result[0], sealed: all.result[1].sealed })
  })
  assert.deepEqual(
    (await store.drafts()).map(({ damaged }) => Boolean(damaged)),
    [true, false],
  )
})

// Schema 1 → 2

/** Dies in the middle: the `count`th transaction that writes is the last that reaches the disk. */
async function sealedInPart(count) {
  const store = unlocked()
  const write = store.database.write.bind(store.database)
  let left = count
  store.database.write = (...what) => (left-- > 0 ? write(...what) : Promise.reject(new Error("killed")))
  await assert.rejects(store.sealAll(), /killed/)
  await store.database.close()
}

async function assertWhole(store, events) {
  const was = await rows({ events })
  assert.deepEqual(
    (await store.households()).map(({ head_name: name, last_answers: last }) => [name, last]),
    was.households.map(({ head_name: name, last_answers: last }) => [name, last]),
  )
  const { draft, events: found } = await store.draft("draft-1")
  assert.deepEqual(
    [draft.name, draft.start, draft.last, draft.visited],
    [was.drafts[0].name, was.drafts[0].start, was.drafts[0].last, was.drafts[0].visited],
  )
  assert.deepEqual(
    found.map(({ path, value }) => [path, value]),
    was.journal.filter((one) => one.draft === "draft-1").map(({ path, value }) => [path, value]),
  )
  assert.deepEqual((await store.outbox())[0].entry, was.outbox[0].entry)
  assert.equal((await store.outbox())[0].name, NAMES.found)
  assert.equal(await (await store.file(photo)).blob.text(), PHOTO)
  assert.equal(await (await store.file(replaced)).blob.text(), REPLACED)
  assert.equal((await store.file(photo)).name, `${NAMES.head}.jpg`)
  assert.deepEqual(await store.get("last_saved ra_soat_ho"), was.meta["last_saved ra_soat_ho"])
  assert.deepEqual(await bundlePass(store), was.meta.hello.bundle_pass)
  assert.deepEqual(await store.counts(), { saved: 2, open: 1, unsent: 1, received: 0 })
}

test("what an earlier release kept in plain is sealed in place, and nothing is lost", async () => {
  const events = 250
  await build(indexedDB, "account-1", await rows({ events }))
  assert.equal(secretsIn(await dump()).length > 5, true)
  const told = []
  const store = unlocked()
  await store.sealAll((progress) => told.push(progress))
  assert.deepEqual(secretsIn(await dump()), [])
  await assertWhole(store, events)
  assert.equal(told.at(-1).total, 2 + 2 + events + 2 + 1 + 2)
  await store.sealAll(() => assert.fail("done already"))
  await store.append("draft-1", [event("after", NAMES.member)])
  assert.equal((await store.draft("draft-1")).events.at(-1).value, NAMES.member)
  await store.dropFiles([replaced])
  assert.deepEqual([await store.file(replaced), Boolean(await store.file(photo))], [undefined, true])
  assert.deepEqual(secretsIn(await dump()), [])
})

for (let count = 0; count < 9; count++) {
  test(`sealing that is killed after ${count} steps goes on where it stopped, and nothing is lost`, async () => {
    await build(indexedDB, "account-1", await rows({ events: 120 }))
    await sealedInPart(count)
    const store = unlocked()
    await store.sealAll()
    assert.deepEqual(secretsIn(await dump()), [])
    await assertWhole(store, 120)
  })
}

test("two tabs that seal at once seal each row once", async () => {
  await build(indexedDB, "account-1", await rows({ events: 120 }))
  await Promise.all([unlocked().sealAll(), unlocked().sealAll()])
  await assertWhole(unlocked(), 120)
  assert.deepEqual(secretsIn(await dump()), [])
})

test("a photo whose bytes the disk had lost before does not keep the others from being sealed", async () => {
  const content = await rows()
  await build(indexedDB, "account-1", content)
  const store = unlocked()
  const read = Blob.prototype.arrayBuffer
  let isFirst = true
  Blob.prototype.arrayBuffer = function arrayBuffer() {
    if (!isFirst) return read.call(this)
    isFirst = false
    return Promise.reject(new DOMException("gone", "NotReadableError"))
  }
  try {
    await store.sealAll()
  } finally {
    Blob.prototype.arrayBuffer = read
  }
  const texts = await Promise.all([photo, replaced].map(async (hash) => (await store.file(hash)).blob.text()))
  assert.equal(texts.filter((one) => one === "").length, 1)
  assert.deepEqual(secretsIn(await dump()), [])
})

test("a tab of the release before, or one where no PIN was chosen yet, cannot write in plain beside what is sealed", async () => {
  const old = new Store("account-1")
  await old.openDraft(DRAFT)
  await unlocked().sealAll()
  await assert.rejects(old.append("d", [event("a", NAMES.member)]))
  assert.deepEqual(secretsIn(await dump()), [])
})

/** Once, a request to the database ends with an error of this name. */
function failOnce(prototype, method, name) {
  const real = prototype[method]
  prototype[method] = () => {
    prototype[method] = real
    throw new DOMException("", name)
  }
}

test("a connection that died under the app is opened again, and the same answer is written once", async () => {
  const store = unlocked()
  await fill(store)
  failOnce(Object.getPrototypeOf(await opened()), "transaction", "InvalidStateError")
  await store.append("d", [event("mang", "co")])
  assert.equal((await store.draft("d")).events.filter((one) => one.path === "mang").length, 1)
})

/** A connection of the test's own to the account's database. */
function opened() {
  const request = indexedDB.open("so-ho-account-1")
  return new Promise((done) => (request.onsuccess = () => (request.result.close(), done(request.result))))
}

test("an answer that finds no room gets what is kept back for it; a photo and the register do not", async () => {
  const store = unlocked()
  await fill(store)
  const places = Object.getPrototypeOf((await seen()).store)
  let asked = 0
  Store.relievedBy(async () => ++asked < 2)
  failOnce(places, "add", "QuotaExceededError")
  await store.append("d", [event("mang", "co")])
  assert.equal((await store.draft("d")).events.at(-1).value, "co")
  failOnce(places, "add", "QuotaExceededError") // nothing is kept back any more: it is told
  await assert.rejects(store.append("d", [event("mang", "khong")]), { name: "QuotaExceededError" })
  assert.equal(asked, 2)
  failOnce(places, "put", "QuotaExceededError")
  await assert.rejects(store.saveFile(await file(REPLACED)), { name: "QuotaExceededError" })
  failOnce(places, "put", "QuotaExceededError")
  const change = { round_id: "r", household_id: "ho-1", change: 4, head_name: "", code: "2" }
  await assert.rejects(store.commitChunk({ entries: [change], cursor: 4, generation: "g" }), {
    name: "QuotaExceededError",
  })
  assert.equal(asked, 2)
  Store.relievedBy(async () => false)
})

/** A transaction of the test's own: {store} of journals. */
async function seen() {
  const request = indexedDB.open("so-ho-account-1")
  await new Promise((done) => (request.onsuccess = done))
  const store = request.result.transaction("journal").objectStore("journal")
  request.result.close()
  return { store }
}

test("what only this phone has is named by ids, and what it ever had is known", async () => {
  const store = unlocked()
  await fill(store)
  assert.deepEqual(await store.held(), { held: [{ id: "d", household_id: "ho-0", open: true }], known: new Set(["d"]) })
  await store.finalise("d", entry("e", {}, [photo]))
  assert.deepEqual(await store.held(), { held: [{ id: "e", household_id: "ho-0" }], known: new Set(["d", "e"]) })
  await store.received("e", { outcome: "stored", receipt: { body: "{}" }, missing_files: [photo] }, true)
  assert.deepEqual((await store.held()).held, [{ id: "e", household_id: "ho-0", photos: true }])
  await store.received("e", { outcome: "stored", receipt: { body: "{}" }, missing_files: [] }, true)
  assert.deepEqual(await store.held(), { held: [], known: new Set(["d", "e"]) })
})

for (const [kind, make] of [
  ["sealed", unlocked],
  ["in plain", () => new Store("account-1")],
]) {
  test(`only photos that the server has and no open interview names make room, ${kind}`, async () => {
    const store = make()
    await fill(store)
    const receipt = { body: "{}" }
    await store.finalise("d", entry("e", {}, [photo]))
    assert.deepEqual(await store.freeFiles(), { count: 0, size: 0 }) // nobody else has it
    await store.received("e", { outcome: "stored", receipt, missing_files: [photo] }, true)
    assert.equal((await store.freeFiles()).count, 0)
    await store.fileReceived(photo, receipt)
    await store.openDraft({ ...DRAFT, id: "other", household_id: "ho-1", start: { anh: photo } })
    assert.equal((await store.freeFiles()).count, 0) // somebody mends a record with it
    await store.discard("other", "2026-11-23T02:00:00.000Z")
    assert.deepEqual(await store.freeFiles(true), { count: 1, size: PHOTO.length })
    assert.equal(await (await store.file(photo)).blob.text(), PHOTO)
    await store.freeFiles()
    const { blob, receipt: kept, freed } = await store.file(photo)
    assert.deepEqual([blob, kept, freed], [undefined, receipt, true])
    assert.equal((await store.freeFiles()).count, 0)
    // A restored server lacks it: it is not offered, and counts as missing.
    await store.received("e", { outcome: "stored", receipt, missing_files: [photo] }, true)
    assert.deepEqual(
      (await store.filesWaiting()).map((one) => one.isHere),
      [false],
    )
    // The same photo is taken again: it is here again.
    await store.saveFile(await file(PHOTO))
    assert.equal(await (await store.file(photo)).blob.text(), PHOTO)
    assert.deepEqual(
      (await store.filesWaiting()).map((one) => one.isHere),
      [true],
    )
  })
}

test("whose interviews are missed is sealed like everything that names a household", async () => {
  const store = unlocked()
  await store.set("missed", { gone: [{ id: "e", head_name: NAMES.head }], elsewhere: [] })
  assert.deepEqual(secretsIn(await dump()), [])
  assert.equal((await store.get("missed")).gone[0].head_name, NAMES.head)
})
