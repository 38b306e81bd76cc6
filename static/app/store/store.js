// Everything an account keeps on the phone: every function is one whole transaction. Each account has a database of its
// own, so a second person on the phone never sees the first one's households; what belongs to the phone itself is
// device.js.
//
// Nothing finalised is deleted without a receipt. A draft's journal is only ever appended to.
//
// Everything that names a household is sealed (sealing.js): rows are sealed before a transaction and opened after it.
// Where the sealed part decides, it is read first, and the transaction that writes looks whether it is still so.

import { hashesIn, replay } from "../engine/answers.js"
import { Database, ask, between } from "./database.js"
import { Settings } from "./device.js"
import { keepAsToday } from "./greeting.js"
import { NAMING, dropUnnamed, everMentioned, everythingOf, mentioning, namedBy } from "./naming.js"
import { Sealing, isHidden, known, mark, plainly } from "./sealing.js"
import { fold } from "../search.js"
import { madeAt } from "../ids.js"

const SCHEMA = 2 // 1: everything in plain, before there was a PIN

function makeStores(db, before) {
  if (before) return // schema 2 has the stores of 1; what stands in them is sealed by sealAll
  db.createObjectStore("meta")
  db.createObjectStore("forms", { keyPath: ["id", "version"] })
  db.createObjectStore("households", { keyPath: ["round_id", "household_id"] })
  db.createObjectStore("drafts", { keyPath: "id" })
  db.createObjectStore("journal", { keyPath: ["draft", "seq"] })
  db.createObjectStore("outbox", { keyPath: "id" })
  db.createObjectStore("files", { keyPath: "sha256" })
}

const eventsOf = (rows) => rows.flatMap((row) => row.events ?? row)

/** Has the server all of it: the entry and every photo? */
export const isReceived = (item) => item.state === "received" && item.missing.length === 0

/** A file of `filesWaiting()` that does not go by itself. One that was damaged on its way is tried again. */
export const isStuck = (file) => !file.isHere || Boolean(file.problem && file.problem.code !== "hash_mismatch")

async function lastSeq(journal, id) {
  const last = await ask(journal.openKeyCursor(everythingOf(id), "prev"))
  return last ? last.key[1] : 0
}

export class DraftClosed extends Error {}

/**
 * What one account keeps on this phone. Keys of its meta: hello, cursor, generation, synced_at, clock_skew (seconds
 * that this phone is ahead of the server), clock_at (it is later now than then, milliseconds), `last_saved <form>`,
 * sealed (a migration is done), receipt_keys (the server's that were trusted, the last one now), only_wifi (originals
 * of photos go by Wi-Fi only), lost (held before the storage was cleared, until the server is told), formerly (devices
 * that this phone was before), missed (what the server misses: push's gone and elsewhere), under_way (ids of entries
 * that the server may have though it said nothing), `visits <round> <household>` ([{at, place}] where nobody was in),
 * between (households that no round asks for), supports (what can be and was given), pass (of hello).
 */
export class Store extends Settings {
  #sealing
  #seqs = new Map() // draft → the last number of its journal, as far as this tab knows

  /** `ring` and `key` as in Sealing. Without a ring nobody has chosen a PIN yet: the database of schema 1. */
  constructor(account, ring = null, key = null) {
    super(new Database(`so-ho-${account}`, ring ? SCHEMA : 1, makeStores))
    this.#sealing = new Sealing(ring, key)
  }

  /** Is there a ring, and nobody who opened it? */
  get isLocked() {
    return this.#sealing.isLocked
  }

  async #everyOf(name) {
    const rows = await this.database.read([name], (stores) => ask(stores[name].getAll()))
    return Promise.all(rows.map((row) => this.#sealing.legible(name, row)))
  }

  async #one(name, key) {
    return this.#sealing.opened(name, await this.database.read([name], (stores) => ask(stores[name].get(key))))
  }

