// Sealing what leaves the phone without network (docs/exchange.md, so-ho-bundle-1): only the server that gave the
// escrow key can open it, and any change, cut or addition is found. WebCrypto because of that; nothing here is ever
// opened again on a phone. The parts go through one after another: a bundle of many photos never stands in memory as a
// whole.

import { base64Of, bytesOf } from "../bytes.js"
import { canonical } from "../canonical.js"

const FORMAT = "so-ho-bundle-1"
const CHUNK = 256 * 1024 // bytes of what is sealed at once
const FOLD = 4 * 1024 * 1024 // so much is handed to the browser, which keeps it outside of the page's memory

const utf8 = (text) => new TextEncoder().encode(text)

/** Each chunk's own number, and 1 for the last one: chunks can be neither swapped nor left out (STREAM). */
function nonceOf(number, isLast) {
  const nonce = new Uint8Array(12)
  new DataView(nonce.buffer).setUint32(7, number)
  nonce[11] = isLast ? 1 : 0
  return nonce
}

/**
 * The stream's bytes in pieces of exactly CHUNK, the last one shorter: [piece, isLast].
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} stream
 * @returns {AsyncGenerator<[Uint8Array<ArrayBuffer>, boolean]>}
 */
async function* pieces(stream) {
  const reader = stream.getReader()
  const held = new Uint8Array(CHUNK)
  let filled = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    for (let at = 0; at < value.length; ) {
      if (filled === CHUNK) {
        yield [held, false]
        filled = 0
      }
      const part = value.subarray(at, at + CHUNK - filled)
      held.set(part, filled)
      filled += part.length
      at += part.length
    }
  }
  yield [held.subarray(0, filled), true]
}

const streamOf = (parts) =>
  new ReadableStream({
    async pull(controller) {
      const { done, value } = await parts.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })

/**
 * Seals `parts` (an async iterator of Uint8Array) for the holder of `escrow` ({id, key: SPKI in base64}).
 * `header` says openly what the carrier may read: nothing of a household. → Blob
 */
export async function seal(header, parts, escrow) {
  const { subtle } = crypto
  const office = await subtle.importKey("spki", bytesOf(escrow.key), { name: "RSA-OAEP", hash: "SHA-256" }, false, [
    "encrypt",
  ])
  const key = await subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"])
  const wrapped = await subtle.encrypt(
    { name: "RSA-OAEP", label: utf8("so-ho bundle") },
    office,
    await subtle.exportKey("raw", key),
  )
  const said = { ...header, escrow: escrow.id, key: base64Of(new Uint8Array(wrapped)) }
  const head = utf8(`${FORMAT}\n${canonical(said)}\n`)
  const packed = streamOf(parts).pipeThrough(new CompressionStream("gzip"))
  const folded = []
  /** @type {BlobPart[]} */
  let loose = [head]
  let size = 0
  let number = 0
  for await (const [piece, isLast] of pieces(packed)) {
    const how = { name: "AES-GCM", iv: nonceOf(number++, isLast), additionalData: head }
    loose.push(await subtle.encrypt(how, key, piece))
    size += piece.length
    if (size < FOLD) continue
    folded.push(new Blob(loose))
    loose = []
    size = 0
  }
  return new Blob([...folded, ...loose], { type: "application/octet-stream" })
}
