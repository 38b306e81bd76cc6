// Choosing: rows for the whole thumb, a grid where the form wants one, and a search where there are many.

import { parkMiller, shuffled } from "../../engine/functions.js"
import { fold, matches } from "../../search.js"
import { kit } from "../formkit.js"
import { action, inLanguage, number, part, spoken, stamp, word } from "../page.js"
import { plainText, write } from "../words.js"

const SHORT = 14 // letters up to which two or three answers stand side by side
const MOST_ROWS = 7 // choices that fit a screen as rows; above that one searches
export const MOST_COLUMNS = 6 // that a finger can tell apart on a narrow screen
const MOST_DRAWN = 50

const namesOf = (value) => String(value).split(" ").filter(Boolean)
const wordsOf = (choice) => plainText(inLanguage(choice.label)) || choice.name
const isMultiple = (question) => question.node.type === "select_multiple"

/** Which control offers these choices; an appearance that cannot be shown here (map, image-map) is a list. */
export function selectFor({ looks, node, record, path }) {
  const has = (...names) => names.some((name) => looks.has(name))
  const count = record.choices(path).length
  if (has("autocomplete", "search") || count > MOST_DRAWN) return SearchedChoices
  if (has("minimal")) return node.type === "select_one" ? Menu : SearchedChoices
  const isLaidOut =
    has("likert", "label", "list-nolabel", "list", "quick", "no-buttons", "columns-pack") ||
    [...looks].some((look) => look.startsWith("columns"))
  return node.type === "select_one" && count > MOST_ROWS && !isLaidOut ? SearchedChoices : Choices
}

/** The choices offered now, in the order in which they are shown: shuffled ones keep theirs during an interview. */
export function offered({ record, node, path, interview }) {
  const choices = record.choices(path)
  const { randomize, seed = "" } = node.parameters ?? {}
  if (!/^true/i.test(randomize ?? "")) return choices
  const own = [...`${interview.draft.id} ${path}`].reduce(
    (sum, letter) => (sum * 31 + /** @type {number} */ (letter.codePointAt(0))) % 2147483647,
    7,
  )
  return shuffled(choices, parkMiller(seed ? seedOf(seed, record, path) : own))
}

/** A seed as the form gives it: a number, or ${name} of a question beside or above. */
function seedOf(seed, record, path) {
  const name = /^\$\{(.+)\}$/.exec(seed)?.[1]
  if (!name) return seed
  for (let around = path; around; ) {
    around = around.slice(0, Math.max(0, around.lastIndexOf("/")))
    const value = record.get(around ? `${around}/${name}` : name)
    if (value !== "") return value
  }
  return NaN
}

function rowOf(question, choice, isChosen = false) {
  const row = stamp("choice")
  const label = part(row, "label")
  write(label, inLanguage(choice.label) || (choice.media ? "" : choice.name))
  Object.assign(row.querySelector("input"), {
    type: isMultiple(question) ? "checkbox" : "radio",
    name: `choice ${question.path}`,
    value: choice.name,
    checked: isChosen,
  })
  if (!choice.media) return row
  const media = Object.fromEntries(Object.entries(choice.media).map(([kind, files]) => [kind, inLanguage(files)]))
  const { image, ...others } = media
  label.before(...kit.enclosed({ image }, question.interview, wordsOf(choice), { isFixed: true }))
  if (!Object.values(others).some(Boolean)) return row
  // What is played or looked at must not choose: it stands beside the row, not in it.
  const around = stamp("choice-enclosed")
  around.prepend(row)
  part(around, "beside").append(...kit.enclosed(others, question.interview, wordsOf(choice)))
  return around
}

/** Radio rows (select_one) or tick rows (select_multiple). */
export class Choices {
  /** @type {string | null} */
  #signature = null
  #isTapped = false

  constructor(question) {
    this.question = question
    this.isMultiple = isMultiple(question)
    this.element = document.createElement("div")
    this.element.className = "choices"
    this.element.setAttribute("role", this.isMultiple ? "group" : "radiogroup")
    this.element.setAttribute("aria-labelledby", question.labelId)
    this.element.addEventListener("change", () => this.#changed())
    // A second tap on the chosen answer takes it back: the only way to leave an answer out again.
    this.element.addEventListener("click", (event) => this.#clicked(event))
    this.refresh()
  }

  get #inputs() {
    return [...this.element.querySelectorAll("input")]
  }

  refresh() {
    const choices = offered(this.question)
    const signature = JSON.stringify([choices.map((choice) => choice.name), spoken()])
    if (signature === this.#signature) return
    this.#signature = signature
    this.#lay(choices)
    this.element.replaceChildren(...choices.map((choice) => rowOf(this.question, choice)))
    this.show(this.question.value)
  }

  /** How they stand: beside one another when short, else as the appearance says and the screen allows. */
  #lay(choices) {
    const { looks } = this.question
    const columns = [...looks].map((look) => /^columns(?:-(\d+))?$/.exec(look)).find(Boolean)
    const isRow = ["likert", "label", "list-nolabel", "list"].find((look) => looks.has(look))
    const isPair = !this.isMultiple && choices.length <= 3 && choices.every((choice) => wordsOf(choice).length <= SHORT)
    const lays = {
      pack: looks.has("columns-pack"),
      columns,
      row: isRow && choices.length <= MOST_COLUMNS,
      pair: isPair,
    }
    const lay = Object.keys(lays).find((name) => lays[name])
    this.element.inert = looks.has("label") // names alone are not answered
    this.element.dataset.lay = lay ?? ""
    this.element.dataset.look = lay === "row" ? isRow : ""
    this.element.classList.toggle("choices-bare", looks.has("no-buttons"))
    this.element.classList.toggle(
      "choices-cards",
      choices.some((choice) => choice.media?.image),
    )
    this.element.style.setProperty("--columns", columns ? (columns[1] ?? 2) : choices.length)
  }

  show(value) {
    const chosen = new Set(namesOf(value))
    for (const input of this.#inputs) {
      input.checked = chosen.has(input.value)
      input.dataset.was = input.checked ? "1" : ""
    }
  }

  #changed() {
    const chosen = this.#inputs.filter((input) => input.checked).map((input) => input.value)
    for (const input of this.#inputs) input.dataset.was = input.checked ? "1" : ""
    this.question.answer(chosen.join(" ") || null)
    // Arrow keys walk through the answers: only a tap has decided.
    if (this.#isTapped && !this.isMultiple && chosen.length && this.question.looks.has("quick")) this.question.goOn()
    this.#isTapped = false
  }

  #clicked(event) {
    const input = event.target
    this.#isTapped = event.detail > 0
    if (this.isMultiple || input.type !== "radio") return
    if (input.dataset.was === "1" && event.detail > 0 && !this.question.record.isRequired(this.question.path)) {
      input.checked = false
      this.#isTapped = false
      this.#changed()
    }
  }
}

/** The phone's own list that folds away (appearance minimal). */
export class Menu {
  /** @type {string | null} */
  #signature = null

