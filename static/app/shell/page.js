// The page's templates and words. Every sentence for people stands in the page, once in each language; here they are
// only taken out, filled in and put on the screen.

import { two } from "../bytes.js"

/** @type {any} */
let language = null
/** @type {string | null} */
let asked = null
let templates = new Map()
let words = new Map()

/** @type {(chosen: string) => HTMLTemplateElement[]} */
const templatesIn = (chosen) =>
  /** @type {any} */ ([...document.querySelectorAll(`template[data-language="${CSS.escape(chosen)}"]`)])

/** Are the words of a language in the page? */
export const speaks = (chosen) =>
  templatesIn(chosen).some((source) => source.content.querySelector("[data-template=ask]"))

/** Speaks this language from now on ("vi", "en"). */
export function speak(chosen) {
  const sources = templatesIn(chosen)
  const all = (selector) => sources.flatMap((source) => [...source.content.querySelectorAll(selector)])
  language = chosen
  templates = new Map(all("template").map((one) => [one.dataset.template, one]))
  words = new Map(all("[data-word]").map((one) => [one.dataset.word, one]))
  document.documentElement.lang = chosen
}

/** More templates, by language: those of kinds of question that not every form asks, or another language's. */
export function learn(html) {
  const page = new DOMParser().parseFromString(html, "text/html")
  document.body.append(...page.querySelectorAll("template[data-language]"))
  if (language) speak(language)
}

/** The form's own words are read in this language from now on: any that the form has, also one the page lacks. */
export const readIn = (chosen) => (asked = chosen)

/** The language of the form's words. */
export const spoken = () => asked ?? language

/** The language of the page's own words. */
export const shellLanguage = () => language

/** The sentence called `key`, its {names} replaced. */
export function word(key, values = {}) {
  const text = words.get(key)?.textContent ?? key
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole))
}

/** A fresh copy of a template's element; `texts` fills its parts: {name: "Lò Văn A"}. */
export function stamp(name, texts = {}) {
  const element = templates.get(name).content.firstElementChild.cloneNode(true)
  for (const [key, text] of Object.entries(texts)) part(element, key).textContent = text
  return element
}

export const part = (element, name) => element.querySelector(`[data-part="${name}"]`)

/** The element that does `name` ("interview", "next", …). */
export const action = (element, name) => element.querySelector(`[data-action="${name}"]`)

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use")
  svg.setAttribute("class", "icon")
  svg.setAttribute("aria-hidden", "true")
  use.setAttribute("href", `#i-${name}`)
  svg.append(use)
  return svg
}

/** Draws `elements` in `place`. What stands there already stays: under a finger that is on it, a tap would be lost. */
export function fill(place, elements) {
  const { children } = place
  if (children.length !== elements.length || elements.some((one, at) => !one.isEqualNode(children[at])))
    place.replaceChildren(...elements)
}

/** Makes `element` a tag: sign, colour and words of the sentence `key`, which carries all three. */
export function tag(element, key) {
  const { icon: sign, tone } = words.get(key).dataset
  element.className = `tag tag-${tone}`
  element.replaceChildren(icon(sign), word(key))
  element.dataset.state = key.split(".")[1]
}

const locale = () => (language === "en" ? "en-GB" : "vi-VN")

/** 1.500.000 (Vietnamese) or 1,500,000 (English). */
export const number = (value) => new Intl.NumberFormat(locale(), { maximumFractionDigits: 2 }).format(value)

/** 23/11/2026 in the phone's own time. */
export function date(moment) {
  const at = new Date(moment)
  return `${two(at.getDate())}/${two(at.getMonth() + 1)}/${at.getFullYear()}`
}

/** 10:42 today, else 10:42 23/11/2026. */
export function time(moment, now = new Date()) {
  const at = new Date(moment)
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`
  return date(at) === date(now) ? clock : `${clock} ${date(at)}`
}

/** Asks yes or no in a dialog; → true for yes. */
export function ask({ title, words: text, yes }) {
  const dialog = document.getElementById("dialog")
  dialog.replaceChildren(stamp("ask", { title, words: text, yes }))
  dialog.returnValue = "no"
  dialog.showModal()
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true })
  })
}

/** Says that the date of this phone cannot be right; → true when it is right all the same, by who holds it. */
export const isDateRight = (doubted) =>
  ask({
    title: word("clock.title"),
    words: word(`clock.${doubted}`, { date: date(Date.now()) }),
    yes: word("clock.right"),
  })

/** What a person reads in {vi: …, en: …}: the form's language, else the page's. */
export const inLanguage = (texts) =>
  texts?.[spoken()] || texts?.[language] || texts?.vi || Object.values(texts ?? {})[0] || ""
