// What becomes of a ring after it was made: another PIN, a PIN that was forgotten, another escrow key of the office.

import { base64Of, bytesOf } from "../bytes.js"
import { AES, ROUNDS, unseal, unwrapped, wrappedByPin, wrappedToOffice } from "./vault.js"

/** The ring under another PIN, wrapped to today's escrow key and with today's rounds. Throws WrongPin. */
export async function changePin(ring, pin, next, escrow) {
  const key = await unwrapped(ring, pin, true)
  return {
    ...ring,
    ...(await wrappedByPin(key, ring.id, next)),
    ...(escrow ? await wrappedToOffice(key, ring.account, escrow) : {}),
  }
}

/** Is the ring wrapped to another escrow key than the office's, or with fewer rounds than today? */
export const isOld = (ring, escrow) => ring.rounds < ROUNDS || Boolean(escrow && escrow.id !== ring.escrow_id)

/** The ring as the office opened it (`raw`, base64), under a new PIN. Rejects when that is not the ring's key. */
export async function recovered(ring, raw, pin, escrow) {
  const key = await crypto.subtle.importKey("raw", bytesOf(raw), AES, true, ["encrypt", "decrypt"])
  await unseal(key, ring.id, ring.proof)
  return { ...ring, ...(await wrappedByPin(key, ring.id, pin)), ...(await wrappedToOffice(key, ring.account, escrow)) }
}

/** What the office is sent to open a ring: base64. */
export const forOffice = (ring) => base64Of(ring.escrow)
