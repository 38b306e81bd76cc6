// The server signs with another key than this phone knows. It is believed when the known one introduced it: statements
// {"made_at", "next", "previous"}, each signed by `previous`, lead from the one to the other (docs/sync.md).

import { bytesOf, hexOf } from "../bytes.js"
import { isSigned } from "./receipt.js"

const readBody = (text) => {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

/**
 * Is `key` introduced by `known` through `statements` [{body, signature}]? null: this browser cannot check signatures.
 * `check` says of a statement and a key what `isSigned` says.
 */
export async function isIntroduced(known, key, statements, check = isSigned) {
  const reached = new Set([known])
  let isChecked = true
  for (let before = 0; before < reached.size; ) {
    before = reached.size
    for (const statement of statements) {
      const { previous, next } = readBody(statement?.body)
      if (typeof next !== "string" || !reached.has(previous) || reached.has(next)) continue
      const signed = await check(statement, previous)
      if (signed === null) isChecked = false
      if (signed !== false) reached.add(next)
    }
  }
  if (!reached.has(key)) return false
  return isChecked ? true : null
}

/** Does any of the keys that this phone trusts, or trusted, stand under the receipt? null: this browser cannot say. */
export async function isGenuine(receipt, keys) {
  const said = await Promise.all(keys.map((key) => isSigned(receipt, key)))
  return said.includes(true) ? true : said.includes(null) || !keys.length ? null : false
}

/** A key as two people compare it aloud: the first 16 digits of its SHA-256, in fours. */
export async function spelled(key) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytesOf(key)))
  return hexOf(hash.subarray(0, 8)).replace(/(.{4})(?=.)/g, "$1 ")
}