  constructor(question) {
    this.question = question
    this.element = stamp("menu")
    this.element.append(new Option(word("choice.choose"), ""))
    this.element.setAttribute("aria-labelledby", question.labelId)
    this.element.addEventListener("change", () => {
      question.answer(this.element.value || null)
      if (this.element.value && question.looks.has("quick")) question.goOn()
    })
    this.refresh()
  }

  refresh() {
    const choices = offered(this.question)
    const signature = JSON.stringify([choices.map((choice) => choice.name), spoken()])
    if (signature === this.#signature) return
    this.#signature = signature
    this.element.replaceChildren(
      this.element.options[0],
      ...choices.map((choice) => new Option(wordsOf(choice), choice.name)),
    )
    this.show(this.question.value)
  }

  show(value) {
    this.element.value = value
    if (this.element.value !== String(value)) this.element.value = "" // no longer offered
  }
}

/**
 * One or some of many (54 ethnic groups, 10,000 villages): type a few letters, tap. Draws what fits a screen or two.
 */
export class SearchedChoices {
  /** @type {any[] | null} */
  #all = null
  /** @type {string[] | null} */
  #keys = null
  /** @type {string | null} */
  #language = null

  constructor(question) {
    this.question = question
    this.isMultiple = isMultiple(question)
    this.isFolded = question.looks.has("minimal") // opens on a tap
    this.element = stamp("choice-search")
    this.search = action(this.element, "search-choice")
    this.list = part(this.element, "list")
    this.search.addEventListener("input", () => this.#find())
    this.list.addEventListener("change", (event) => this.#choose(event.target))
    action(this.element, "change").addEventListener("click", () => {
      const isOpen = !part(this.element, "searching").hidden
      this.#open(!isOpen)
      if (!isOpen) this.search.focus()
    })
    this.show(question.value)
  }

  /** What is offered: asked once, again only after an answer that may filter it. */
  get #choices() {
    if (this.#language !== spoken()) this.#all = this.#keys = null
    this.#language = spoken()
    return (this.#all ??= offered(this.question))
  }

  refresh() {
    const isStale = this.#language !== spoken()
    if (this.question.node.choice_filter) this.#all = this.#keys = null
    else if (!isStale) return
    this.#showChosen(this.question.value)
    if (!part(this.element, "searching").hidden) this.#find()
  }

  show(value) {
    this.#showChosen(value)
    this.#open(value === "" && !this.isFolded)
  }

  #showChosen(value) {
    const chosen = new Set(this.isMultiple ? namesOf(value) : [String(value)])
    const shown = this.#choices.filter((choice) => chosen.has(choice.name)).map(wordsOf)
    part(this.element, "answer").textContent = shown.join(", ") || String(value)
    part(this.element, "chosen").hidden = value === "" && !this.isFolded
  }

  #open(isSearching) {
    part(this.element, "searching").hidden = !isSearching
    if (!this.isMultiple) part(this.element, "chosen").hidden = isSearching
    action(this.element, "change").textContent = word(
      isSearching ? "choice.done" : this.question.value === "" ? "choice.choose" : "choice.change",
    )
    if (!isSearching) return
    this.search.value = ""
    this.#find()
  }

  #find() {
    const all = this.#choices
    if (this.search.value) this.#keys ??= all.map((choice) => fold(wordsOf(choice)))
    const found = this.search.value
      ? all.filter((_, index) => matches(/** @type {string[]} */ (this.#keys)[index], this.search.value))
      : all
    const chosen = new Set(namesOf(this.question.value))
    this.list.replaceChildren(
      ...found.slice(0, MOST_DRAWN).map((choice) => rowOf(this.question, choice, chosen.has(choice.name))),
    )
    const left = found.length - MOST_DRAWN
    part(this.element, "more").textContent = !found.length
      ? word("choice.nothing")
      : left > 0
        ? word("choice.more", { count: number(left) })
        : ""
  }

  #choose({ value: name, checked }) {
    if (this.isMultiple) {
      const chosen = new Set(namesOf(this.question.value))
      if (checked) chosen.add(name)
      else chosen.delete(name)
      this.question.answer([...chosen].join(" ") || null)
      return this.#showChosen(this.question.value)
    }
    this.question.answer(name)
    this.show(name)
    if (this.question.looks.has("quick")) return this.question.goOn()
    // The list is gone from under the finger and from a screen reader: both stay at this question.
    action(this.element, "change").focus({ preventScroll: true })
    this.question.element.scrollIntoView({ block: "nearest" })
  }
}
