// Choosing: rows for the whole thumb, and a search where there are many.

import { fold, matches } from "../search.js"
import { action, inLanguage, part, spoken, stamp } from "./page.js"

const SHORT = 14 // letters up to which two or three answers stand side by side

const namesOf = (value) => String(value).split(" ").filter(Boolean)

/** Radio rows (select_one) or tick rows (select_multiple). */
export class Choices {
  #signature = null

  constructor(question) {
    this.question = question
    this.isMultiple = question.node.type === "select_multiple"
    this.element = document.createElement("div")
    this.element.className = "choices"
    this.element.setAttribute("role", this.isMultiple ? "group" : "radiogroup")
    this.element.setAttribute("aria-labelledby", question.labelId)
    this.element.addEventListener("change", () => this.#changed())
    // A second tap on the chosen answer takes it back: the only way to leave an answer out again.
    this.element.addEventListener("click", (event) => this.#unchoose(event))
    this.refresh()
  }

  get #inputs() {
    return [...this.element.querySelectorAll("input")]
  }

  refresh() {
    const { record, path } = this.question
    const choices = record.choices(path)
    const signature = JSON.stringify([choices.map((choice) => choice.name), spoken()])
    if (signature === this.#signature) return
    this.#signature = signature
    const labels = choices.map((choice) => inLanguage(choice.label))
    this.element.classList.toggle("choices-pair", !this.isMultiple && choices.length <= 3 && labels.every((label) => label.length <= SHORT))
    this.element.replaceChildren(...choices.map((choice, index) => this.#row(choice, labels[index])))
    this.show(this.question.value)
  }

  #row({ name }, label) {
    const row = stamp("choice", { label })
    Object.assign(row.querySelector("input"), {
      type: this.isMultiple ? "checkbox" : "radio",
      name: `choice ${this.question.path}`,
      value: name,
    })
    return row
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
  }

  #unchoose(event) {
    const input = event.target
    if (this.isMultiple || input.type !== "radio") return
    if (input.dataset.was === "1" && event.detail > 0 && !this.question.record.isRequired(this.question.path)) {
      input.checked = false
      this.#changed()
    }
  }
}

/** One of many (54 ethnic groups): type a few letters, tap. */
export class SearchedChoices {
  constructor(question) {
    this.question = question
    this.element = stamp("choice-search")
    this.search = action(this.element, "search-choice")
    this.list = part(this.element, "list")
    this.search.addEventListener("input", () => this.#find())
    this.list.addEventListener("change", (event) => this.#choose(event.target.value))
    action(this.element, "change").addEventListener("click", () => {
      this.#open(true)
      this.search.focus()
    })
    this.show(question.value)
  }

  get #choices() {
    return this.question.record.choices(this.question.path)
  }

  show(value) {
    const chosen = this.#choices.find((choice) => choice.name === value)
    part(this.element, "answer").textContent = chosen ? inLanguage(chosen.label) : String(value)
    this.#open(value === "")
  }

  #open(isSearching) {
    part(this.element, "chosen").hidden = isSearching
    part(this.element, "searching").hidden = !isSearching
    if (!isSearching) return
    this.search.value = ""
    this.#find()
  }

  #find() {
    const found = this.#choices.filter((choice) => matches(fold(inLanguage(choice.label)), this.search.value))
    const rows = found.map((choice) => {
      const row = stamp("choice", { label: inLanguage(choice.label) })
      const input = row.querySelector("input")
      const checked = choice.name === this.question.value
      Object.assign(input, { type: "radio", name: `choice ${this.question.path}`, value: choice.name, checked })
      return row
    })
    this.list.replaceChildren(...rows)
  }

  #choose(name) {
    this.question.answer(name)
    this.show(name)
    // The list is gone from under the finger and from a screen reader: both stay at this question.
    action(this.element, "change").focus({ preventScroll: true })
    this.question.element.scrollIntoView({ block: "nearest" })
  }
}