  /** Puts `change(row)` in the place of a row, unless that is null; another's change in between is never undone. */
  async #replace(name, key, change) {
    for (;;) {
      const before = await this.database.read([name], (stores) => ask(stores[name].get(key)))
      const changed = before && change(await this.#sealing.opened(name, before))
      if (!changed) return
      const row = await this.#sealing.sealed(name, changed)
      const isDone = await this.database.write([name], async (stores) => {
        if (mark(await ask(stores[name].get(key))) !== mark(before)) return false
        stores[name].put(row)
        return true
      })
      if (isDone) return
    }
  }

  /** `relieve()` makes room for what is small (shell/storage.lazy.js), and says whether it did. */
  static relievedBy(relieve) {
    Database.relieve = relieve
  }

  /**
   * @template {string} Key
   * @param {Key} key
   * @returns {Promise<Kept<Key>>}
   */
  async get(key) {
    return this.#sealing.openedValue(key, await super.get(key))
  }

  async set(key, value) {
    return super.set(key, await this.#sealing.sealedValue(key, value))
  }

  /**
   * Seals what an earlier release kept in plain; does nothing the next time. May be cut off anywhere: what is not
   * sealed yet is still there in plain. `report({done, total})` counts rows.
   * @param {(count: { done: number, total: number }) => void} report
   */
  async sealAll(report = () => {}) {
    await keepAsToday(this)
    if (await this.get("sealed")) return
    await this.#sealing.sealRows(this.database, report)
    const saved = await this.database.read(["meta"], ({ meta }) => ask(meta.getAllKeys()))
    for (const key of saved.filter(isHidden)) await this.set(key, await this.get(key))
    await this.set("sealed", true)
  }

  // Questionnaires

  /**
   * The bundle of a form version, or undefined.
   * @param {string} id
   * @param {string} version
   * @returns {Promise<Bundle | undefined>}
   */
  form(id, version) {
    return this.database.read(["forms"], ({ forms }) => ask(forms.get([id, version])))
  }

  /** @param {Bundle} bundle */
  saveForm(bundle) {
    return this.database.write(["forms"], ({ forms }) => void forms.put(bundle))
  }

  // The register

  /** One chunk of the register with its cursor: both are kept, or neither. */
  async commitChunk({ entries, cursor, generation }) {
    const keyed = (entry) =>
      this.#sealing.sealed("households", { ...entry, gone: false, key: fold(`${entry.head_name} ${entry.code}`) })
    const rows = await Promise.all(entries.map((entry) => (entry.gone ? entry : keyed(entry))))
    return this.database.write(["households", "meta"], async ({ households, meta }) => {
      for (const row of rows) {
        const known = await ask(households.get([row.round_id, row.household_id]))
        if (known && known.change > row.change) continue
        if (!row.gone) households.put(row)
        else if (known) households.put({ ...known, gone: true, change: row.change })
      }
      meta.put(cursor, "cursor")
      meta.put(generation, "generation")
    })
  }

  /**
   * Every register entry, also those that are gone; each with `key`, the folded search key. Damaged ones come anew.
   * @returns {Promise<Household[]>}
   */
  async households() {
    const rows = await this.#everyOf("households")
    const good = rows.filter((row) => !row.damaged)
    if (good.length < rows.length) await this.database.write(["meta"], ({ meta }) => void meta.delete("cursor"))
    return good
  }

  /** @returns {Promise<Household | undefined>} */
  household(roundId, householdId) {
    return this.#one("households", [roundId, householdId])
  }

  /**
   * A list as the server gave it last, with the mark by which it knows it: "between" or "supports" of meta; null where
   * there is none. What the disk spoilt comes anew.
   * @param {"between" | "supports"} key
   */
  async list(key) {
    const kept = await this.get(key).catch((error) => {
      if (error.name !== "OperationError") throw error
    })
    return kept ?? null
  }

  // Interviews in progress

  /**
   * Keeps a new draft {id, round_id, household_id, form, start, …} and returns it; when an open draft of the same
   * household and round exists already (another tab, a double tap), returns that one instead.
   * @param {Omit<Draft, "state" | "visited">} draft
   * @returns {Promise<Draft>}
   */
  async openDraft(draft) {
    const made = await this.#sealing.sealed("drafts", { ...draft, state: "open", visited: [] })
    const kept = await this.database.write(["drafts"], async ({ drafts }) => {
      const same = (await ask(drafts.getAll())).find(
        (one) => one.state === "open" && one.household_id === draft.household_id && one.round_id === draft.round_id,
      )
      if (!same) drafts.add(made)
      return same ?? made
    })
    return this.#sealing.opened("drafts", kept)
  }

  /** @returns {Promise<Draft[]>} */
  drafts() {
    return this.#everyOf("drafts")
  }

  /**
   * {draft, events} with the events in order, or null; the draft is `damaged` when it or an event cannot be read.
   * @param {string} id
   * @returns {Promise<{ draft: Draft, events: Step[] } | null>}
   */
  async draft(id) {
    const { kept, rows } = await this.database.read(["drafts", "journal"], async ({ drafts, journal }) => ({
      kept: await ask(drafts.get(id)),
      rows: await ask(journal.getAll(everythingOf(id))),
    }))
    this.#seqs.set(id, rows.at(-1)?.seq ?? 0)
    if (!kept) return null
    const [draft, ...found] = await Promise.all([
      this.#sealing.legible("drafts", kept),
      ...rows.map((row) => this.#sealing.legible("journal", row)),
    ])
    const good = found.filter((row) => !row.damaged)
    return { draft: good.length < found.length ? { ...draft, damaged: true } : draft, events: eventsOf(good) }
  }

  async #events(rows) {
    return eventsOf(await Promise.all(rows.map((row) => this.#sealing.opened("journal", row))))
  }

  /**
   * Appends events [{op, path, value, at}] to a draft's journal. Throws DraftClosed when the draft was finalised
   * meanwhile.
   * @param {string} id
   * @param {Step[]} events
   */
  append(id, events) {
    return this.#append(id, events, ["drafts", "journal"])
  }

  /**
   * Sealed, all of `events` are one row. Its number is part of its seal and must be known before: where another tab
   * took it first, it is sealed again under the next. `work(stores, draft)` belongs to the same transaction.
   * @param {string} id
   * @param {any[]} events
   * @param {string[]} names
   * @param {(stores: any, draft: Draft) => any} work
   */
  async #append(id, events, names, work = () => {}) {
    for (let isDone = false; !isDone; ) {
      const last = this.#seqs.get(id) ?? 0
      const rows = this.#sealing.isOn
        ? [await this.#sealing.sealed("journal", { draft: id, seq: last + 1, events })]
        : events.map((event, place) => ({ ...event, draft: id, seq: last + 1 + place }))
      const found = await this.database.write(names, async (stores) => {
        const draft = await ask(stores.drafts.get(id))
        if (draft?.state !== "open") throw new DraftClosed(id)
        const now = await lastSeq(stores.journal, id)
        if (now === last) {
          for (const row of rows) stores.journal.add(row)
          await work(stores, draft)
        }
        return now
      })
      isDone = found === last
      this.#seqs.set(id, isDone ? last + rows.length : found)
    }
  }

  /** Remembers that a section's screen was seen, and the name by which the list shows the draft. */
  visit(id, path, name) {
    return this.#replace("drafts", id, (draft) => {
      if (draft.state !== "open" || (draft.visited.includes(path) && draft.name === name)) return null
      return { ...draft, name, visited: [...new Set([...draft.visited, path])] }
    })
  }

  /**
   * A draft begun by mistake: never shown or sent again, its files are removed. Its journal stays, this step at its
   * end. Throws DraftClosed.
   */
  discard(id, at) {
    return this.#append(id, [{ op: "discard", at }], NAMING, (stores, draft) =>
      this.#close(stores, { ...draft, state: "discarded" }),
    )
  }

  /** The draft is over: files of answers that were given anew go. */
  async #close(stores, draft) {
    stores.drafts.put(draft)
    const hashes = await namedBy(stores, draft)
    await dropUnnamed(stores, hashes, await everMentioned(stores, hashes))
  }

