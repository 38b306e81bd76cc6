// How rows lie on the disk: what transactions decide by stands in plain (PLAIN), everything else in a box beside it
// (vault.js). Sealing takes time, and a transaction that waits for it ends: so rows are sealed before a transaction and
// opened after it.

import { hashesIn } from "../engine/answers.js"
import { seal, unseal } from "../vault/vault.js"
import { ask, between } from "./database.js"

// What of a row stands in plain: ids, states, counts, hashes, receipts. Whatever is not named here is sealed.
const PLAIN = {
  households: ["round_id", "household_id", "change", "gone"],
  drafts: ["id", "round_id", "household_id", "form", "state", "entry_id", "started_at", "files"],
  journal: ["draft", "seq", "files"],
  outbox: [
    "id",
    "draft_id",
    "round_id",
    "household_id",
    "commune_id",
    "files",
    "content_hash",
    "state",
    "missing",
    "result",
    "receipt",
    "verified",
    "problem",
    "carried_at",
  ],
  files: ["sha256", "size", "type", "receipt", "problem", "has_thumbnail", "freed"],
}
const SEALED = Object.keys(PLAIN)
// Of meta: what names a household, what vouches for the account, and what shows that the vault is open.
const HIDDEN = ["missed", "between", "supports", "pass", "proof"]
export const isHidden = (key) => ["last_saved ", "visits "].some((one) => key.startsWith(one)) || HIDDEN.includes(key)
const AT_ONCE = 100 // rows sealed in one step of a migration; files one by one
const bytesOf = (value) => new TextEncoder().encode(JSON.stringify(value))
const valueOf = (bytes) => JSON.parse(new TextDecoder().decode(bytes))

const keyOf = {
  households: (row) => [row.round_id, row.household_id],
  drafts: (row) => row.id,
  journal: (row) => [row.draft, row.seq],
  outbox: (row) => row.id,
  files: (row) => row.sha256,
}

// What a sealed row must still say in plain.
const shown = {
  drafts: ({ start }) => ({ files: hashesIn(start) }),
  journal: (row) => ({ files: hashesIn(row) }),
  outbox: ({ entry }) => ({
    round_id: entry.round_id,
    household_id: entry.household_id,
    commune_id: entry.commune_id,
    files: entry.files.map((file) => file.sha256),
  }),
}

/** A row of the outbox by what it says in plain, sealed or not. */
export const plainly = (row) => (row.sealed ? row : { ...row, ...shown.outbox(row) })

/** A damaged row of the outbox with what stands for its entry: what the server has not can only be asked again. */
export function known(row) {
  if (!row.damaged) return row
  const { id, round_id, household_id, commune_id, state } = row
  const problem = state === "received" ? row.problem : { code: "damaged" }
  return { ...row, name: "", code: "", entry: { id, round_id, household_id, commune_id, files: [] }, problem }
}

/** The same row still? A box is told by its IV, which no two have in common. */
export const mark = (row) => JSON.stringify(row && { ...row, sealed: row.sealed && [...row.sealed.subarray(0, 12)] })

/** The vault is locked: what is sealed cannot be read or written, nothing was changed. */
export class Locked extends Error {}

/**
 * With a ring and the key that it gave (vault.js) everything is sealed; with a ring alone only what is plain can be
 * read. Without a ring nobody has chosen a PIN yet: everything is plain.
 */
export class Sealing {
  #ring
  #key

  constructor(ring, key) {
    this.#ring = ring
    this.#key = key
  }

