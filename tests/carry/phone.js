// The phone's half of the exchange, for the tests of the server: one order as JSON on standard input, one answer out.
// What a phone keeps is handed in; the real store is met in tests/phone/test_carry.py.

import { readFileSync } from "node:fs"

import { CannotCarry, bundleOf, codesOf, takeReceipts } from "../../static/app/carry/carry.lazy.js"
import { Gathering, framesOf } from "../../static/app/carry/frames.lazy.js"
import { letters, qr } from "../../static/app/carry/qr.lazy.js"
import { contentHash } from "../../static/app/canonical.js"

const now = new Date("2026-11-23T01:55:00.000Z")
const bytesOf = (base64) => Uint8Array.from(Buffer.from(base64, "base64"))
const base64Of = (bytes) => Buffer.from(bytes).toString("base64")

class Kept {
  constructor({ hello, entries, files = {}, generation }) {
    this.meta = { hello, generation }
    this.items = new Map()
    this.files = new Map(
      Object.entries(files).map(([hash, { data, type }]) => [
        hash,
        { sha256: hash, type, blob: new Blob([bytesOf(data)]) },
      ]),
    )
    this.entries = entries
  }

  async filled() {
    for (const entry of this.entries) {
      const missing = entry.files.map(({ sha256 }) => sha256)
      this.items.set(entry.id, {
        id: entry.id,
        entry,
        content_hash: await contentHash(entry),
        state: "waiting",
        missing,
      })
    }
    return this
  }

  get = async (key) => this.meta[key]
  outbox = async () => [...this.items.values()]
  sent = async (id) => this.items.get(id)
  file = async (hash) => this.files.get(hash)

  async received(id, { missing_files: missing, receipt }, verified) {
    this.items.set(id, { ...this.items.get(id), state: "received", missing, receipt, verified })
  }

  async fileReceived(hash, receipt) {
    this.files.get(hash).receipt = receipt
    for (const item of this.items.values()) item.missing = item.missing.filter((one) => one !== hash)
  }
}

// As Chrome before 137: its WebCrypto knows no Ed25519.
function forgetEd25519() {
  const { importKey } = crypto.subtle
  crypto.subtle.importKey = function (format, key, how, ...more) {
    if (how.name === "Ed25519") return Promise.reject(new DOMException("unknown", "NotSupportedError"))
    return importKey.call(this, format, key, how, ...more)
  }
}

const orders = {
  async bundle(order) {
    const store = await new Kept(order).filled()
    const blob = await bundleOf(store, await store.outbox(), order.device, now)
    return { bundle: base64Of(await blob.arrayBuffer()) }
  },

  async codes(order) {
    const store = await new Kept(order).filled()
    const { frames, items } = await codesOf(store, await store.outbox(), order.device, now, letters(15))
    return { frames, items: items.map(({ id }) => id) }
  },

  async take(order) {
    const store = await new Kept(order).filled()
    if (order.isOldBrowser) forgetEd25519()
    const taken = []
    for (const receipts of order.receipts) {
      try {
        taken.push(await takeReceipts(store, bytesOf(receipts)))
      } catch (error) {
        if (!(error instanceof CannotCarry)) throw error
        taken.push(error.code)
      }
    }
    const items = [...store.items.values()].map(({ id, state, missing, verified }) => ({
      id,
      state,
      missing,
      verified: verified ?? null,
    }))
    return { taken, items }
  },

  async gather({ kind, lines }) {
    const gathered = new Gathering(kind)
    const said = lines.map((line) => gathered.add(line))
    const bytes = await gathered.bytes()
    return { said, missing: gathered.missing, bytes: bytes && base64Of(bytes) }
  },

  frames: async ({ kind, bytes, size }) => ({ frames: await framesOf(kind, bytesOf(bytes), size) }),

  qr: async ({ codes }) => codes.map(([text, how]) => qr(text, how).map((row) => Array.from(row).join(""))),

  letters: async () =>
    Object.fromEntries(
      ["L", "M"].map((level) => [level, Array.from({ length: 20 }, (_, at) => letters(at + 1, level))]),
    ),
}

const order = JSON.parse(readFileSync(0, "utf8"))
process.stdout.write(JSON.stringify(await orders[order.do](order)))
