// The server's signature under a receipt (Ed25519). WebCrypto only here and in canonical.js.

import { bytesOf } from "../bytes.js"

/**
 * true: signed by the server's key; false: not; null: this browser has no Ed25519 (Chrome before 137), nobody can say.
 * `key` is the base64 of the raw public key that `hello` named.
 * @param {Receipt} receipt
 * @param {string} key
 */
export async function isSigned(receipt, key) {
  let imported
  try {
    imported = await crypto.subtle.importKey("raw", bytesOf(key), { name: "Ed25519" }, false, ["verify"])
  } catch {
    return null
  }
  try {
    const text = new TextEncoder().encode(receipt.body)
    return await crypto.subtle.verify("Ed25519", imported, bytesOf(receipt.signature), text)
  } catch {
    return false
  }
}
