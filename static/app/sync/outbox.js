// A whole talk with the server (docs/sync.md): what is sent, what is fetched, in which order, each by request.js. It
// moves data between the server and the store and tells `report` what came of it; it knows no screen. Nothing here
// deletes an interview.

import { sha256 as hashOf } from "../canonical.js"
import { doubt, least, meet } from "../clock.js"
import { keep } from "./worker.js"
import { needs } from "../delivery.js"
import { Insistence, Line, now } from "./pace.js"
import { isSigned } from "./receipt.js"
import { keepGreeting } from "../store/greeting.js"
import { isStuck } from "../store/store.js"
import { MOST_ENTRIES, batches, isBroken, isOfContent, isResult, mayBeAlone, speaksOf, verdict } from "./reply.js"
import { Stopped, brought, call as asked, formFile, hello, isStale } from "./request.js"
import { opened } from "./opened.js"

const TURN = 60_000 // milliseconds that photos have the line before the register gets it
const DAY = 86_400_000

/**
 * What stopped a talk or a part of it; an error of ours too.
 * @returns {Stopped}
 */
function stopOf(error) {
  if (error instanceof Stopped) return error
  const why = error?.name === "QuotaExceededError" ? "phone_full" : "app"
  return new Stopped({ act: "wait", seconds: null, why, cause: error })
}

/** @type {(string | undefined)[]} */
const MAIN = ["entries", "report", "files", "register"] // a phone is up to date when these are through

// After these nothing else can go either. A proxy's refusal is of what was sent; any other answer of a stranger is of
// the line.
/** @param {Verdict} stopped */
const isEnd = ({ act, why, isAnother, status }) =>
  ["sign_in", "other_account"].includes(act) || isAnother || why === "offline" || (why === "portal" && !(status >= 400))

/**
 * One conversation with the server on behalf of one account. `device` is push's "device" without the counts. `wish`:
 * {originals: true} sends photos whatever the line costs; {shrink(blob, longest)} makes small pictures, where it can;
 * {line} (pace.js) is what talks before this one have learnt; {origin} is the page's.
 */
export class Outbox {
  #store
  #account
  #device
  #report
  #wish
  #line
  /** @type {Hello} */
  #greeting = /** @type {any} */ (null)
  #told = {}
  #moved = 0 // what the server acknowledged in this talk, or gave
  /** @type {Stopped[]} */
  #failed = []
  #silent = 0 // parts in a row that got no answer
  #hasAsked = false // something went of which the office's lists say what became

  /**
   * `report({step, done, total, bytes, size})` is told what is being done, for words and a count on the screen, and
   * {held}: how many photos wait for Wi-Fi.
   * @param {import("../store/store.js").Store} store
   * @param {string} account
   * @param {() => Promise<any>} device
   * @param {(progress: any) => void} report
   * @param {{ originals?: boolean, shrink?: any, line?: Line, origin?: any }} wish
   */
  constructor(store, account, device, report = () => {}, wish = {}) {
    this.#store = store
    this.#account = account
    this.#device = device
    this.#report = report
    this.#wish = wish
    this.#line = wish.line ?? new Line()
  }

