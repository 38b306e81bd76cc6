// That the vault is open is shown to the server by a signature, with a key that each sign-in has of its own: its
// private half lies sealed in the vault, the server has the public one (docs/vault.md).

import { base64Of, bytesOf } from "../bytes.js"

const PAIR = { name: "ECDSA", namedCurve: "P-256" } // Ed25519 is missing before Chrome 137
const SIGNED = { name: "ECDSA", hash: "SHA-256" }
const LABEL = "so-ho-open-1"

/** A new pair for a sign-in: {session, hidden: PKCS#8, key: SPKI}, both base64. */
export async function makeProof(session) {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(PAIR, true, ["sign", "verify"])
  const [hidden, key] = await Promise.all([
    crypto.subtle.exportKey("pkcs8", privateKey),
    crypto.subtle.exportKey("spki", publicKey),
  ])
  return { session, hidden: base64Of(new Uint8Array(hidden)), key: base64Of(new Uint8Array(key)) }
}

/** The signature over the server's `nonce` for a page of `origin`: base64 of r and s. */
export async function prove({ session, hidden }, nonce, origin) {
  const key = await crypto.subtle.importKey("pkcs8", bytesOf(hidden), PAIR, false, ["sign"])
  const said = new TextEncoder().encode([LABEL, origin, session, nonce].join("\n"))
  return base64Of(new Uint8Array(await crypto.subtle.sign(SIGNED, key, said)))
}
