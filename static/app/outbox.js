// All talk with the server (docs/sync.md): fetch is used in this file only. It moves data between the server and the
// store and tells `report` what came of it; it knows no screen. Nothing here deletes an interview.

import { canonical, sha256 as hashOf } from "./canonical.js"
import { within } from "./deadline.js"
import { keep } from "./kept.js"
import { needs } from "./kinds.js"
import { isSigned } from "./receipt.js"
import { isStuck } from "./store.js"
import { batches, isResult, speaksOf, verdict } from "./verdict.js"

const PATIENCE = 30000 // milliseconds for one call on a weak line; a photo gets longer
const PATIENCE_FOR_A_FILE = 180000
const CHUNK = 100
const DAY = 86_400_000

/** Why a sync stopped early: {act: "sign_in"|"wait"|"refused"|"other_account", problem, seconds, why}; see verdict.js. */
export class Stopped extends Error {
  constructor(verdict) {
    super(verdict.act)
    Object.assign(this, verdict)
  }
}

/** Fetch itself failed, or its answer broke off. Any other error is ours, and must never pass for a bad line. */
export class NoAnswer extends Error {}
const lost = () => {
  throw new NoAnswer()
}
/** Of a call that may fail: null when it brought nothing. */
const nothing = (error) => {
  if (error instanceof NoAnswer || error?.name === "TimeoutError") return null
  throw error
}

async function call(address, { method = "GET", body, headers = {}, patience = PATIENCE } = {}) {
  const how = { method, body, headers, credentials: "same-origin", cache: "no-store", redirect: "manual" } // our API never redirects; a captive portal does
  try {
    return await within(patience, async (signal) => {
      const response = await fetch(address, { ...how, signal }).catch(lost)
      const ours = response.headers.get("X-So-Ho") === "1"
      const isJson = response.headers.get("Content-Type")?.startsWith("application/json")
      const isBare = method === "HEAD" || response.status === 201 || response.status === 204
      return {
        status: response.status || 302, // a redirect that is not followed shows no status
        ours: ours && (isBare || isJson),
        body: ours && isJson ? await response.json().catch(lost) : null,
        retryAfter: response.headers.get("Retry-After"),
        header: (name) => response.headers.get(name),
      }
    })
  } catch (error) {
    if (error?.name === "TimeoutError") return { why: "slow" }
    if (error instanceof NoAnswer) return { why: navigator.onLine === false ? "offline" : "unreachable" }
    throw error
  }
}

/** Who is signed in on the server now, or throws Stopped. */
export async function hello() {
  const answer = await call("/api/v1/hello")
  const judged = verdict(answer)
  if (judged.act !== "done") throw new Stopped(judged)
  return answer.body
}

/** A questionnaire's bundle as the server has it now, also a draft that was never published; null when it gives none. */
export async function preview(address) {
  const answer = await call(address)
  return answer.status === 200 ? answer.body : null
}

/** A questionnaire's picture or sound out of `folder`, when it is byte for byte the one meant; null otherwise. */
export async function formFile(folder, name, { sha256, type }) {
  const bytes = await within(PATIENCE_FOR_A_FILE, async (signal) => {
    const answer = await fetch(folder + encodeURIComponent(name), { redirect: "error", signal }).catch(lost)
    return answer.ok && answer.arrayBuffer().catch(lost)
  }).catch(nothing)
  return bytes && (await hashOf(bytes)) === sha256 ? new Blob([bytes], { type }) : null
}

/** A page of templates that is not part of the shell, as HTML: as the worker keeps it, or from the server. Throws NoAnswer. */
export async function templatesAt(address) {
  const answer = await fetch(address, { redirect: "error" }).catch(lost)
  return answer.ok ? answer.text().catch(lost) : lost()
}

async function keepKinds(addresses) {
  if (!(await keep(addresses))) throw new Stopped({ act: "wait" })
}

/** The key of a ring as the office opens it: base64. `wrapped` and `vault` as vault.js gives them. Throws Stopped. */
export async function recover(wrapped, vault) {
  const { csrf } = await hello()
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf }
  const answer = await call("/api/v1/vault/recover", { method: "POST", headers, body: JSON.stringify({ wrapped, vault }) })
  const judged = verdict(answer)
  if (judged.act !== "done") throw new Stopped(judged)
  return answer.body.key
}

/** Ends the session on the server. false when there was no answer: it must be tried again. */
export async function signOut() {
  try {
    const greeting = await hello()
    const body = new URLSearchParams({ csrf_token: greeting.csrf })
    const response = await within(PATIENCE, (signal) => fetch("/logout", { method: "POST", body, signal }).catch(lost)).catch(nothing)
    return Boolean(response?.ok)
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
    return error.act === "sign_in"
  }
}

/**
 * One conversation with the server on behalf of one account. `device` is push's "device" without the counts. `wish`:
 * {originals: true} sends photos whatever the line costs; {shrink(blob, longest)} makes small pictures, where it can.
 */
export class Outbox {
  #store
  #account
  #device
  #report
  #wish
  #greeting = null
  #told = {}