  // The outbox: {id, draft_id, name, entry, content_hash, state: "waiting"|"received", missing, result, receipt,
  // verified, problem, carried_at?}; `missing` are the hashes of files that the server has not acknowledged.

  /**
   * Draft → outbox, in one step; files of answers that were given anew go. Throws DraftClosed when it was finalised
   * already.
   * @param {string} draftId
   * @param {Finished} item
   */
  async finalise(draftId, item) {
    const missing = item.entry.files.map((file) => file.sha256)
    const row = await this.#sealing.sealed("outbox", {
      ...item,
      state: "waiting",
      missing,
      problem: null,
      receipt: null,
      result: null,
    })
    return this.database.write(NAMING, async (stores) => {
      const draft = await ask(stores.drafts.get(draftId))
      if (draft?.state !== "open") throw new DraftClosed(draftId)
      stores.outbox.add(row)
      await this.#close(stores, { ...draft, state: "finalised", entry_id: item.id })
    })
  }

  /**
   * Why a household has no interview, or what is proposed of it → outbox: there is no draft of it, `draft_id` is its
   * own id.
   * @param {any} item Finished, with an OutcomeEntry or a ProposalEntry
   */
  async say(item) {
    const missing = item.entry.files.map((file) => file.sha256)
    const fresh = { state: "waiting", missing, problem: null, receipt: null, result: null }
    const row = await this.#sealing.sealed("outbox", { ...item, ...fresh })
    return this.database.write(["outbox"], ({ outbox }) => void outbox.add(row))
  }

  /**
   * A damaged one is known by its ids only: it cannot be sent, and says so as its problem.
   * @returns {Promise<Outgoing[]>}
   */
  async outbox() {
    return (await this.#everyOf("outbox")).map(known)
  }

  /** @returns {Promise<Outgoing | undefined>} */
  async sent(id) {
    const row = await this.database.read(["outbox"], ({ outbox }) => ask(outbox.get(id)))
    return row && known(await this.#sealing.legible("outbox", row))
  }

  #changeOutbox(id, change) {
    return this.database.write(["outbox"], async ({ outbox }) => {
      const item = await ask(outbox.get(id))
      if (item) outbox.put({ ...item, ...change })
    })
  }

  /**
   * The server has it for good: `result` is one of push's results, its receipt compared.
   * @param {string} id
   * @param {PushResult} result
   * @param {boolean | null} verified
   */
  received(id, result, verified) {
    const { receipt, missing_files: missing, ...rest } = result
    return this.#changeOutbox(id, { state: "received", missing, result: rest, receipt, verified, problem: null })
  }

  /** These entries left the phone sealed, in a file or as codes: no word of the server's yet, they stay unsent. */
  carried(ids, at) {
    return this.database.write(["outbox"], async ({ outbox }) => {
      for (const id of ids) {
        const item = await ask(outbox.get(id))
        if (item) outbox.put({ ...item, carried_at: at })
      }
    })
  }

  /** The entry was refused or answered wrongly: it stays, with the reason {code, title, next}. */
  refused(id, problem) {
    return this.#changeOutbox(id, { problem })
  }

  // Files of answers and of questionnaires: {sha256, blob, size, type, name?, receipt, problem}

  async saveFile(file) {
    const row = await this.#sealing.sealed("files", { ...file, receipt: null, problem: null })
    return this.database.write(["files"], async ({ files }) => {
      const kept = await ask(files.get(file.sha256))
      if (!kept || kept.freed) files.put({ ...row, receipt: kept?.receipt ?? null })
    })
  }

  /**
   * Lets go of the bytes of files that the server has for good, but for those of open interviews; their receipts stay.
   * → {count, size}; with `isAsked` nothing is changed.
   */
  freeFiles(isAsked = false) {
    return this.database.write(NAMING, async (stores) => {
      const due = (await ask(stores.outbox.getAll()))
        .map(plainly)
        .filter((item) => !isReceived(item))
        .flatMap((item) => item.files)
      const rows = (await ask(stores.files.getAll())).filter((row) => row.receipt && !row.freed)
      const kept = new Set([
        ...due,
        ...(await everMentioned(
          stores,
          rows.map((row) => row.sha256),
        )),
      ])
      const going = rows.filter((row) => !kept.has(row.sha256))
      for (const { blob, bytes, ...row } of isAsked ? [] : going) stores.files.put({ ...row, freed: true })
      return { count: going.length, size: going.reduce((sum, row) => sum + row.size, 0) }
    })
  }

  /** Removes files that an answer no longer names, unless something else does. */
  async dropFiles(hashes) {
    for (let isDone = false; !isDone; ) {
      const seen = await this.database.read(["drafts", "journal"], (stores) => mentioning(stores, hashes))
      const answers = seen.map(
        async ({ draft, rows }) =>
          replay((await this.#sealing.opened("drafts", draft)).start, await this.#events(rows)).answers,
      )
      const named = hashesIn(await Promise.all(answers))
      const then = (found) => JSON.stringify(found.map(({ draft, rows }) => [draft.id, rows.at(-1)?.seq]))
      isDone = await this.database.write(NAMING, async (stores) => {
        if (then(await mentioning(stores, hashes)) !== then(seen)) return false
        await dropUnnamed(stores, hashes, named)
        return true
      })
    }
  }

  /** @returns {Promise<KeptFile | undefined>} */
  file(sha256) {
    return this.#one("files", sha256)
  }

  /**
   * Files that the server still lacks of entries it has, without their bytes: {sha256, commune_id, isHere} and,
   * when the file is on this phone, {size, type, problem, has_thumbnail}.
   * @returns {Promise<WaitingFile[]>}
   */
  filesWaiting() {
    return this.database.read(["files", "outbox"], async ({ files, outbox }) => {
      const named = new Map()
      for (const row of await ask(outbox.getAll())) {
        if (row.state !== "received") continue
        for (const sha256 of row.missing) named.set(sha256, { sha256, commune_id: plainly(row).commune_id })
      }
      const kept = await Promise.all([...named.keys()].map((key) => ask(files.get(key))))
      return [...named.values()].map((one, index) => {
        const { size, type, problem = null, has_thumbnail = false } = kept[index] ?? {}
        return { ...one, isHere: Boolean(kept[index]) && !kept[index].freed, size, type, problem, has_thumbnail }
      })
    })
  }

  #changeFile(sha256, change) {
    return this.database.write(["files"], async ({ files }) => {
      const file = await ask(files.get(sha256))
      if (file) files.put({ ...file, ...change })
    })
  }

  /**
   * The server has a file for good: its receipt is kept, and no entry waits for it any more.
   * @param {string} sha256
   * @param {Receipt} receipt
   */
  fileReceived(sha256, receipt) {
    return this.database.write(["files", "outbox"], async ({ files, outbox }) => {
      const file = await ask(files.get(sha256))
      if (file) files.put({ ...file, receipt, problem: null })
      for (const item of await ask(outbox.getAll())) {
        if (item.missing.includes(sha256))
          outbox.put({ ...item, missing: item.missing.filter((one) => one !== sha256) })
      }
    })
  }

  fileRefused(sha256, problem) {
    return this.#changeFile(sha256, { problem })
  }

  /** The server shows a small picture of it meanwhile. */
  thumbnailSent(sha256) {
    return this.#changeFile(sha256, { has_thumbnail: true })
  }

  // The whole

  /** The server was restored: read its register from the beginning and send again all that is kept. */
  startOver() {
    return this.database.write(["meta", "outbox"], async ({ meta, outbox }) => {
      meta.delete("cursor")
      meta.delete("generation")
      const items = await ask(outbox.getAll())
      meta.put(
        items.map((item) => item.id),
        "under_way",
      )
      for (const item of items) outbox.put({ ...item, state: "waiting" })
    })
  }

  /**
   * This phone was withdrawn: it forgets the households that no interview of its own is of, and would ask for all anew.
   */
  withdraw() {
    return this.database.write(
      ["households", "drafts", "outbox", "meta"],
      async ({ households, drafts, outbox, meta }) => {
        const own = [...(await ask(drafts.getAll())), ...(await ask(outbox.getAll())).map(plainly)]
        const kept = new Set(own.map((one) => JSON.stringify([one.round_id, one.household_id])))
        for (const key of await ask(households.getAllKeys())) if (!kept.has(JSON.stringify(key))) households.delete(key)
        for (const key of ["cursor", "between", "supports"]) meta.delete(key)
      },
    )
  }

  /** Asks again to send what was refused: somebody tapped, or a new release may know better. */
  forgiveRefusals() {
    return this.database.write(["outbox", "files"], async ({ outbox, files }) => {
      const items = await ask(outbox.getAll())
      for (const item of items) if (item.problem) outbox.put({ ...item, problem: null })
      for (const sha256 of new Set(items.flatMap((item) => item.missing))) {
        const file = await ask(files.get(sha256))
        if (file?.problem) files.put({ ...file, problem: null })
      }
    })
  }

  /** {saved, open, unsent, received}: `saved` is every interview kept here; `received` only with all its files. */
  counts() {
    return this.database.read(["drafts", "outbox"], async ({ drafts, outbox }) => {
      const open = (await ask(drafts.getAll())).filter((draft) => draft.state === "open").length
      const items = await ask(outbox.getAll())
      const received = items.filter(isReceived).length
      return { saved: open + items.length, open, unsent: items.length - received, received }
    })
  }

  /**
   * What only this phone has, by ids alone: {held: [{id, household_id, open?, photos?}], known: every id that is kept
   * here}. `photos`: the server has the entry and lacks a file of it.
   */
  held() {
    return this.database.read(["drafts", "outbox"], async ({ drafts, outbox }) => {
      const begun = await ask(drafts.getAll())
      const items = (await ask(outbox.getAll())).map(plainly)
      const open = begun
        .filter((draft) => draft.state === "open")
        .map(({ id, household_id }) => ({ id, household_id, open: true }))
      const unsent = items
        .filter((item) => !isReceived(item))
        .map(({ id, household_id, state }) => ({ id, household_id, ...(state === "received" && { photos: true }) }))
      return { held: [...unsent, ...open], known: new Set([...begun, ...items].map(({ id }) => id)) }
    })
  }

  /**
   * Forgets sent interviews of closed rounds: only those with a receipt, whose files have receipts too.
   * Their drafts, journals, files and register entries go in the same transaction. What was sent of no round goes with
   * the first that began since.
   * @param {Round[]} rounds
   */
  forgetRounds(rounds) {
    const closed = rounds.map(({ id }) => id)
    const begun = Math.max(...rounds.map(({ opens_on: day }) => Date.parse(day)))
    const isOver = ({ id, round_id: round }) => (round ? closed.includes(round) : madeAt(id) < begun)
    const names = ["drafts", "journal", "outbox", "files", "households", "meta"]
    return this.database.write(names, async ({ drafts, journal, outbox, files, households, meta }) => {
      for (const id of closed) meta.delete(between(`visits ${id} `, `visits ${id} ~`))
      const items = (await ask(outbox.getAll())).map(plainly)
      const kept = new Set()
      const going = []
      for (const item of items) {
        if (item.receipt && isReceived(item) && isOver(item)) going.push(item)
        else for (const hash of item.files) kept.add(hash)
      }
      for (const item of going) {
        outbox.delete(item.id)
        drafts.delete(item.draft_id)
        journal.delete(everythingOf(item.draft_id))
        if (item.round_id) households.delete([item.round_id, item.household_id])
        for (const hash of item.files) if (!kept.has(hash)) files.delete(hash)
      }
    })
  }
}
