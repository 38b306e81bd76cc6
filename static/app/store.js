// Everything the phone keeps: IndexedDB is touched here (and in database.js) only, and every function is one whole
// transaction. Each account has a database of its own, so a second person on the phone never sees the first one's
// households; what belongs to the phone itself (its id, who is signed in) lies in a small one beside.
//
// Nothing finalised is deleted without a receipt. A draft's journal is only ever appended to.

import { hashesIn, replay } from "./answers.js"
import { Database, ask } from "./database.js"
import { fold } from "./search.js"

const everythingOf = (id) => IDBKeyRange.bound([id], [id, []])

class Settings {
  /** Small things by name: a store "meta" in `database`. */
  constructor(database) {
    this.database = database
  }

  /** The value kept under `key`, or undefined. */
  get(key) {
    return this.database.read(["meta"], ({ meta }) => ask(meta.get(key)))
  }

  set(key, value) {
    return this.database.write(["meta"], ({ meta }) => void meta.put(value, key))
  }
}

/** What belongs to the phone, whoever holds it. Keys: device_id, account (id of who is signed in), owes_sign_out. */
export class Device extends Settings {
  constructor(name = "so-ho") {
    super(new Database(name, 1, (db) => db.createObjectStore("meta")))
  }

  /** The value under `key`; the first time `make()` is kept and returned, also when two tabs ask at once. */
  once(key, make) {
    return this.database.write(["meta"], async ({ meta }) => {
      const known = await ask(meta.get(key))
      if (known !== undefined) return known
      const made = make()
      meta.put(made, key)
      return made
    })
  }
}

function makeStores(db) {
  db.createObjectStore("meta")
  db.createObjectStore("forms", { keyPath: ["id", "version"] })
  db.createObjectStore("households", { keyPath: ["round_id", "household_id"] })
  db.createObjectStore("drafts", { keyPath: "id" })
  db.createObjectStore("journal", { keyPath: ["draft", "seq"] })
  db.createObjectStore("outbox", { keyPath: "id" })
  db.createObjectStore("files", { keyPath: "sha256" })
}

/** Has the server all of it: the entry and every photo? */
export const isReceived = (item) => item.state === "received" && item.missing.length === 0

const NAMING = ["drafts", "journal", "outbox", "forms", "files"]

/** Removes those of `hashes` that no open interview, no finished entry and no questionnaire names any more. */
async function dropUnnamed({ drafts, journal, outbox, forms, files }, hashes) {
  if (!hashes.length) return
  const named = [...(await ask(outbox.getAll())).map(({ entry }) => entry.files), ...(await ask(forms.getAll())).map((form) => form.files)]
  for (const draft of await ask(drafts.getAll())) {
    if (draft.state === "open") named.push(replay(draft.start, await ask(journal.getAll(everythingOf(draft.id)))).answers)
  }
  const kept = new Set(hashesIn(named))
  for (const hash of new Set(hashes)) if (!kept.has(hash)) files.delete(hash)
}

/** Every file that a draft ever named. */
const namedBy = async ({ journal }, draft) => hashesIn([draft.start, await ask(journal.getAll(everythingOf(draft.id)))])

export class DraftClosed extends Error {}

/** What one account keeps on this phone. Keys of its meta: hello, cursor, generation, synced_at, clock_skew (seconds
 * that this phone is ahead of the server). */
export class Store extends Settings {
  constructor(account) {
    super(new Database(`so-ho-${account}`, 1, makeStores))
  }

  // Questionnaires

  /** The bundle of a form version, or undefined. */
  form(id, version) {
    return this.database.read(["forms"], ({ forms }) => ask(forms.get([id, version])))
  }

  saveForm(bundle) {
    return this.database.write(["forms"], ({ forms }) => void forms.put(bundle))
  }

  // The register

  /** One chunk of the register with its cursor: both are kept, or neither. */
  commitChunk({ entries, cursor, generation }) {
    return this.database.write(["households", "meta"], async ({ households, meta }) => {
      for (const entry of entries) {
        const known = await ask(households.get([entry.round_id, entry.household_id]))
        if (known && known.change > entry.change) continue
        if (entry.gone) {
          if (known) households.put({ ...known, gone: true, change: entry.change })
        } else households.put({ ...entry, gone: false, key: fold(`${entry.head_name} ${entry.code}`) })
      }
      meta.put(cursor, "cursor")
      meta.put(generation, "generation")
    })
  }