  /**
   * `report({step, done, total, bytes, size})` is told what is being done, for words and a count on the screen, and
   * {held}: how many photos wait for Wi-Fi.
   */
  constructor(store, account, device, report = () => {}, wish = {}) {
    this.#store = store
    this.#account = account
    this.#device = device
    this.#report = report
    this.#wish = wish
  }

  /** Everything once: greet, send, fetch what is new. Throws Stopped; what went through before stays done. */
  async run() {
    this.#report({ step: "hello" })
    await this.#greet()
    if (!this.#greeting.revoked) await this.#forms()
    await this.#push()
    if (this.#greeting.revoked) await this.#store.withdraw()
    else await this.#register() // what came back matters more than the bytes of photos
    await this.#files()
    if (!this.#greeting.revoked) await this.#enclosed()
    await this.#store.set("synced_at", new Date().toISOString())
  }

  async #greet() {
    const before = await this.#store.get("hello")
    const greeting = await hello().catch((error) => {
      // HTTPS fails on a phone whose clock fell back to the day it was made, or went far ahead.
      const since = Date.now() - Date.parse(before?.server_time)
      if (error.why === "unreachable" && (since < -DAY || since > 60 * DAY)) error.why = "clock"
      throw error
    })
    if (greeting.account.id !== this.#account) throw new Stopped({ act: "other_account", greeting })
    // A withdrawn phone is told neither rounds nor villages; what it has of its own is still shown.
    if (greeting.revoked) Object.assign(greeting, { rounds: before?.rounds ?? [], villages: before?.villages ?? [] })
    await this.#trust(greeting, before)
    this.#greeting = greeting
    await this.#store.set("hello", greeting)
    await this.#store.set("clock_skew", Math.round((Date.now() - Date.parse(greeting.server_time)) / 1000))
    const known = (await this.#store.get("generation")) ?? before?.generation
    if (known && known !== greeting.generation) await this.#store.startOver()
    const closed = greeting.rounds.filter((round) => round.state === "closed").map((round) => round.id)
    if (closed.length) await this.#store.forgetRounds(closed)
  }

  /** The key met first is kept. Another counts only when that one introduced it; else `stranger`, and nothing it signs. */
  async #trust(greeting, before) {
    const offered = greeting.receipt_key
    const keys = (await this.#store.get("receipt_keys")) ?? [before?.receipt_key ?? offered]
    if (keys.at(-1) !== offered) {
      const { isIntroduced } = await import("./later/keys.js").catch(() => {
        throw new Stopped({ act: "wait", seconds: null })
      })
      if ((await isIntroduced(keys.at(-1), offered, greeting.receipt_keys ?? [])) !== false) keys.push(offered)
      else Object.assign(greeting, { stranger: offered, receipt_key: keys.at(-1) })
    }
    await this.#store.set("receipt_keys", keys)
  }

  async #forms() {
    for (const { form } of this.#greeting.rounds) {
      const kept = await this.#store.form(form.id, form.version)
      if (kept) await keepKinds(needs(kept)) // also those that a newer release moved here
      if (kept?.hash === form.hash) continue
      this.#report({ step: "form" })
      const bundle = await this.#ask(form.url)
      if (bundle.id !== form.id || bundle.version !== form.version) continue
      await keepKinds(needs(bundle))
      await this.#store.saveForm(bundle)
    }
  }

  /** Pictures and sounds of the questionnaires, last of all: without them the words remain. */
  async #enclosed() {
    for (const { form } of this.#greeting.rounds) {
      const { files = {} } = (await this.#store.form(form.id, form.version)) ?? {}
      const media = Object.entries(files).filter(([, { type }]) => ["image", "audio", "video"].includes(type.split("/")[0]))
      for (const [name, known] of media) {
        if (await this.#store.file(known.sha256)) continue
        this.#report({ step: "form" })
        const blob = await formFile(`${form.url}/files/`, name, known)
        if (blob) await this.#store.saveFile({ sha256: known.sha256, blob, size: known.size, type: known.type })
      }
    }
  }

  async #push() {
    const items = (await this.#store.outbox()).filter((item) => item.state === "waiting")
    items.sort((one, other) => (one.id < other.id ? -1 : 1))
    const sendable = items.filter((item) => !item.problem)
    const sized = sendable.map((item) => ({ ...item, bytes: new Blob([canonical(item.entry)]).size }))
    let done = 0
    const sendAll = async (batch) => {
      this.#report({ step: "push", done, total: sendable.length })
      const answer = await this.#write("/api/v1/push", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: async () => JSON.stringify(await this.#envelope(batch)),
        batch: batch.length,
      })
      if (answer.act === "halve") {
        const middle = Math.ceil(batch.length / 2)
        await sendAll(batch.slice(0, middle))
        await sendAll(batch.slice(middle))
      } else if (answer.act === "refused") {
        if (batch.length !== 1) throw new Stopped(answer)
        await this.#store.refused(batch[0].id, answer.problem)
      } else {
        this.#sameServer(answer.body)
        await this.#keepResults(batch, answer.body)
        await this.#keepMissed(answer.body)
        if (answer.body.revoked && !this.#greeting.revoked) await this.#store.set("hello", Object.assign(this.#greeting, { revoked: true }))
        done += batch.length
      }
    }
    // With nothing to send the call still tells the server what this phone holds.
    for (const batch of sized.length ? batches(sized) : [[]]) await sendAll(batch)
  }

  /** What was answered before a backup was put back counts no more; nor does anything until the new greeting. */
  #sameServer({ generation }) {
    if (generation !== this.#greeting.generation) throw new Stopped({ act: "wait", seconds: null })
  }

  async #envelope(batch) {
    const carried = new Set(batch.map((item) => item.id)) // when this call arrives, these are no longer unsent
    const unsent = (await this.#store.outbox())
      .filter((item) => item.state === "waiting" && !carried.has(item.id))
      .map((item) => ({ id: item.id, household_id: item.entry.household_id }))
    const { open } = await this.#store.counts()
    const [lost, formerly] = await Promise.all(["lost", "formerly"].map((key) => this.#store.get(key)))
    this.#told = { lost, formerly }
    const device = { ...(await this.#device()), clock: new Date().toISOString(), in_progress: open }
    return { device, unsent, lost, formerly, entries: batch.map((item) => item.entry) }
  }

  async #keepResults(batch, body) {
    const results = new Map((body.results ?? []).map((result) => [result.id, result]))
    for (const item of batch) {
      const result = results.get(item.id)
      const expected = { entry_id: item.id, content_hash: item.content_hash }
      const compared = isResult(result, item.entry.files) && result.receipt && speaksOf(result.receipt, expected)
      const signed = compared ? await isSigned(result.receipt, this.#greeting.receipt_key) : false
      if (signed === false) await this.#store.refused(item.id, { code: "bad_receipt", title: "", next: "" })
      else await this.#store.received(item.id, result, signed)
    }
  }

  /** What the server misses of this account. Whether another phone was this one is asked at the first talk: it cannot become so. */
  async #keepMissed({ gone = [], elsewhere = [] }) {
    const { gone: before = [], elsewhere: asked = [] } = (await this.#store.get("missed")) ?? {}
    const isFirst = !(await this.#store.get("synced_at"))
    const others = elsewhere.filter((one) => isFirst || asked.some(({ device }) => device.id === one.device.id))
    if (gone.length + others.length + before.length + asked.length) await this.#store.set("missed", { gone, elsewhere: others })
    for (const [key, told] of Object.entries(this.#told)) {
      if (told?.length && (await this.#store.get(key)).length === told.length) await this.#store.set(key, [])
    }
  }

  async #files() {
    const waiting = await this.#store.filesWaiting()
    this.#report({ held: 0 })
    if (waiting.every(isStuck)) return
    const { sendFiles } = await import("./later/files.js").catch(() => {
      throw new Stopped({ act: "wait", seconds: null, why: "unreachable" })
    })
    await sendFiles(waiting, {
      ...this.#wish,
      store: this.#store,
      onlyWifi: Boolean(await this.#store.get("only_wifi")),
      connection: navigator.connection,
      report: this.#report,
      hash: async (blob) => hashOf(await blob.arrayBuffer()),
      write: (address, how) => this.#write(address, { patience: PATIENCE_FOR_A_FILE, ...how }),
      isGood: async (receipt, sha256) => speaksOf(receipt, { sha256 }) && (await isSigned(receipt, this.#greeting.receipt_key)) !== false,
      stop: (why, seconds = null) => new Stopped({ act: "wait", seconds, why }),
    })
  }

  async #register() {
    let cursor = (await this.#store.get("cursor")) ?? 0
    let fetched = 0
    for (let more = true; more; ) {
      this.#report({ step: "register", done: fetched })
      const chunk = await this.#ask(`/api/v1/register?cursor=${cursor}&limit=${CHUNK}`)
      this.#sameServer(chunk)
      await this.#store.commitChunk(chunk)
      fetched += chunk.entries.length
      more = chunk.more && chunk.cursor !== cursor
      cursor = chunk.cursor
    }
  }

  /** A GET whose answer is needed to go on. */
  async #ask(address) {
    const answer = await call(address)
    const judged = verdict(answer)
    if (judged.act !== "done") throw new Stopped(judged)
    return answer.body
  }

  /** A request that writes: with the CSRF token, once more with a fresh one. done, halve and refused are returned. */
  async #write(address, { method, headers, body, patience, batch = 1 }) {
    for (let repeated = false; ; repeated = true) {
      const signed = { ...headers, "X-CSRF-Token": this.#greeting.csrf }
      const answer = await call(address, { method, headers: signed, body: await body(), patience })
      const judged = verdict(answer, { batch, repeated })
      if (judged.act === "fresh_token") this.#greeting = { ...this.#greeting, csrf: (await hello()).csrf }
      else if (["done", "halve", "refused"].includes(judged.act)) return { ...judged, body: answer.body, header: answer.header }
      else throw new Stopped(judged)
    }
  }
}
