// One question: its words, last year's answer in grey, the control, and what is wrong with the answer under it.

import { display } from "../record.js"
import { Choices, SearchedChoices } from "./choice.js"
import { DateParts, Native, NumberField, ReadOnly, TextField } from "./field.js"
import { Photo, Signature } from "./picture.js"
import { Place } from "./place.js"
import { action, inLanguage, part, spoken, stamp, word } from "./page.js"

const MOST_ROWS = 7 // choices that fit a screen as rows; above that one searches

/** Which control asks a question. */
function controlFor(node, record, path) {
  const looks = (node.appearance ?? "").split(" ")
  if (record.isReadonly(path)) return ReadOnly
  if (node.type === "select_multiple") return Choices
  if (node.type === "select_one") {
    const isLong = record.choices(path).length > MOST_ROWS || looks.includes("autocomplete")
    return isLong ? SearchedChoices : Choices
  }
  if (node.type === "image") return looks.includes("signature") ? Signature : Photo
  const controls = { integer: NumberField, decimal: NumberField, range: NumberField, date: DateParts, time: Native, dateTime: Native, geopoint: Place }
  return controls[node.type] ?? TextField
}

/** The message of a problem in the reader's language. */
export const messageOf = (problem) => inLanguage(problem.message) || word("problem.other")

export class Question {
  #isTouched
  #signature = ""

  constructor(screen, { path, node }) {
    Object.assign(this, { screen, path, node, element: stamp("question") })
    this.element.dataset.path = path
    this.element.dataset.type = node.type
    const width = /\bw([1-3])\b/.exec(node.appearance ?? "")?.[1]
    if (width) this.element.dataset.width = width
    this.#isTouched = screen.isReturning
    const label = part(this.element, "label")
    label.id = `label ${path}`.replaceAll(" ", "-")
    label.tabIndex = -1
    this.element.setAttribute("aria-labelledby", label.id)
    if (node.type !== "note") {
      const Control = controlFor(node, this.record, path)
      this.control = new Control(this)
      part(this.element, "control").append(this.control.element)
    }
    action(this.element, "same").addEventListener("click", () => {
      this.answer(this.#last)
      this.control.show(this.#last)
    })
    this.element.addEventListener("focusout", () => this.touch())
    for (const comment of this.interview.comments(path)) {
      part(this.element, "comments").append(stamp("comment", { words: comment.text }))
    }
    this.refresh()
  }

  get interview() {
    return this.screen.interview
  }

  get record() {
    return this.screen.interview.record
  }

  get #last() {
    return this.interview.suggestion(this.node, this.path)
  }

  get value() {
    return this.record.get(this.path)
  }

  get labelId() {
    return part(this.element, "label").id
  }

  /** Stores an answer (null clears it) and lets the screen follow. */
  answer(value, { isFinal = true } = {}) {
    this.interview.set(this.path, value)
    if (isFinal) this.#isTouched = true
    this.screen.answered()
  }

  touch() {
    if (this.#isTouched) return
    this.#isTouched = true
    this.refresh()
  }

  refresh() {
    const { record, path } = this
    const language = spoken()
    const label = part(this.element, "label")
    const text = record.label(path, language)
    const isOptional = this.node.type !== "note" && !record.isRequired(path) && !record.isReadonly(path)
    const words = JSON.stringify([text, isOptional])
    if (label.dataset.words !== words) {
      label.dataset.words = words
      label.replaceChildren(text, ...(isOptional ? [" ", stamp("optional")] : []))
    }
    part(this.element, "hint").textContent = record.hint(path, language)
    part(this.element, "hint").hidden = !part(this.element, "hint").textContent
    this.control?.refresh?.()
    this.#suggest(language)
    this.#judge()
  }

  #suggest(language) {
    const last = this.#last
    const place = part(this.element, "suggestion")
    const isOpen = last !== undefined && this.value === "" && !this.record.isReadonly(this.path)
    place.hidden = !isOpen
    if (isOpen) part(place, "last").textContent = display(this.record.bundle, this.node, last, language)
  }

  #judge() {
    const own = this.control?.fault?.()
    const problems = this.#isTouched ? this.record.problemsAt(this.path) : []
    // What cannot be read yet is said before what is missing.
    const shown = own && this.#isTouched ? [{ severity: "error", kind: "entry", words: word(own) }] : problems
    const reason = this.interview.confirmed[this.path]
    const signature = JSON.stringify([shown.map((problem) => [problem.kind, problem.words ?? messageOf(problem)]), reason])
    if (signature === this.#signature) return
    this.#signature = signature
    const errors = shown.filter((problem) => problem.severity === "error")
    this.element.classList.toggle("has-error", errors.length > 0)
    this.element.classList.toggle("has-warning", errors.length === 0 && shown.length > 0 && !reason)
    const lines = shown.map((problem) => {
      const line = stamp("problem", { message: problem.words ?? messageOf(problem) })
      line.classList.add(`problem-${problem.severity}`)
      line.dataset.kind = problem.kind
      return line
    })
    if (!errors.length && shown.length) lines.push(this.#confirmation(reason))
    part(this.element, "problems").replaceChildren(...lines)
  }

  #confirmation(reason) {
    if (reason) return stamp("confirmed-here", { reason })
    const form = stamp("confirm-here")
    const input = part(form, "reason")
    const confirm = () => {
      if (!input.value.trim()) return void input.focus()
      this.interview.confirm(this.path, input.value)
      this.refresh()
    }
    action(form, "confirm").addEventListener("click", confirm)
    input.addEventListener("keydown", (event) => event.key === "Enter" && confirm())
    return form
  }

  /** Brings the question into view, above the keyboard, with its problems shown. */
  focus() {
    this.touch()
    this.element.scrollIntoView({ block: "start" })
    scrollBy(0, -72)
    const controls = [...part(this.element, "control").querySelectorAll("input, textarea, button")].filter((one) => one.checkVisibility())
    const place = controls.find((one) => one.checked) ?? controls[0] ?? part(this.element, "label")
    place.focus({ preventScroll: true })
  }

  leave() {
    this.control?.leave?.()
  }
}
