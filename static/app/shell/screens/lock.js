// The two screens before everything else: choosing the first PIN, and typing it.

import { two } from "../../bytes.js"
import { FORGOT } from "../addresses.js"
import { action, ask, number, part, stamp, word } from "../page.js"
import { askNew, busy, keypad, say } from "../pinform.js"

/**
 * Asks, saying what stays unsent.
 * @param {import("../main.js").Shell} app
 */
export async function signOut(app) {
  const { unsent, open } = await app.store.counts()
  const words =
    unsent || open ? word("sign_out.unsent", { unsent: number(unsent), open: number(open) }) : word("sign_out.words")
  if (await ask({ title: word("sign_out.title"), words, yes: word("sign_out.yes") })) await app.leave()
}

/** Puts what was in plain before under the key, telling how far it is. */
export const sealing =
  (element) =>
  ({ done, total }) => {
    part(element, "status").textContent = word("pin.sealing", { done: number(done), total: number(total) })
  }

/** @param {import("../main.js").Shell} app */
export async function showNew(app) {
  const element = stamp("pin-new", { title: word("pin.title") })
  const hello = /** @type {Hello} */ (await app.store.get("hello"))
  askNew(element, hello, async (pin) => {
    const key = await app.keeper.choose(pin, hello.escrow)
    app.tell("account")
    if (key) await app.unlock(key, sealing(element))
    else await app.signedIn(app.account)
  })
  return { element }
}

/** @param {import("../main.js").Shell} app */
export async function show(app) {
  const [hello, counts] = await Promise.all([app.store.get("hello"), app.store.counts()])
  const element = stamp("lock", { title: word("lock.title"), who: hello?.account.display_name ?? "" })
  part(element, "unsent").textContent = word(counts.unsent ? "lock.unsent" : "lock.sent", {
    count: number(counts.unsent),
  })
  const input = element.querySelector("input")
  const go = element.querySelector("form button")
  let isGone = false
  keypad(element, app.keeper.ring.letters)
  const wait = async () => {
    const onLeft = (left) => {
      go.disabled = input.disabled = left > 0
      say(element, left && "locked", {
        minutes: number(Math.floor(left / 60)),
        seconds: two(left % 60),
      })
    }
    await app.keeper.waited(onLeft, () => isGone)
  }
  element.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault()
    const pin = input.value
    if (!pin || go.disabled) return
    input.value = ""
    const key = await busy(element, async () => {
      const found = await app.keeper.open(pin)
      if (found) await app.unlock(found, sealing(element))
      return found
    })
    if (key) return import("./pin.lazy.js").then(({ renew }) => renew(app, pin)).catch(() => {}) // another time
    await wait()
    if (part(element, "fault").hidden) say(element, "wrong")
    input.focus()
  })
  action(element, "forgot").addEventListener("click", () => app.go(FORGOT))
  action(element, "other").addEventListener("click", () => signOut(app))
  return {
    element,
    isPlaced: true, // whoever opens the app types the code, and nothing else
    shown: () => {
      wait()
      input.focus()
    },
    leave: () => (isGone = true),
  }
}
