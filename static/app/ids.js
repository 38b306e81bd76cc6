// UUIDv7 (RFC 9562 §5.7): made by the phone, unique without asking anybody, sorted by the time of making.

import { hexOf } from "./bytes.js"

/** When an id was made, in milliseconds since 1970 by the clock of then. */
export const madeAt = (id) => Number.parseInt(id.replace("-", "").slice(0, 12), 16)

/** A new id. `now` is milliseconds since 1970 (the phone's clock), `random` fills a Uint8Array. */
export function uuidv7(now = Date.now(), random = (bytes) => crypto.getRandomValues(bytes)) {
  const bytes = random(new Uint8Array(16))
  let time = now
  for (let index = 5; index >= 0; index--) {
    bytes[index] = time % 256
    time = Math.floor(time / 256)
  }
  bytes[6] = 0x70 | (bytes[6] & 0x0f)
  bytes[8] = 0x80 | (bytes[8] & 0x3f)
  const hex = hexOf(bytes)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
}