  /** Every register entry, also those that are gone; each with `key`, the folded search key. */
  households() {
    return this.database.read(["households"], ({ households }) => ask(households.getAll()))
  }

  household(roundId, householdId) {
    return this.database.read(["households"], ({ households }) => ask(households.get([roundId, householdId])))
  }

  // Interviews in progress

  /**
   * Keeps a new draft {id, round_id, household_id, form, start, …} and returns it; when an open draft of the same
   * household and round exists already (another tab, a double tap), returns that one instead.
   */
  openDraft(draft) {
    return this.database.write(["drafts"], async ({ drafts }) => {
      const same = (await ask(drafts.getAll())).find(
        (one) => one.state === "open" && one.household_id === draft.household_id && one.round_id === draft.round_id,
      )
      if (same) return same
      const made = { ...draft, state: "open", visited: [] }
      drafts.add(made)
      return made
    })
  }

  drafts() {
    return this.database.read(["drafts"], ({ drafts }) => ask(drafts.getAll()))
  }

  /** {draft, events} with the events in order, or null. */
  draft(id) {
    return this.database.read(["drafts", "journal"], async ({ drafts, journal }) => {
      const draft = await ask(drafts.get(id))
      return draft ? { draft, events: await ask(journal.getAll(everythingOf(id))) } : null
    })
  }

  /**
   * Appends events [{op, path, value, at}] to a draft's journal. The number `seq` is given inside the transaction, so
   * two tabs never take the same one. Throws DraftClosed when the draft was finalised meanwhile.
   */
  append(id, events) {
    return this.database.write(["drafts", "journal"], async ({ drafts, journal }) => {
      if ((await ask(drafts.get(id)))?.state !== "open") throw new DraftClosed(id)
      const last = await ask(journal.openKeyCursor(everythingOf(id), "prev"))
      let seq = last ? last.key[1] : 0
      for (const event of events) journal.add({ ...event, draft: id, seq: ++seq })
    })
  }

  /** Remembers that a section's screen was seen, and the name by which the list shows the draft. */
  visit(id, path, name) {
    return this.database.write(["drafts"], async ({ drafts }) => {
      const draft = await ask(drafts.get(id))
      if (!draft || draft.state !== "open") return
      if (draft.visited.includes(path) && draft.name === name) return
      drafts.put({ ...draft, name, visited: [...new Set([...draft.visited, path])] })
    })
  }

  /**
   * A draft begun by mistake: never shown or sent again, its files are removed. Its journal stays, this step at its end.
   * Throws DraftClosed.
   */
  discard(id, at) {
    return this.database.write(NAMING, async (stores) => {
      const { drafts, journal } = stores
      const draft = await ask(drafts.get(id))
      if (draft?.state !== "open") throw new DraftClosed(id)
      const last = await ask(journal.openKeyCursor(everythingOf(id), "prev"))
      drafts.put({ ...draft, state: "discarded" })
      journal.add({ op: "discard", at, draft: id, seq: (last ? last.key[1] : 0) + 1 })
      await dropUnnamed(stores, await namedBy(stores, draft))
    })
  }

  // The outbox: {id, draft_id, name, entry, content_hash, state: "waiting"|"received", missing, result, receipt,
  // verified, problem}; `missing` are the hashes of files that the server has not acknowledged.

  /** Draft → outbox, in one step; files of answers that were given anew go. Throws DraftClosed when it was finalised already. */
  finalise(draftId, item) {
    return this.database.write(NAMING, async (stores) => {
      const { drafts, outbox } = stores
      const draft = await ask(drafts.get(draftId))
      if (draft?.state !== "open") throw new DraftClosed(draftId)
      drafts.put({ ...draft, state: "finalised", entry_id: item.id })
      const missing = item.entry.files.map((file) => file.sha256)
      outbox.add({ ...item, state: "waiting", missing, problem: null, receipt: null, result: null })
      await dropUnnamed(stores, await namedBy(stores, draft))
    })
  }

  outbox() {
    return this.database.read(["outbox"], ({ outbox }) => ask(outbox.getAll()))
  }

  sent(id) {
    return this.database.read(["outbox"], ({ outbox }) => ask(outbox.get(id)))
  }

