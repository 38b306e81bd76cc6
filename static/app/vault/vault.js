// The vault: one key for each account on each phone, under which everything is sealed that names a household
// (docs/vault.md). The key lies in a ring, wrapped twice: by what its owner types, and to the office's escrow key.
// WebCrypto is used here (and in proof.js, canonical.js and receipt.js) only.

import { bytesOf } from "../bytes.js"
import { fold } from "../search.js"

export const ROUNDS = 600_000 // of PBKDF2-HMAC-SHA-256; a ring of fewer is made anew when it is next opened
export const AES = { name: "AES-GCM", length: 256 }
const IV = 12 // bytes: NIST SP 800-38D §8.2.2, random, one for each box
const text = new TextEncoder()
const random = (length) => crypto.getRandomValues(new Uint8Array(length))
const aes = (iv, label) => ({ name: "AES-GCM", iv, additionalData: text.encode(label) })
const oaep = (account) => ({ name: "RSA-OAEP", label: text.encode(`so-ho vault ${account}`) })

/** What was typed is not what the ring was made with. */
export class WrongPin extends Error {}

const joined = (iv, data) => {
  const box = new Uint8Array(IV + data.byteLength)
  box.set(iv)
  box.set(new Uint8Array(data), IV)
  return box
}

/** `bytes` sealed under `key`, to be opened with the same `label` only: a Uint8Array, the IV first. */
export async function seal(key, label, bytes) {
  const iv = random(IV)
  return joined(iv, await crypto.subtle.encrypt(aes(iv, label), key, bytes))
}

/** What `seal` sealed, as an ArrayBuffer. Rejects (OperationError) when the key, the label or one bit is another. */
export const unseal = (key, label, box) => crypto.subtle.decrypt(aes(box.subarray(0, IV), label), key, box.subarray(IV))

/** A code of the same person is the same code, however the keyboard writes its letters. */
async function keyOfPin(pin, { salt, rounds }) {
  const typed = await crypto.subtle.importKey("raw", text.encode(pin.normalize("NFC")), "PBKDF2", false, ["deriveKey"])
  return crypto.subtle.deriveKey({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, typed, AES, false, [
    "wrapKey",
    "unwrapKey",
  ])
}

export async function wrappedByPin(key, id, pin) {
  const found = { salt: random(16), rounds: ROUNDS }
  const iv = random(IV)
  const letters = !/^\d+$/.test(pin) // which keys the lock's screen shows
  return {
    ...found,
    letters,
    wrapped: joined(iv, await crypto.subtle.wrapKey("raw", key, await keyOfPin(pin, found), aes(iv, id))),
  }
}

export async function wrappedToOffice(key, account, escrow) {
  const office = await crypto.subtle.importKey(
    "spki",
    bytesOf(escrow.key),
    { name: "RSA-OAEP", hash: "SHA-256" },
    false,
    ["wrapKey"],
  )
  return {
    escrow: new Uint8Array(await crypto.subtle.wrapKey("raw", key, office, oaep(account))),
    escrow_id: escrow.id,
  }
}

/**
 * A new ring with a new key: {id, account, salt, rounds, letters, wrapped, escrow, escrow_id, proof, made_at}; `escrow`
 * is hello's. `proof` is sealed under the key itself: a key that comes back from the office is held against it.
 */
export async function makeRing({ id, account, pin, escrow, now }) {
  const key = await crypto.subtle.generateKey(AES, true, ["encrypt", "decrypt"])
  const proof = await seal(key, id, new Uint8Array())
  const wraps = { ...(await wrappedByPin(key, id, pin)), ...(await wrappedToOffice(key, account, escrow)) }
  return { id, account, ...wraps, proof, made_at: now.toISOString() }
}

export async function unwrapped(ring, pin, isExtractable) {
  const kek = await keyOfPin(pin, ring)
  const { wrapped } = ring
  try {
    return await crypto.subtle.unwrapKey(
      "raw",
      wrapped.subarray(IV),
      kek,
      aes(wrapped.subarray(0, IV), ring.id),
      AES,
      isExtractable,
      ["encrypt", "decrypt"],
    )
  } catch {
    throw new WrongPin()
  }
}

/** The ring's key, which no script can read out. Throws WrongPin. Takes a second on a small phone. */
export const openRing = (ring, pin) => unwrapped(ring, pin, false)

const COMMON = new Set(["112233", "123321", "147258", "159753", "246810", "135790"])

function isGuessed(digits) {
  const steps = new Set([...digits].slice(1).map((digit, place) => (digit - digits[place] + 10) % 10))
  return steps.size === 1 || new Set(digits).size < 3 || /^(.{1,4})\1+$/.test(digits) || COMMON.has(digits)
}

/**
 * Why a PIN cannot be chosen, or null: "short" (fewer than six digits, or than eight characters with letters),
 * "guessed" (111111, 123456, a word of one letter …), "name" (one of `names`, what the person is called here).
 */
export function faultOfPin(pin, names = []) {
  if (pin.length < (/^\d*$/.test(pin) ? 6 : 8)) return "short"
  if (/^\d+$/.test(pin) ? isGuessed(pin) : new Set(fold(pin)).size < 4) return "guessed"
  const plain = (word) => fold(word).replaceAll(" ", "")
  return names.some((name) => plain(name) && plain(pin) === plain(name)) ? "name" : null
}
