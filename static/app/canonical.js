// RFC 8785 canonical JSON and SHA-256: the same content has the same hash here and on the server.

import { hexOf } from "./bytes.js"

/** Canonical JSON text of `value`. Throws on what JSON cannot say exactly (NaN, infinities, lone surrogates). */
export function canonical(value) {
  if (value === null || typeof value === "boolean") return String(value)
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError("a number that JSON cannot hold")
    return JSON.stringify(value) // ECMAScript's own number format is the one that RFC 8785 prescribes
  }
  if (typeof value === "string") {
    if (/\p{Surrogate}/u.test(value)) throw new TypeError("a lone surrogate")
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  if (typeof value !== "object") throw new TypeError(`no JSON for ${typeof value}`)
  const keys = Object.keys(value).filter((key) => value[key] !== undefined)
  keys.sort() // by UTF-16 code units, as RFC 8785 §3.2.3 asks
  return `{${keys.map((key) => `${canonical(key)}:${canonical(value[key])}`).join(",")}}`
}

/** SHA-256 in hex of a string (as UTF-8), an ArrayBuffer or a typed array. */
export async function sha256(data) {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data
  const digest = await crypto.subtle.digest("SHA-256", bytes)
  return hexOf(new Uint8Array(digest))
}

/** The content hash of an entry (docs/sync.md). */
export const contentHash = (entry) => sha256(canonical(entry))