  #changeOutbox(id, change) {
    return this.database.write(["outbox"], async ({ outbox }) => {
      const item = await ask(outbox.get(id))
      if (item) outbox.put({ ...item, ...change })
    })
  }

  /** The server has it for good: `result` is one of push's results, its receipt compared. */
  received(id, result, verified) {
    const { receipt, missing_files: missing, ...rest } = result
    return this.#changeOutbox(id, { state: "received", missing, result: rest, receipt, verified, problem: null })
  }

  /** The entry was refused or answered wrongly: it stays, with the reason {code, title, next}. */
  refused(id, problem) {
    return this.#changeOutbox(id, { problem })
  }

  // Files of answers and of questionnaires: {sha256, blob, size, type, name?, receipt, problem}

  saveFile(file) {
    return this.database.write(["files"], async ({ files }) => {
      if (!(await ask(files.get(file.sha256)))) files.add({ ...file, receipt: null, problem: null })
    })
  }

  /** Removes files that an answer no longer names, unless something else does. */
  dropFiles(hashes) {
    return this.database.write(NAMING, (stores) => dropUnnamed(stores, hashes))
  }

  file(sha256) {
    return this.database.read(["files"], ({ files }) => ask(files.get(sha256)))
  }

  /** Files that the server still lacks of entries it has, each with its entry's commune. */
  filesToSend() {
    return this.database.read(["files", "outbox"], async ({ files, outbox }) => {
      const communes = new Map()
      for (const { entry, state, missing } of await ask(outbox.getAll())) {
        if (state === "received") for (const sha256 of missing) communes.set(sha256, entry.commune_id)
      }
      const found = await Promise.all([...communes.keys()].map((key) => ask(files.get(key))))
      return found.filter(Boolean).map((file) => ({ ...file, commune_id: communes.get(file.sha256) }))
    })
  }

  #changeFile(sha256, change) {
    return this.database.write(["files"], async ({ files }) => {
      const file = await ask(files.get(sha256))
      if (file) files.put({ ...file, ...change })
    })
  }

  /** The server has a file for good: its receipt is kept, and no entry waits for it any more. */
  fileReceived(sha256, receipt) {
    return this.database.write(["files", "outbox"], async ({ files, outbox }) => {
      const file = await ask(files.get(sha256))
      if (file) files.put({ ...file, receipt, problem: null })
      for (const item of await ask(outbox.getAll())) {
        if (item.missing.includes(sha256)) outbox.put({ ...item, missing: item.missing.filter((one) => one !== sha256) })
      }
    })
  }

  fileRefused(sha256, problem) {
    return this.#changeFile(sha256, { problem })
  }

  // The whole

  /** The server was restored: read its register from the beginning and send again all that is kept. */
  startOver() {
    return this.database.write(["meta", "outbox"], async ({ meta, outbox }) => {
      meta.delete("cursor")
      meta.delete("generation")
      for (const item of await ask(outbox.getAll())) outbox.put({ ...item, state: "waiting" })
    })
  }

  /** Asks again to send what was refused: somebody tapped, or a new release may know better. */
  forgiveRefusals() {
    return this.database.write(["outbox"], async ({ outbox }) => {
      for (const item of await ask(outbox.getAll())) if (item.problem) outbox.put({ ...item, problem: null })
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
   * Forgets sent interviews of closed rounds: only those with a receipt, whose files have receipts too.
   * Their drafts, journals, files and register entries go in the same transaction.
   */
  forgetRounds(closed) {
    const names = ["drafts", "journal", "outbox", "files", "households"]
    return this.database.write(names, async ({ drafts, journal, outbox, files, households }) => {
      const items = await ask(outbox.getAll())
      const kept = new Set()
      const going = []
      for (const item of items) {
        if (item.receipt && isReceived(item) && closed.includes(item.entry.round_id)) going.push(item)
        else for (const file of item.entry.files) kept.add(file.sha256)
      }
      for (const { id, entry, draft_id: draftId } of going) {
        outbox.delete(id)
        drafts.delete(draftId)
        journal.delete(everythingOf(draftId))
        households.delete([entry.round_id, entry.household_id])
        for (const file of entry.files) if (!kept.has(file.sha256)) files.delete(file.sha256)
      }
    })
  }
}