  /**
   * Everything once: greet, send, fetch what is new; what can go goes, whatever else fails. Throws Stopped, of what
   * matters most: `parts` are all that failed, `hasMoved`: something went.
   */
  async run() {
    try {
      this.#report({ step: "hello" })
      await this.#greet()
      await this.#parts()
      if (!this.#failed.some(({ part }) => MAIN.includes(part)))
        await this.#store.set("synced_at", new Date().toISOString())
    } catch (error) {
      const stopped = stopOf(error)
      if (!this.#failed.includes(stopped)) this.#failed.unshift(stopped)
    }
    const first = this.#failed.find(isEnd) ?? this.#failed[0]
    if (first) throw Object.assign(first, { parts: this.#failed, hasMoved: this.#moved > 0 })
  }

  async #parts() {
    await this.#part("entries", () => this.#entries())
    if (!this.#silent) await this.#part("report", () => this.#tell()) // by the same door
    let isLeft = false
    await this.#part("files", async () => (isLeft = await this.#files(now() + TURN)))
    // What the office made of it stands in lists whose marks the greeting before did not know.
    const { households, supports } = this.#greeting
    if (this.#hasAsked && (households || supports)) await this.#part("greeting", () => this.#greet())
    if (this.#greeting.revoked) await this.#store.withdraw()
    else {
      await this.#part("register", () => this.#register().then(() => this.#between()))
      for (const round of this.#greeting.rounds)
        await this.#part(`form ${round.form.url}`, () => this.#form(round.form), round.title)
      await this.#part("supports", () => this.#supports())
    }
    if (isLeft) await this.#part("files", () => this.#files(Infinity))
    if (!this.#greeting.revoked)
      for (const round of this.#greeting.rounds)
        await this.#part(`form ${round.form.url} files`, () => this.#enclosed(round.form), round.title)
  }

  /**
   * One part, which fails alone; `title`: what it is of. Throws what is the end of all; after two that got no answer,
   * the second.
   */
  async #part(part, work, title) {
    const { rests } = this.#line
    const resting = rests.of(part)
    if (resting) return void this.#failed.push(resting)
    try {
      await work()
      rests.went(part)
    } catch (error) {
      const stopped = Object.assign(stopOf(error), { part, title })
      if (isBroken(stopped.why) || stopped.why === "busy") this.#silent++
      this.#failed.push(stopped)
      if (isEnd(stopped) || this.#silent > 1) throw stopped
      if (!isBroken(stopped.why)) rests.failed(part, stopped)
    }
  }

  /** Of a part: where the one before got no answer it has one try. */
  #insistence(pace) {
    return this.#silent ? { may: () => false } : new Insistence(pace, () => this.#moved)
  }

  async #greet() {
    const before = await this.#store.get("hello")
    const since = least(await this.#store.get("clock_at"))
    const greeting = await this.#opened().catch((error) => {
      // HTTPS fails on a phone whose clock fell back to the day it was made, or went far ahead.
      const isOff = doubt(Date.now(), { since }) || Date.now() - Date.parse(before?.server_time) > 60 * DAY
      if (error.why === "unreachable" && isOff) error.why = "clock"
      throw error
    })
    if (greeting.account.id !== this.#account) throw new Stopped({ act: "other_account", greeting })
    // A withdrawn phone is told neither rounds nor villages; what it has of its own is still shown.
    if (greeting.revoked) Object.assign(greeting, { rounds: before?.rounds ?? [], villages: before?.villages ?? [] })
    await this.#trust(greeting, before)
    this.#greeting = greeting
    await keepGreeting(this.#store, greeting)
    await this.#time(greeting)
    const known = (await this.#store.get("generation")) ?? before?.generation
    if (known && known !== greeting.generation) await this.#store.startOver()
    const closed = greeting.rounds.filter((round) => round.state === "closed")
    if (closed.length) await this.#store.forgetRounds(closed)
  }

  /** What time it is by the server, unless it is known to be wrong itself: then no phone is. */
  async #time({ server_time: said, clock_doubted: isDoubted }) {
    const at = Date.parse(said)
    if (!isDoubted) {
      meet(at)
      await this.#store.set("clock_at", at)
    }
    await this.#store.set("clock_skew", isDoubted ? 0 : Math.round((Date.now() - at) / 1000))
  }

  /**
   * The key met first is kept. Another counts only when that one introduced it; else `stranger`, and nothing it signs.
   */
  async #trust(greeting, before) {
    const offered = greeting.receipt_key
    const keys = (await this.#store.get("receipt_keys")) ?? [before?.receipt_key ?? offered]
    if (keys.at(-1) !== offered) {
      const { isIntroduced } = await brought(() => import("./keys.lazy.js"))
      if ((await isIntroduced(keys.at(-1), offered, greeting.receipt_keys ?? [])) !== false) keys.push(offered)
      else Object.assign(greeting, { stranger: offered, receipt_key: keys.at(-1) })
    }
    await this.#store.set("receipt_keys", keys)
  }

  #offers(what) {
    return this.#greeting.offers?.includes(what)
  }

  // Entries

  /**
   * The oldest first, as many at once as the line takes; what the server cannot take comes last, and holds up no other.
   */
  async #entries() {
    const waiting = (await this.#store.outbox()).filter(
      ({ state, problem, entry }) =>
        state === "waiting" &&
        !problem &&
        (!entry.no_interview || this.#offers("outcomes")) && // else it waits
        (!entry.proposal || this.#offers("proposals")) &&
        (!entry.support || this.#offers("supports")),
    )
    waiting.sort(
      (one, other) =>
        this.#line.suspects.has(one.id) - this.#line.suspects.has(other.id) || (one.id < other.id ? -1 : 1),
    )
    let queue = waiting.map((item) => ({ ...item, bytes: new Blob([JSON.stringify(item.entry)]).size }))
    const total = queue.length
    const insistence = this.#insistence(this.#line.bytes)
    let most = MOST_ENTRIES
    /** @type {Stopped | null} */
    let failure = null
    let failures = 0 // in a row, of one entry each
    const without = (some) => (queue = queue.filter((item) => !some.includes(item)))
    without(await this.#receipts(queue))
    while (queue.length) {
      this.#report({ step: "push", done: total - queue.length, total })
      const [batch] = batches(queue, this.#line.bytes.size, most)
      try {
        const answer = await this.#push(batch)
        if (answer.act === "halve") most = Math.ceil(batch.length / 2)
        else if (answer.act === "done") without(batch)
        else if (isOfContent(answer)) await this.#store.refused(batch[0].id, answer.problem).then(() => without(batch))
        else throw new Stopped(answer)
        if (answer.act !== "halve") [most, failures] = [Math.min(MOST_ENTRIES, most * 2), 0]
      } catch (error) {
        const stopped = stopOf(error)
        if (insistence.may(stopped)) without(await this.#receipts(queue))
        else if (mayBeAlone(stopped) && ++failures < 3) {
          this.#line.suspects.add(batch[0].id)
          failure = stopped
          without(batch)
        } else throw stopped
      }
    }
    if (failure) throw failure
  }

  async #push(batch) {
    await this.#store.set(
      "under_way",
      batch.map((item) => item.id),
    )
    const isBrief = batch.length && this.#offers("brief")
    const answer = await this.#write("/api/v1/push", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: async () => JSON.stringify(await this.#envelope(batch, isBrief)),
      batch: batch.length,
    })
    if (answer.act !== "done") return answer
    this.#sameServer(answer.body)
    await this.#keepResults(batch, answer.body)
    if (!isBrief) await this.#keepMissed(answer.body)
    if (answer.body.revoked && !this.#greeting.revoked)
      await keepGreeting(this.#store, Object.assign(this.#greeting, { revoked: true }))
    return answer
  }

  /**
   * What the last call carried may have arrived though nobody heard so: asked for by id before it is sent twice. Gives
   * those of `queue` that are there.
   */
  async #receipts(queue) {
    const ids = new Set(this.#line.isDeaf ? [] : await this.#store.get("under_way"))
    const asked = this.#offers("receipts") ? queue.filter(({ id }) => ids.has(id)) : []
    this.#line.isDeaf = false
    const found = []
    while (asked.length) {
      const some = asked.splice(0, MOST_ENTRIES)
      const entries = some.map(({ id, content_hash, entry }) => ({ id, content_hash, commune_id: entry.commune_id }))
      const how = {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: async () => JSON.stringify({ entries }),
      }
      const answer = await this.#write("/api/v1/receipts", how).catch((error) => {
        this.#line.isDeaf = isBroken(error.why) // the next time it is sent all the same
        if (this.#line.isDeaf || isEnd(stopOf(error)) || !(error instanceof Stopped)) throw error
        return error
      })
      if (answer.act !== "done") break // a server that does not know, or cannot say, is sent everything
      this.#sameServer(answer.body)
      const here = some.filter(({ id }) => answer.body.results?.some((result) => result?.id === id))
      await this.#keepResults(here, answer.body)
      found.push(...here)
    }
    return found
  }

  /** Tells the server what this phone still holds. */
  async #tell() {
    const answer = await this.#push([])
    if (answer.act !== "done") throw new Stopped(answer)
  }

  /** What was answered before a backup was put back counts no more; nor does anything until the new greeting. */
  #sameServer({ generation }) {
    if (generation !== this.#greeting.generation) throw new Stopped({ act: "wait", seconds: null, isAnother: true })
  }

  /** `isBrief`: it says nothing of what the phone holds besides; that is told once, when the entries are through. */
  async #envelope(batch, isBrief) {
    const device = { ...(await this.#device()), clock: new Date().toISOString() }
    const entries = batch.map((item) => item.entry)
    if (isBrief) return { device, brief: true, entries }
    const carried = new Set(batch.map((item) => item.id)) // when this call arrives, these are no longer unsent
    const unsent = (await this.#store.outbox())
      .filter((item) => item.state === "waiting" && !carried.has(item.id))
      .map((item) => ({ id: item.id, household_id: item.entry.household_id }))
    const { open } = await this.#store.counts()
    const [lost, formerly] = await Promise.all(["lost", "formerly"].map((key) => this.#store.get(key)))
    this.#told = { lost, formerly }
    return { device: { ...device, in_progress: open }, unsent, lost, formerly, entries }
  }

  async #keepResults(batch, body) {
    const results = new Map((body.results ?? []).map((result) => [result?.id, result]))
    for (const item of batch) {
      const result = results.get(item.id)
      const expected = { entry_id: item.id, content_hash: item.content_hash }
      const compared = isResult(result, item.entry.files) && result.receipt && speaksOf(result.receipt, expected)
      const signed = compared ? await isSigned(result.receipt, this.#greeting.receipt_key) : false
      if (signed === false) await this.#store.refused(item.id, { code: "bad_receipt", title: "", next: "" })
      else {
        await this.#store.received(item.id, result, signed)
        this.#moved++
        this.#hasAsked ||= Boolean(item.entry.proposal || item.entry.support)
      }
    }
  }

  /**
   * What the server misses of this account. Whether another phone was this one is asked at the first talk: it cannot
   * become so.
   */
  async #keepMissed({ gone = [], elsewhere = [] }) {
    const { gone: before = [], elsewhere: asked = [] } = (await this.#store.get("missed")) ?? {}
    const isFirst = !(await this.#store.get("synced_at"))
    const others = elsewhere.filter((one) => isFirst || asked.some(({ device }) => device.id === one.device.id))
    if (gone.length + others.length + before.length + asked.length)
      await this.#store.set("missed", { gone, elsewhere: others })
    for (const [key, told] of Object.entries(this.#told)) {
      if (told?.length && (await this.#store.get(key)).length === told.length) await this.#store.set(key, [])
    }
  }

  // Files

  /** Photos, the smallest first, until `end`; true when some are left for later. */
  async #files(end) {
    const waiting = await this.#store.filesWaiting()
    this.#report({ held: 0 })
    if (waiting.every(isStuck)) return false
    const { sendFiles } = await brought(() => import("./files.lazy.js"))
    return sendFiles(waiting, {
      ...this.#wish,
      store: this.#store,
      onlyWifi: Boolean(await this.#store.get("only_wifi")),
      connection: navigator.connection,
      report: this.#report,
      pace: this.#line.bytes,
      begun: this.#line.begun,
      insistence: () => this.#insistence(this.#line.bytes),
      isOver: () => now() > end,
      hash: async (blob) => hashOf(await blob.arrayBuffer()),
      write: (address, how) => this.#write(address, how),
      isGood: async (receipt, sha256) =>
        speaksOf(receipt, { sha256 }) && (await isSigned(receipt, this.#greeting.receipt_key)) !== false,
      stop: (why, seconds = null) => new Stopped({ act: "wait", seconds, why, status: 423 }),
    })
  }

  /** A call that shows, once more where it must, that the vault is open. */
  async #call(address, how) {
    if (isStale()) this.#token(await this.#opened())
    const answer = await asked(address, how)
    if (answer.body?.problem?.code !== "not_open") return answer
    this.#token(await this.#opened())
    return asked(address, { ...how, headers: { ...how?.headers, ...(how?.headers && this.#signs()) } })
  }

  #opened() {
    return opened(this.#store, this.#wish.origin)
  }

  #signs() {
    return { "X-CSRF-Token": this.#greeting.csrf }
  }

  #token({ csrf }) {
    this.#greeting = { ...this.#greeting, csrf }
  }

  // What is fetched

  /** What came is kept with where to go on. */
  async #register() {
    let cursor = (await this.#store.get("cursor")) ?? 0
    await this.#bits(
      () => `register?cursor=${cursor}`,
      async (chunk) => {
        await this.#store.commitChunk(chunk)
        const more = chunk.more && chunk.cursor !== cursor
        cursor = chunk.cursor
        return more
      },
    )
  }

  /** The households that no round asks for: the whole list, where it is another than the one that is kept. */
  async #between() {
    const { households: mark = null } = this.#greeting // an office that knows of no such list says nothing
    if (mark === ((await this.#store.list("between"))?.mark ?? null)) return
    let list = { mark, entries: /** @type {ListedHousehold[]} */ ([]) }
    if (mark)
      await this.#bits(
        () => `households?mark=${list.mark}&skip=${list.entries.length}`,
        (chunk) => {
          if (chunk.mark !== list.mark) list = { mark: chunk.mark, entries: [] } // meanwhile: it begins anew
          list.entries.push(...chunk.entries)
          return chunk.more
        },
      )
    await this.#store.set("between", list.mark ? list : null)
  }

  /** What can be given and what was: the whole list, where it is another than the one that is kept. */
  async #supports() {
    const { supports: mark = null } = this.#greeting // an office of an earlier release says nothing
    if (mark === ((await this.#store.list("supports"))?.mark ?? null)) return
    /** @type {SupportList | null} */
    let list = null
    if (mark)
      await this.#bits(
        () => `supports?mark=${list?.mark ?? ""}&skip=${list?.given.length ?? 0}`,
        ({ generation: _, more, ...chunk }) => {
          const isNext = list?.mark === chunk.mark // else meanwhile: it begins anew
          list = isNext && list ? { ...list, given: [...list.given, ...chunk.given] } : chunk
          return more
        },
      )
    await this.#store.set("supports", list)
  }

  /**
   * As many rows of a list at once as the line brings, until `take(chunk)` says that it was the last.
   * @param {() => string} address of the next ones
   * @param {(chunk: any) => boolean | Promise<boolean>} take
   */
  async #bits(address, take) {
    const pace = this.#line.households
    const insistence = this.#insistence(pace)
    let fetched = 0
    for (let more = true; more; ) {
      this.#report({ step: "register", done: fetched })
      const [size, since] = [pace.size, now()]
      try {
        const chunk = await this.#ask(`/api/v1/${address()}&limit=${size}`)
        const { length } = chunk.entries ?? chunk.given
        pace.went(length, now() - since)
        this.#sameServer(chunk)
        more = await take(chunk)
        fetched += length
      } catch (error) {
        if (isBroken(error.why)) pace.broke(size, error.why === "slow" ? now() - since : null)
        if (!insistence.may(error)) throw error
      }
    }
  }

  async #form(form) {
    const kept = await this.#store.form(form.id, form.version)
    // What another release made of the same form may hold what this one's engine does not run.
    const isHere = kept?.hash === form.hash && (!form.build || kept.build === form.build)
    if (!isHere) this.#report({ step: "form" })
    const bundle = isHere ? kept : await this.#ask(`${built(form)}&words=first`)
    if (bundle.id !== form.id || bundle.version !== form.version) return
    // Also for one that is here: a newer release may need other files for it.
    if (!(await keep(needs(bundle)))) throw new Stopped({ act: "wait", seconds: null, why: "unreachable" })
    if (bundle !== kept) await this.#store.saveForm(bundle)
  }

  /** A questionnaire's other languages, pictures and sounds, last of all: without them the words remain. */
  async #enclosed(form) {
    let bundle = (await this.#store.form(form.id, form.version)) ?? {}
    if (bundle.partial) {
      bundle = await this.#ask(built(form))
      if (!(await keep(needs(bundle)))) return
      await this.#store.saveForm(bundle)
    }
    const media = Object.entries(bundle.files ?? {}).filter(([, { type }]) =>
      ["image", "audio", "video"].includes(type.split("/")[0]),
    )
    for (const [name, known] of media) {
      if (await this.#store.file(known.sha256)) continue
      this.#report({ step: "form" })
      const blob = await formFile(`${form.url}/files/`, name, known)
      if (blob) await this.#store.saveFile({ sha256: known.sha256, blob, size: known.size, type: known.type })
    }
  }

  /** A GET whose answer is needed to go on. */
  async #ask(address) {
    const answer = await this.#call(address)
    const judged = verdict(answer)
    if (judged.act !== "done") throw new Stopped({ ...judged, status: answer.status, ours: answer.ours })
    this.#silent = 0
    this.#moved++
    return answer.body
  }

  /**
   * A request that writes: with the CSRF token, once more with a fresh one. done, halve and refused are returned.
   * @param {string} address
   * @param {{ method: string, headers?: any, body: () => Promise<any>, batch?: number }} how
   * @returns {Promise<Verdict>}
   */
  async #write(address, { method, headers, body, batch = 1 }) {
    for (let repeated = false; ; repeated = true) {
      const signed = { ...headers, ...this.#signs() }
      const sent = await body()
      const size = typeof sent === "string" ? new Blob([sent]).size : (sent?.size ?? 0)
      const since = now()
      const answer = await this.#call(address, {
        method,
        headers: signed,
        body: sent,
        patience: this.#line.bytes.patience(size),
      })
      const took = now() - since
      if (answer.status) this.#line.bytes.went(size, took)
      else if (isBroken(answer.why)) this.#line.bytes.broke(size, answer.why === "slow" ? took : null)
      const judged = { ...verdict(answer, { batch, repeated }), status: answer.status, ours: answer.ours }
      if (answer.status && judged.why !== "busy") this.#silent = 0
      if (judged.act === "done" && method !== "POST") this.#moved++ // bytes of a file; what else went says who sent it
      if (judged.act === "fresh_token") this.#token(await hello())
      else if (["done", "halve", "refused"].includes(judged.act))
        return { ...judged, body: answer.body, header: answer.header }
      else throw new Stopped(judged)
    }
  }
}

/** Where a questionnaire is, as the server builds it today; servers of before build none. */
const built = ({ url, build }) => `${url}?build=${build ?? ""}`
