// One question: its words, last year's answer in grey, the control, and what is wrong with the answer under it.

import { answerWords } from "./answer.js"
import { selectFor } from "./choice.js"
import { controlFor } from "./controls.js"
import { kit } from "../formkit.js"
import { action, inLanguage, part, spoken, stamp, word } from "../page.js"
import { plainText, write } from "../words.js"

const isSelect = ({ type }) => type === "select_one" || type === "select_multiple"

/** The message of a problem in the reader's language. */
export const messageOf = ({ kind, message }) =>
  plainText(inLanguage(message)) || word(kind === "required" ? "problem.required" : "problem.other")

export class Question {
  #isTouched
  #signature = ""

  /** `looks` are the words of the appearance, and what the group around asks of it. */
  constructor(screen, { path, node }, looks = []) {
    this.screen = screen
    this.path = path
    /** @type {FormNode} */
    this.node = node
    this.element = stamp("question")
    this.looks = new Set([...(node.appearance ?? "").split(" "), ...looks])
    this.element.dataset.path = path
    this.element.dataset.type = node.type
    const width = /\bw([1-3])\b/.exec(node.appearance ?? "")?.[1]
    if (width) this.element.dataset.width = width
    this.#isTouched = screen.isReturning
    const label = part(this.element, "label")
    label.id = `label ${path}`.replaceAll(" ", "-")
    label.tabIndex = -1
    this.element.setAttribute("aria-labelledby", label.id)
    action(this.element, "same").addEventListener("click", () => {
      this.answer(this.#last)
      this.control.show(this.#last)
    })
    // From the day to the month one is still answering.
    this.element.addEventListener(
      "focusout",
      ({ relatedTarget }) => this.element.contains(relatedTarget) || this.touch(),
    )
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
    const text = this.node.label || !this.node.media ? record.label(path, language) : ""
    const isOptional =
      this.node.type !== "note" && !this.looks.has("label") && !record.isRequired(path) && !record.isReadonly(path)
    write(part(this.element, "label"), text, ...(isOptional ? [stamp("optional")] : []))
    this.#beside("hint", record.hint(path, language))
    this.#beside("guidance", this.node.guidance ? record.guidance(path, language) : "")
    this.#enclose(this.node.media ? record.media(path, language) : null, plainText(text))
    this.#ask()
    this.control?.refresh?.()
    this.#suggest(language)
    this.#judge()
  }

  /** The control, another one when a filter or a rule calls for it: a list may be empty now and long in a moment. */
  #ask() {
    const { node, record, path } = this
    if (node.type === "note" || (this.control && !node.choice_filter && !node.readonly)) return
    const Control = isSelect(node) && !record.isReadonly(path) ? selectFor(this) : controlFor(node, record, path)
    if (this.control?.constructor === Control) return
    this.control?.leave?.()
    this.control = new Control(this)
    part(this.element, "control").replaceChildren(this.control.element)
  }

  #beside(name, text) {
    const place = part(this.element, name)
    place.closest("[data-beside]").hidden = !text
    if (text) write(place, text)
  }

  #enclose(media, words) {
    const place = part(this.element, "media")
    const key = JSON.stringify(media)
    if (!media || place.dataset.media === key) return
    place.dataset.media = key
    place.replaceChildren(...kit.enclosed(media, this.interview, words))
  }

  #suggest(language) {
    const last = this.#last
    const place = part(this.element, "suggestion")
    const isOpen = last !== undefined && this.value === "" && !this.record.isReadonly(this.path)
    place.hidden = !isOpen
    if (isOpen) part(place, "last").textContent = answerWords(this.record.bundle, this.node, last, language)
  }

  #judge() {
    const own = this.control?.fault?.()
    const problems = this.#isTouched ? this.record.problemsAt(this.path) : []
    // What cannot be read yet is said before what is missing.
    const shown = own && this.#isTouched ? [{ severity: "error", kind: "entry", words: word(own) }] : problems
    const reason = this.interview.confirmed[this.path]
    const signature = JSON.stringify([
      shown.map((problem) => [problem.kind, problem.words ?? messageOf(problem)]),
      reason,
    ])
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

  /** Answered with one tap: the next question, here or on the next screen. */
  goOn() {
    this.screen.goOn(this)
  }

  /** Brings the question into view, above the keyboard; with its problems shown to somebody who came to mend them. */
  focus({ isNew = false } = {}) {
    if (!isNew) this.touch()
    this.element.scrollIntoView({ block: "start" })
    scrollBy(0, -72)
    const controls = [...part(this.element, "control").querySelectorAll("input, textarea, select, button")].filter(
      (one) => one.getClientRects().length,
    )
    const place = controls.find((one) => one.checked) ?? controls[0] ?? part(this.element, "label")
    place.focus({ preventScroll: true })
  }

  leave() {
    this.control?.leave?.()
  }
}
