// Finished interviews leave this phone by hand, and their receipts come back by hand (docs/exchange.md). Nothing is
// deleted here, and nothing counts as received before a receipt of the server's own says so.

import { bytesOf } from "../bytes.js"
import { canonical, sha256 } from "../canonical.js"
import { isSigned } from "../sync/receipt.js"
import { bundlePass } from "../store/greeting.js"
import { isReceived } from "../store/store.js"
import { speaksOf } from "../sync/reply.js"
import { seal } from "./sealed.lazy.js"
import { verifies } from "../engine/ed25519.lazy.js"
import { BUNDLE, framesOf } from "./frames.lazy.js"
import { isIntroduced } from "../sync/keys.lazy.js"

const RECEIPTS_FORMAT = "so-ho-receipts-1"
const MOST_RECEIPTS = 16 * 1024 * 1024 // bytes of a file of receipts, unpacked
export const MOST_CODES = 60 // at two a second half a minute: who holds the phone loses patience then

const utf8 = (text) => new TextEncoder().encode(text)
const line = (value) => utf8(`${canonical(value)}\n`)

/** Why nothing can be sealed or taken over: `code` names a sentence on the page. */
export class CannotCarry extends Error {
  constructor(code) {
    super(code)
    this.code = code
  }
}

/** What the server has not acknowledged whole, oldest first. */
export async function toCarry(store) {
  const items = (await store.outbox()).filter((item) => !isReceived(item) && !item.damaged)
  return items.sort((one, other) => (one.id < other.id ? -1 : 1))
}

/** The bundle's inside: who vouches for it, each entry, then each file's bytes behind its line. */
async function* partsOf(store, items, pass, hasFiles) {
  yield line({ pass: pass ?? null })
  for (const { entry } of items) yield line({ entries: [entry] }) // each like a push of one
  const carried = new Set()
  for (const { entry, missing } of hasFiles ? items : []) {
    for (const hash of missing) {
      const file = carried.has(hash) ? null : await store.file(hash)
      carried.add(hash)
      if (!file?.blob) continue // was given up or lost: the server will say that it waits for it
      yield line({ file: { sha256: hash, size: file.blob.size, type: file.type, commune_id: entry.commune_id } })
      const reader = file.blob.stream().getReader()
      for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value
    }
  }
}

/**
 * The sealed bundle of `items` as a Blob. Throws CannotCarry("no_key") when this phone never heard the server's key.
 */
export async function bundleOf(store, items, device, now, { hasFiles = true } = {}) {
  const hello = await store.get("hello")
  if (!hello?.escrow) throw new CannotCarry("no_key")
  const header = {
    account: hello.account.id,
    device,
    made_at: now.toISOString(),
    generation: hello.generation,
    entries: items.length,
  }
  return seal(header, partsOf(store, items, await bundlePass(store), hasFiles), hello.escrow)
}

/** As many of `items` as a sequence of codes of `size` letters carries, without files: {frames, items}. */
export async function codesOf(store, items, device, now, size) {
  for (let taken = items; taken.length; taken = taken.slice(0, Math.floor(taken.length / 2))) {
    const blob = await bundleOf(store, taken, device, now, { hasFiles: false })
    const bytes = new Uint8Array(await blob.arrayBuffer())
    if ((bytes.length * 8) / 5 > size * MOST_CODES) continue
    const frames = await framesOf(BUNDLE, bytes, size)
    if (frames.length <= MOST_CODES) return { frames, items: taken }
  }
  throw new CannotCarry("too_much")
}

/** "so-ho-20261123-3f9c1a.shb": whose phone, not which household. `device` is its id. */
export const nameOf = (device, now) =>
  `so-ho-${now.toISOString().slice(0, 10).replaceAll("-", "")}-${device.slice(-6)}.shb`

async function unpacked(bytes) {
  if (bytes[0] !== 0x1f) return bytes
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")).getReader()
  const parts = []
  let size = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length
    if (size > MOST_RECEIPTS) throw new CannotCarry("not_receipts")
    parts.push(part.value)
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}

async function readReceipts(bytes) {
  try {
    const said = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await unpacked(bytes)))
    if (said.format !== RECEIPTS_FORMAT || !Array.isArray(said.content.results) || !Array.isArray(said.content.files))
      throw new TypeError("shape")
    const keys = said.keys.map(({ statement: body, signed: signature }) => ({ body, signature }))
    return { content: said.content, statement: { body: said.statement, signature: said.signed }, key: said.key, keys }
  } catch {
    throw new CannotCarry("not_receipts")
  }
}

/** Is it signed by `key`? Also on a browser whose WebCrypto cannot say. */
async function isOurs(receipt, key) {
  try {
    return (
      (await isSigned(receipt, key)) ?? (await verifies(bytesOf(receipt.signature), utf8(receipt.body), bytesOf(key)))
    )
  } catch {
    return false // no base64
  }
}

/**
 * Takes over a file of receipts (its bytes, packed or not): each is compared with what lies here and its signature
 * checked. → {received, known, others}: entries that count as received now, that did before, that are not of this
 * phone. Throws CannotCarry: not_receipts · forged · stale (older than this phone's last talk with a server since
 * restored).
 */
export async function takeReceipts(store, bytes) {
  const hello = await store.get("hello")
  const { content, statement, key, keys } = await readReceipts(bytes)
  const isTrusted = await isIntroduced(hello.receipt_key, key, keys, isOurs)
  if (
    !isTrusted ||
    !(await isOurs(statement, key)) ||
    !speaksOf(statement, { content: await sha256(canonical(content)), format: RECEIPTS_FORMAT })
  )
    throw new CannotCarry("forged")
  const { generation, server_time: at } = JSON.parse(statement.body)
  const known = (await store.get("generation")) ?? hello.generation
  if (generation !== known && at <= hello.server_time) throw new CannotCarry("stale")

  const counts = { received: 0, known: 0, others: 0 }
  for (const result of content.results) {
    const item = typeof result.id === "string" ? await store.sent(result.id) : null
    const isKnown = item && speaksOf(result.receipt, { entry_id: item.id, content_hash: item.content_hash })
    if (!isKnown || !(await isOurs(result.receipt, key))) counts.others++
    else if (isReceived(item)) counts.known++
    else {
      const missing = item.missing.filter((hash) => result.missing_files.includes(hash))
      await store.received(item.id, { ...result, missing_files: missing }, true)
      counts.received++
    }
  }
  for (const { receipt } of content.files) {
    const hash = JSON.parse(receipt.body).sha256
    if ((await store.file(hash)) && (await isOurs(receipt, key))) await store.fileReceived(hash, receipt)
  }
  return counts
}
