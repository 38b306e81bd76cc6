// A bad line on a clock of its own, an office at its other end, and a phone that sends by it with the app's own
// modules: no second of it is waited for.

import { createHash } from "node:crypto"
import { mock } from "node:test"

const HEAD = 700 // bytes of a request or an answer before its body: cookie, token and the like
const STEP = 1000 // milliseconds after which a reader sees what came meanwhile
const settled = async () => {
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setImmediate(resolve))
}
const sizeOf = (body) => (typeof body === "string" ? Buffer.byteLength(body) : (body?.size ?? 0))

/**
 * A line of `rate` bytes a second both ways, shared by who uses it, cut every `cut` seconds; each call takes `latency`
 * milliseconds besides. `office(address, how)` gives {status, body, headers}, or null: it never answers.
 */
export class SlowLine {
  now = 0
  up = 0
  calls = []
  #timers = new Map()
  #number = 0
  #active = new Set()

  constructor(office, { rate = 40_000, cut = Infinity, latency = 300 } = {}) {
    Object.assign(this, { office, rate: rate / 1000, cut: cut * 1000, latency })
  }

  /** For the time of `work`, the line, the clock and the locks are this one's. */
  async during(work) {
    const stand = (name, value) => {
      const before = Object.getOwnPropertyDescriptor(globalThis, name)
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
      return () => (before ? Object.defineProperty(globalThis, name, before) : delete globalThis[name])
    }
    const held = new Set()
    const request = async (name, _, use) => {
      if (held.has(name)) return use(null)
      held.add(name)
      return use({ name }).finally(() => held.delete(name))
    }
    const back = [
      stand("performance", { now: () => this.now }),
      stand(
        "setTimeout",
        (run, after = 0) => (this.#timers.set(++this.#number, { at: this.now + after, run }), this.#number),
      ),
      stand("clearTimeout", (number) => this.#timers.delete(number)),
      stand("fetch", (address, how = {}) => this.#fetch(address, how)),
      stand("navigator", { onLine: true, locks: { request } }),
    ]
    const digest = mock.method(
      crypto.subtle,
      "digest",
      async (_, bytes) => new Uint8Array(createHash("sha256").update(new Uint8Array(bytes)).digest()).buffer,
    )
    try {
      return await work()
    } finally {
      digest.mock.restore()
      for (const one of back) one()
    }
  }

  /** Lets time pass until `isOver()`, or for so many seconds. */
  async pass(seconds, isOver = () => false) {
    const end = this.now + seconds * 1000
    for (await settled(); this.now < end && !isOver(); await settled()) this.#advance(end)
  }

  #fetch(address, { method = "GET", body, headers, signal }) {
    return new Promise((resolve, reject) => {
      const call = {
        address,
        method,
        body,
        headers,
        size: sizeOf(body),
        left: HEAD + sizeOf(body),
        from: this.now + this.latency / 2,
        resolve,
        reject,
        isUp: true,
      }
      this.calls.push(call)
      this.#active.add(call)
      signal?.addEventListener("abort", () => this.#broken(call))
    })
  }

  #broken(call) {
    if (!this.#active.delete(call)) return
    const error = new TypeError("the line is cut")
    if (call.isUp) call.reject(error)
    else call.stream.error(error)
  }

  #arrived(call) {
    const { status, body, headers = {} } = call.answer
    const bytes = new TextEncoder().encode(body === undefined ? "" : JSON.stringify(body))
    call.isUp = false
    call.left = HEAD + bytes.length
    call.from = this.now + this.latency / 2
    const isBare = [201, 204].includes(status) || call.method === "HEAD"
    const stream = new ReadableStream({ start: (controller) => (call.stream = controller) })
    call.given = () => (isBare || call.stream.enqueue(bytes.slice(0, 1)), (call.rest = bytes.slice(1)))
    call.resolve(
      new Response(isBare && status !== 201 ? null : stream, {
        status,
        headers: { "X-So-Ho": "1", ...(body && { "Content-Type": "application/json" }), ...headers },
      }),
    )
  }

  #advance(end) {
    const moving = [...this.#active].filter((call) => call.from <= this.now && !call.isStalled)
    const share = { true: moving.filter((call) => call.isUp).length, false: moving.filter((call) => !call.isUp).length }
    const times = moving.map((call) => this.now + Math.max(1e-3, (call.left * share[call.isUp]) / this.rate))
    const begins = [...this.#active].filter((call) => call.from > this.now).map((call) => call.from)
    const cutAt = (Math.floor(this.now / this.cut) + 1) * this.cut || Infinity
    const timer = [...this.#timers.entries()].sort(([, one], [, other]) => one.at - other.at)[0]
    const at = Math.min(end, this.now + STEP, cutAt, timer?.[1].at ?? Infinity, ...times, ...begins)
    const spent = at - this.now
    for (const call of moving) {
      const moved = Math.min(call.left, (spent * this.rate) / share[call.isUp])
      call.left -= moved
      if (call.isUp) this.up += moved
      if (!call.isUp && call.left > 0.01) call.given?.(), (call.given = null)
    }
    this.now = at
    for (const call of moving.filter(({ left }) => left < 0.01)) this.#through(call)
    if (at >= cutAt) for (const call of [...this.#active]) this.#broken(call)
    if (timer && timer[1].at <= at && this.#timers.delete(timer[0])) timer[1].run()
  }

  #through(call) {
    if (call.isUp) {
      call.answer = this.office(call.address, call)
      if (call.answer) this.#arrived(call)
      else call.isStalled = true
      return
    }
    this.#active.delete(call)
    if (![204].includes(call.answer.status)) {
      call.given?.()
      call.stream.enqueue(call.rest)
      call.stream.close()
    }
  }
}

const in64 = (text) => Buffer.from(text).toString("base64")

/** An office that takes entries and files; `fault(address, call)` may answer instead (null: never). */
export class Office {
  entries = new Map()
  files = new Map() // sha256 → {size, at}
  thumbnails = 0
  taken = 0 // bytes of entries and files that are here
  again = 0 // bytes that were here before

  constructor(
    { households = 0, offers = ["brief", "receipts"], rounds = [], between = null, supports = null } = {},
    fault = () => undefined,
  ) {
    Object.assign(this, { registered: households, offers, rounds, between, supports, fault })
  }

  answer = (address, call) => {
    const instead = this.fault(address, call)
    if (instead !== undefined) return instead
    const { pathname, searchParams } = new URL(address, "http://office")
    const [, , , what, name] = pathname.split("/")
    if (what === "supports") return this.#given(searchParams)
    return what === "files" ? this.#whole(name, call.size) : this[what](call, name, searchParams)
  }

  hello() {
    const told = {
      account: { id: "a" },
      csrf: "c",
      generation: "g",
      server_time: new Date().toISOString(),
      rounds: this.rounds,
      ...(this.between && { households: this.between.mark }),
      ...(this.supports && { supports: this.supports.mark }),
      villages: [],
      receipt_key: "?",
      revoked: false,
    }
    return { status: 200, body: { ...told, ...(this.offers && { offers: this.offers }), padding: "x".repeat(3000) } }
  }

  #has(sha256) {
    const file = this.files.get(sha256)
    return file !== undefined && file.at === file.size
  }

  #result({ id, content_hash }) {
    return {
      id,
      outcome: "stored",
      reason: null,
      missing_files: this.entries.get(id).files.filter((sha256) => !this.#has(sha256)),
      receipt: {
        body: JSON.stringify({ content_hash, entry_id: id, padding: "x".repeat(200) }),
        signature: "x".repeat(88),
      },
    }
  }

  push({ body }) {
    const { entries } = JSON.parse(body)
    for (const entry of entries) {
      const size = sizeOf(JSON.stringify(entry))
      if (this.entries.has(entry.id)) this.again += size
      else this.taken += size
      this.entries.set(entry.id, { files: entry.files.map((file) => file.sha256), hash: entry.hash })
    }
    return {
      status: 200,
      body: {
        generation: "g",
        results: entries.map((entry) => this.#result({ id: entry.id, content_hash: entry.hash })),
      },
    }
  }

  receipts({ body }) {
    if (!this.offers) return { status: 404, body: { problem: { code: "not_found", title: "?", next: "?" } } }
    const here = JSON.parse(body).entries.filter(({ id, content_hash }) => this.entries.get(id)?.hash === content_hash)
    return { status: 200, body: { generation: "g", results: here.map((one) => this.#result(one)) } }
  }

  register(_, __, asked) {
    const from = Number(asked.get("cursor"))
    const count = Math.min(Number(asked.get("limit")), this.registered - from)
    const entries = Array.from({ length: count }, (_, place) => ({
      household_id: `h-${from + place}`,
      padding: "x".repeat(400),
    }))
    return {
      status: 200,
      body: { generation: "g", cursor: from + count, more: from + count < this.registered, entries },
    }
  }

  /** `between`: {mark, entries}, the list of those that no round asks for. */
  households(_, __, asked) {
    const { mark, entries } = this.between
    const from = asked.get("mark") === mark ? Number(asked.get("skip")) : 0
    const to = from + Number(asked.get("limit"))
    return { status: 200, body: { generation: "g", mark, more: to < entries.length, entries: entries.slice(from, to) } }
  }

  /** `supports`: {mark, kinds, given}; the kinds come with its first part. */
  #given(asked) {
    const { mark, kinds, given } = this.supports
    const from = asked.get("mark") === mark ? Number(asked.get("skip")) : 0
    const to = from + Number(asked.get("limit"))
    const first = from ? {} : { kinds }
    const body = { generation: "g", mark, more: to < given.length, ...first, given: given.slice(from, to) }
    return { status: 200, body }
  }

  forms(_, id) {
    return { status: 200, body: { id, version: "1", hash: "h", choices: {}, children: [] } }
  }

  #standing(status, sha256, more = {}) {
    const { at, size } = this.files.get(sha256)
    const receipt = at === size && {
      "Upload-Receipt": in64(JSON.stringify({ body: JSON.stringify({ sha256 }), signature: "s" })),
    }
    return { status, headers: { "Upload-Offset": String(at), ...receipt, ...more } }
  }

  uploads({ method, headers, size }, name) {
    if (method === "POST") {
      const sha256 = Buffer.from(headers["Upload-Metadata"].split(",")[0].split(" ")[1], "base64").toString()
      if (!this.files.has(sha256)) this.files.set(sha256, { at: 0, size: Number(headers["Upload-Length"]) })
      return this.#standing(201, sha256, { Location: `/api/v1/uploads/${sha256}` })
    }
    const file = this.files.get(name)
    if (Number(headers["Upload-Offset"]) !== file.at)
      return { status: 409, body: { problem: { code: "upload_offset", detail: { offset: file.at } } } }
    file.at += size
    this.taken += size
    return this.#standing(204, name)
  }

  #whole(sha256, size) {
    if (this.files.get(sha256)?.at === size) this.again += size
    else this.taken += size - (this.files.get(sha256)?.at ?? 0)
    this.files.set(sha256, { at: size, size })
    return { status: 200, body: { receipt: { body: JSON.stringify({ sha256 }), signature: "s" } } }
  }
}

/** What a phone keeps, in memory: as much of store.js as a talk asks for. */
export class Kept {
  meta = new Map()
  items = new Map()
  photos = new Map()
  households = new Set()
  forms = new Map()

  finish(id, size, photos = []) {
    const files = photos.map(({ sha256 }) => ({ sha256 }))
    const hash = createHash("sha256").update(id).digest("hex")
    const entry = { id, commune_id: "03757", household_id: `h-${id}`, hash, files, padding: "" }
    entry.padding = "x".repeat(Math.max(0, size - sizeOf(JSON.stringify(entry))))
    this.items.set(id, {
      id,
      entry,
      content_hash: hash,
      state: "waiting",
      missing: files.map((file) => file.sha256),
      problem: null,
    })
    for (const photo of photos) this.photos.set(photo.sha256, photo)
  }

  get = async (key) => this.meta.get(key)
  set = async (key, value) => void this.meta.set(key, value)
  outbox = async () => [...this.items.values()]
  counts = async () => ({ open: 0 })
  refused = async (id, problem) => void (this.items.get(id).problem = problem)
  received = async (id, { missing_files: missing }) =>
    void Object.assign(this.items.get(id), { state: "received", missing, problem: null })
  filesWaiting = async () => {
    const named = new Set(
      [...this.items.values()].filter((item) => item.state === "received").flatMap((item) => item.missing),
    )
    return [...named].map((sha256) => ({
      sha256,
      commune_id: "03757",
      isHere: true,
      problem: null,
      has_thumbnail: false,
      type: "image/jpeg",
      ...this.photos.get(sha256),
    }))
  }
  file = async (sha256) => this.photos.get(sha256)
  fileReceived = async (sha256) => {
    for (const item of this.items.values()) item.missing = item.missing.filter((one) => one !== sha256)
  }
  fileRefused = async (sha256, problem) => void (this.photos.get(sha256).problem = problem)
  commitChunk = async ({ entries, cursor }) => {
    for (const { household_id } of entries) this.households.add(household_id)
    this.meta.set("cursor", cursor)
  }
  list = async (key) => this.meta.get(key) ?? null
  form = async (id, version) => this.forms.get(`${id} ${version}`)
  saveForm = async (bundle) => void this.forms.set(`${bundle.id} ${bundle.version}`, bundle)
  forgetRounds = async () => {}
  startOver = async () => {}
  withdraw = async () => {}

  get unsent() {
    return [...this.items.values()].filter((item) => item.state !== "received" || item.missing.length)
  }
}

/** A photo of so many bytes, unlike all others. */
export function photo(name, size) {
  const bytes = Buffer.alloc(size, name)
  return {
    sha256: createHash("sha256").update(bytes).digest("hex"),
    blob: new Blob([bytes], { type: "image/jpeg" }),
    size,
    type: "image/jpeg",
  }
}
