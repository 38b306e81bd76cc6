// A form's words on the screen: Markdown drawn by DOM calls, the languages they are read in, and the pictures, sounds
// and films that stand beside them.

import { kit } from "./formkit.js"
import { choose, chosen, offered } from "./appearance.js"
import { action, part, readIn, shellLanguage, spoken } from "./page.js"

const BLOCKS = { heading: "div" }

function drawn(token) {
  if (typeof token === "string") return token
  const element = document.createElement(BLOCKS[token.is] ?? token.is)
  if (token.is === "heading") {
    element.className = `heading heading-${Math.min(token.level, 3)}`
    element.setAttribute("role", "heading")
    element.ariaLevel = token.level + 2
  }
  if (token.tone) element.className = `tone-${token.tone}`
  if (token.start) element.start = token.start
  if (token.href) Object.assign(element, { href: token.href, target: "_blank", rel: "noopener noreferrer" })
  element.append(...(token.inside ?? []).map(drawn))
  return element
}

/** Puts a text of the form into `element`, followed by `more`; leaves it alone when it says so already. */
export function write(element, text, ...more) {
  const key = JSON.stringify([text, more.length, spoken()])
  if (element.dataset.words === key) return
  element.dataset.words = key
  element.lang = spoken()
  element.replaceChildren(...kit.markdown(text).map(drawn), ...more.flatMap((one) => [" ", one]))
}

/** A text of the form without its signs, for a list or a name. */
export const plainText = (text) => kit.plainText(text)

// Languages

const nameOf = (code) => {
  try {
    return (
      offered()[code] ?? new Intl.DisplayNames([code, shellLanguage()], { type: "language", fallback: "code" }).of(code)
    )
  } catch {
    return code // a form may call its language as it likes
  }
}

/** The form is read in the language chosen on this phone, else the page's, else its own first one. */
export function readForm({ languages, default_language: own }) {
  readIn([chosen("form"), shellLanguage(), own].find((code) => languages.includes(code)) ?? null)
}

/** The switch between the form's languages in the bar of a screen; `onChange` draws its words anew. */
export function offerLanguages(element, { languages }, onChange) {
  const place = part(element, "languages")
  place.hidden = languages.length < 2
  const select = action(place, "form-language")
  select.append(...languages.map((code) => new Option(nameOf(code), code, false, code === spoken())))
  const show = () => (part(place, "language").textContent = spoken())
  select.addEventListener("change", () => {
    choose("form", select.value)
    readIn(select.value)
    show()
    onChange()
  })
  show()
}
