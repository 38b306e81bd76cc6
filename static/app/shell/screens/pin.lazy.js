// Another PIN, a PIN that was forgotten, and what the settings say of the lock.

import { FORGOT_NEW, HOME } from "../addresses.js"
import { changePin, forOffice, isOld, recovered } from "../../vault/rings.lazy.js"
import { recover, signOut, Stopped, hello, who } from "../../sync/request.js"
import { openRing } from "../../vault/vault.js"
import { askNew, busy, say } from "../pinform.js"
import { wordsOfProblem } from "../notices.js"
import { action, part, stamp, word } from "../page.js"
import { learnt } from "../templates.lazy.js"

const AGAIN = `/login?next=${encodeURIComponent(FORGOT_NEW)}`

/**
 * A ring of an earlier time is wrapped anew, with the PIN that has just opened it.
 * @param {import("../main.js").Shell} app
 */
export async function renew(app, pin) {
  const { ring } = app.keeper
  const { escrow } = /** @type {Hello} */ (await app.store.get("hello"))
  if (isOld(ring, escrow)) await app.keeper.renew(ring, await changePin(ring, pin, pin, escrow))
}

/** @param {import("../main.js").Shell} app */
export async function showChange(app) {
  await learnt()
  const element = stamp("pin-change", { title: word("pin.change") })
  const greeting = /** @type {Hello} */ (await app.store.get("hello"))
  const before = element.querySelector("[name=before]")
  before.inputMode = app.keeper.ring.letters ? "text" : "numeric"
  askNew(element, greeting, async (pin) => {
    const isRight = await app.keeper.open(before.value)
    if (!isRight) return app.keeper.isWaiting().then((isWaiting) => (isWaiting ? app.lock() : say(element, "wrong")))
    await app.keeper.put(await changePin(app.keeper.ring, before.value, pin, greeting.escrow))
    part(element, "form").hidden = true
    part(element, "done").hidden = false
  })
  return { element }
}

/**
 * Online, with the password of the account: the office opens the ring, and a new PIN closes it again. `step` is "new"
 * when somebody comes back from signing in.
 * @param {import("../main.js").Shell} app
 */
export async function showForgot(app, { step }) {
  await learnt()
  const element = stamp("pin-forgot", { title: word("pin.forgot") })
  const draw = (state, words = word(`forgot.${state}`)) => {
    element.dataset.state = state
    part(element, "words").textContent = words
    part(element, "form").hidden = state !== "choose"
    action(element, "sign-in").hidden = !["again", "other"].includes(state)
    action(element, "retry").hidden = !["offline", "slow"].includes(state)
  }
  const failed = (error) => {
    if (!(error instanceof Stopped)) throw error
    if (error.act === "sign_in") draw("again")
    else if (error.act === "refused") draw("again", wordsOfProblem(error.problem))
    else draw(error.seconds ? "slow" : "offline")
  }
  const look = async () => {
    draw("looking")
    try {
      const { account } = await who()
      draw(account.id !== app.account ? "other" : step === "new" ? "choose" : "again")
    } catch (error) {
      failed(error)
    }
  }
  const mended = async (pin) => {
    const { ring } = app.keeper
    const { escrow } = await hello()
    const raw = await recover(forOffice(ring), ring.id)
    await app.keeper.put(await recovered(ring, raw, pin, escrow))
    history.replaceState(null, "", HOME)
    await app.unlock(await openRing(app.keeper.ring, pin))
  }
  askNew(element, /** @type {Hello} */ (await app.store.get("hello")), (pin) => mended(pin).catch(failed))
  action(element, "retry").addEventListener("click", look)
  action(element, "sign-in").addEventListener("click", () =>
    busy(element, async () => {
      if (await signOut()) location.assign(AGAIN)
      else draw("offline")
    }),
  )
  return { element, shown: look }
}

/**
 * What the settings say of the lock, into `place`.
 * @param {import("../main.js").Shell} app
 */
export async function lockSettings(app, place) {
  await learnt()
  const section = stamp("settings-lock")
  section.querySelector(`[value="${await app.keeper.minutes()}"]`).checked = true
  section.addEventListener("change", (event) => {
    event.stopPropagation()
    app.device.set("idle", Number(event.target.value))
  })
  action(section, "lock-now").addEventListener("click", () => {
    app.keeper.lockOthers()
    app.lock()
  })
  place.append(section)
}
