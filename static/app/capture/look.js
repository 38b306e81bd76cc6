// How the screen looks: language, theme, size of the letters. Kept in localStorage, because it must be known before the
// first thing is drawn and holds nothing about anybody.

import { speak } from "./page.js"

const KEYS = { language: "so-ho language", form: "so-ho form language", theme: "so-ho theme", text: "so-ho text" }
const names = JSON.parse(document.getElementById("languages").textContent)
const spoken = [...document.querySelectorAll("template[data-language]")].map((one) => one.dataset.language)
const languages = Object.fromEntries(spoken.map((code) => [code, names[code]]))

/** {code: name} of the languages the page speaks, the default first. */
export const offered = () => languages

export const chosen = (what) => localStorage.getItem(KEYS[what]) ?? ""

export function choose(what, value) {
  localStorage.setItem(KEYS[what], value)
  apply()
}

/** The account's language, unless somebody chose one on this phone. */
export function prefer(language) {
  if (!chosen("language") && language in languages) choose("language", language)
}

export function apply() {
  const root = document.documentElement
  root.dataset.theme = chosen("theme")
  root.dataset.text = chosen("text")
  speak(chosen("language") in languages ? chosen("language") : "vi")
}