  /** Is there a ring, so that rows are sealed? */
  get isOn() {
    return Boolean(this.#ring)
  }

  /** Is there a ring, and nobody who opened it? */
  get isLocked() {
    return Boolean(this.#ring && !this.#key)
  }

  #label(name, key) {
    if (!this.#key) throw new Locked()
    return `${this.#ring.id} ${name} ${JSON.stringify(key)}`
  }

  async #box(name, key, value) {
    return seal(this.#key, this.#label(name, key), bytesOf(value))
  }

  async #unbox(name, key, box) {
    return valueOf(await unseal(this.#key, this.#label(name, key), box))
  }

  /** A row as it is put down. */
  async sealed(name, row) {
    if (!this.#ring) return row
    const whole = { ...row, ...shown[name]?.(row) }
    const plain = Object.fromEntries(
      PLAIN[name].filter((field) => field in whole).map((field) => [field, whole[field]]),
    )
    const { blob, ...hidden } = Object.fromEntries(Object.entries(row).filter(([field]) => !(field in plain)))
    const key = keyOf[name](row)
    const bytes = blob && {
      bytes: new Blob([await seal(this.#key, this.#label("bytes", key), await blob.arrayBuffer())]),
    }
    return { ...plain, ...bytes, sealed: await this.#box(name, key, hidden) }
  }

  /** A row as it was before it was put down; undefined stays so. */
  async opened(name, row) {
    if (!row?.sealed) return row
    const { sealed, bytes, ...plain } = row
    const key = keyOf[name](row)
    const blob = bytes && { blob: await this.#blob(key, bytes, row.type) }
    return { ...(await this.#unbox(name, key, sealed)), ...blob, ...plain }
  }

  // Bytes that the disk spoilt open as an empty file: its hash says so, and the row and its receipt remain.
  async #blob(key, bytes, type) {
    const label = this.#label("bytes", key)
    const box = new Uint8Array(await bytes.arrayBuffer())
    return new Blob([await unseal(this.#key, label, box).catch(() => "")], { type })
  }

  /** A row that the disk spoilt is what of it is plain, and `damaged`: it takes none of the others with it. */
  async legible(name, row) {
    try {
      return await this.opened(name, row)
    } catch (error) {
      if (error.name !== "OperationError") throw error
      const { sealed, bytes, ...plain } = row
      return { ...plain, damaged: true }
    }
  }

  /** What is put down under a key of meta. */
  async sealedValue(key, value) {
    return this.#ring && isHidden(key) ? { sealed: await this.#box("meta", key, value) } : value
  }

  /** @returns {Promise<any>} */
  async openedValue(key, kept) {
    return kept?.sealed?.byteLength ? this.#unbox("meta", key, kept.sealed) : kept
  }

  /**
   * Seals every row that an earlier release put down in plain. May be cut off anywhere: what is not sealed yet is still
   * there in plain. `report({done, total})` counts rows.
   * @param {import("./database.js").Database} database
   * @param {(count: { done: number, total: number }) => void} report
   */
  async sealRows(database, report) {
    const keys = await database.read(SEALED, (stores) =>
      Promise.all(SEALED.map((name) => ask(stores[name].getAllKeys()))),
    )
    const total = keys.flat().length
    let done = 0
    for (const [place, name] of SEALED.entries()) {
      const size = name === "files" ? 1 : AT_ONCE
      for (let from = 0; from < keys[place].length; from += size) {
        report({ done, total })
        const some = keys[place].slice(from, from + size)
        await this.#sealSome(database, name, between(some[0], some.at(-1)))
        done += some.length
      }
    }
  }

  async #sealSome(database, name, range) {
    for (;;) {
      const rows = (await database.read([name], (stores) => ask(stores[name].getAll(range)))).filter(
        (row) => !row.sealed,
      )
      if (!rows.length) return
      const made = await Promise.all(rows.map(async (row) => this.sealed(name, await withBytes(row))))
      await database.write([name], async (stores) => {
        for (const [place, row] of rows.entries()) {
          if (mark(await ask(stores[name].get(keyOf[name](row)))) === mark(row)) stores[name].put(made[place])
        }
      })
    }
  }
}

/** Bytes that the disk lost already must not keep the others from being sealed. */
async function withBytes(row) {
  const isLost =
    row.blob &&
    !(await row.blob
      .slice(0, 1)
      .arrayBuffer()
      .catch(() => null))
  return isLost ? { ...row, blob: new Blob() } : row
}
