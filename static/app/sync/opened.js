// Shows the server that the vault is open: with a key made for this sign-in, whose private half lies sealed in the
// store.

import { makeProof, prove } from "../vault/proof.js"
import { Stopped, hello, show, told } from "./request.js"

/**
 * The greeting of who is signed in, once it was shown that the vault is open. Throws Stopped: "sign_in" where this
 * phone cannot show it.
 * @param {import("../store/store.js").Store} store
 * @param {string} origin of the page
 * @returns {Promise<Hello>}
 */
export async function opened(store, origin) {
  const greeting = await hello()
  if (greeting.account) return bound(store, greeting)
  return proven(store, origin, greeting).catch((error) => {
    if (error.problem?.code !== "not_open") throw error
    // The nonce was older than another window's, or than a minute.
    return hello().then((again) => proven(store, origin, again))
  })
}

/** @returns {Promise<Hello>} */
async function proven(store, origin, /** @type {Hello} */ { csrf, proof }) {
  const kept = await store.get("proof").catch(() => null) // what the disk spoilt is made anew with the next sign-in
  if (!proof || kept?.session !== proof.session) throw new Stopped({ act: "sign_in" })
  const signature = await prove(kept, proof.nonce, origin)
  const answer = await told("/api/v1/open", csrf, { nonce: proof.nonce, signature })
  show(answer.access, csrf)
  return answer.hello
}

/** A sign-in that has no key yet gets one. What hinders that hinders nothing else: it is told by its cookie then. */
async function bound(store, greeting) {
  const { csrf, proof } = greeting
  if (!proof || proof.bound || !(await store.get("sealed"))) return greeting // no PIN yet
  try {
    const made = await makeProof(proof.session)
    await store.set("proof", made) // before the server has it: its answer may be lost
    show((await told("/api/v1/vault/key", csrf, { key: made.key })).access, csrf)
  } catch (error) {
    if (error.act === "wait") throw error // it may have arrived: the next greeting says so
    if (!(error instanceof Stopped)) console.error(error)
    return greeting
  }
  return greeting
}
