// Bytes that travel as a sequence of short texts, each a code on a screen or a line that was typed (docs/exchange.md):
//   SHB1:<id>:<index>/<total>:<check>:<payload>
// Only letters that a code's alphanumeric mode has; capitals, no spaces: pasted, typed or read by a camera alike. Pure,
// but for the digest.

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" // RFC 4648 §6, without padding
const FRAME = /^(SH[BR]1):([A-Z2-7]{8}):([1-9]\d{0,2})\/([1-9]\d{0,2}):([0-9A-F]{8}):([A-Z2-7]+)$/

export const BUNDLE = "SHB1"
export const RECEIPTS = "SHR1"
export const MOST_FRAMES = 999

function toBase32(bytes) {
  let text = ""
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32[(held >> (bits - 5)) & 31]
    held &= (1 << bits) - 1
  }
  return bits ? text + BASE32[(held << (5 - bits)) & 31] : text
}

function fromBase32(text) {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8))
  let held = 0
  let bits = 0
  let at = 0
  for (const letter of text) {
    held = (held << 5) | BASE32.indexOf(letter)
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = held >> bits
    held &= (1 << bits) - 1
  }
  return bytes
}

/** CRC-32 (ISO 3309) of ASCII text, eight hexadecimal digits. */
function crc32(text) {
  let crc = -1
  for (let at = 0; at < text.length; at++) {
    crc ^= text.charCodeAt(at)
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (~crc >>> 0).toString(16).toUpperCase().padStart(8, "0")
}

const idOf = async (bytes) => toBase32(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).slice(0, 5))

/** `bytes` as texts of at most `size` letters. Throws RangeError when they would be too many. */
export async function framesOf(kind, bytes, size) {
  const id = await idOf(bytes)
  const room = size - "SHB1:::/::".length - 8 - 6 - 8
  const text = toBase32(bytes)
  const total = Math.max(1, Math.ceil(text.length / room))
  if (total > MOST_FRAMES) throw new RangeError("too much for codes")
  return Array.from({ length: total }, (_, at) => {
    const [place, payload] = [`${at + 1}/${total}`, text.slice(at * room, (at + 1) * room)]
    return [kind, id, place, crc32(`${kind}:${id}:${place}:${payload}`), payload].join(":")
  })
}

/** Gathers frames in any order, each as often as it comes. A frame of another sequence begins anew. */
export class Gathering {
  #kind
  /** @type {string | null} */
  #id = null
  #payloads = new Map()
  total = 0

  constructor(kind) {
    this.#kind = kind
  }

  get count() {
    return this.#payloads.size
  }

  /** Places that are still wanted, from 1. */
  get missing() {
    return Array.from({ length: this.total }, (_, at) => at + 1).filter((place) => !this.#payloads.has(place))
  }

  get progress() {
    return { count: this.count, total: this.total }
  }

  /** Takes one text: "new", "known" or "bad" (no frame of this kind, or damaged). */
  add(text) {
    const found = FRAME.exec(text.replace(/\s/g, "").toUpperCase())
    if (!found) return "bad"
    const [, kind, id, index, total, check, payload] = found
    const [place, all] = [Number(index), Number(total)]
    if (kind !== this.#kind || place > all || check !== crc32(`${kind}:${id}:${index}/${total}:${payload}`))
      return "bad"
    if (id !== this.#id || all !== this.total) {
      this.#payloads.clear()
      this.#id = id
      this.total = all
    }
    if (this.#payloads.has(place)) return "known"
    this.#payloads.set(place, payload)
    return "new"
  }

  /** The bytes once all frames are there and fit together; null before. */
  async bytes() {
    if (!this.total || this.count < this.total) return null
    const text = Array.from({ length: this.total }, (_, at) => this.#payloads.get(at + 1)).join("")
    const bytes = fromBase32(text)
    return (await idOf(bytes)) === this.#id ? bytes : null
  }
}
