// The form of a PIN: its keys, what is wrong with it, and the wait while a small phone computes.

import { faultOfPin } from "../vault/vault.js"
import { action, part, word } from "./page.js"

/** Keys for digits, or for letters. */
export function keypad(element, isText) {
  for (const input of element.querySelectorAll("input")) input.inputMode = isText ? "text" : "numeric"
}

/** Says what is wrong with a form of a PIN, or nothing; `button` waits meanwhile. */
export function say(element, key, values) {
  const place = part(element, "fault")
  place.textContent = key ? word(`pin.${key}`, values) : ""
  place.hidden = !key
}

/** One thing at a time, with words while a small phone computes. */
export async function busy(element, work) {
  const go = element.querySelector("form button")
  const status = part(element, "status")
  go.disabled = true
  status.textContent = word("pin.wait")
  await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))
  return work().finally(() => {
    go.disabled = false
    status.textContent = ""
  })
}

/** A form that asks for a new PIN twice; `take(pin)` is told one that may be chosen by the account of `hello`. */
export function askNew(element, { account }, take) {
  const [first, second] = element.querySelectorAll("[name=pin], [name=again]")
  const letters = action(element, "letters")
  let isText = false
  letters.textContent = word("pin.letters")
  letters.addEventListener("click", () => {
    isText = !isText
    letters.textContent = word(isText ? "pin.digits" : "pin.letters")
    keypad(element, isText)
    first.focus()
  })
  element.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault()
    const pin = first.value
    const fault = faultOfPin(pin, [account.username, account.display_name]) ?? (pin === second.value ? null : "differs")
    say(element, fault)
    if (!fault) return busy(element, () => take(pin))
    const wrong = fault === "differs" ? second : first
    wrong.focus()
    wrong.select()
  })
  keypad(element, false)
}
