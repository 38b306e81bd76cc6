// How the screen looks: language, theme, size of the letters. Kept in localStorage, because it must be known before the
// first thing is drawn and holds nothing about anybody.

import { NoAnswer, templatesAt } from "../sync/request.js"
import { learn, speak, speaks } from "./page.js"

const KEYS = { language: "so-ho language", form: "so-ho form language", theme: "so-ho theme", text: "so-ho text" }
const languages = JSON.parse(document.getElementById("languages").textContent)
const first = document.documentElement.lang // as the page comes

/** {code: name} of the languages that the app has. */
export const offered = () => languages

export const chosen = (what) => localStorage.getItem(KEYS[what]) ?? ""

/** false when the language's words are neither on this phone nor within reach: everything stays as it was. */
export async function choose(what, value) {
  if (what === "language" && !(await isLearnt(value))) return false
  localStorage.setItem(KEYS[what], value)
  await apply()
  return true
}

/** The account's language, unless somebody chose one on this phone. */
export async function prefer(language) {
  if (!chosen("language") && language in languages) await choose("language", language)
}

async function isLearnt(language) {
  try {
    if (!speaks(language)) learn(await templatesAt(`/language/${language}.html`))
    return true
  } catch (error) {
    if (error instanceof NoAnswer) return false
    throw error
  }
}

export async function apply() {
  const root = document.documentElement
  root.dataset.theme = chosen("theme")
  root.dataset.text = chosen("text")
  const wanted = chosen("language") in languages ? chosen("language") : first
  speak((await isLearnt(wanted)) ? wanted : first)
}
