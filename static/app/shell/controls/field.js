// Typed answers: text, numbers, dates and times as a few small numbers, one tick, and answers that are only shown.

import { numberWords } from "../../engine/display.js"
import { localText, partsOf, readMoment, readNumber, writeMoment } from "../typing.js"
import { answerWords } from "./answer.js"
import { action, part, number, spoken, stamp } from "../page.js"

/** A name, an address, a number written as text (CCCD: appearance "numbers"), several lines, a link, a secret. */
export class TextField {
  constructor(question) {
    const { looks, node } = question
    this.question = question
    this.element = stamp("text")
    const isLong = looks.has("multiline")
    this.input = isLong ? stamp("multiline") : this.element.querySelector("input")
    if (isLong) {
      this.element.prepend(this.input)
      this.input.nextSibling.remove()
      this.input.rows = Math.min(Number(node.parameters?.rows) || 3, 20)
    }
    this.link = part(this.element, "link")
    this.isLink = looks.has("url")
    this.input.classList.toggle("masked", looks.has("masked"))
    if (looks.has("numbers")) {
      this.input.inputMode = "numeric"
      this.input.classList.add("input-number")
    }
    if (this.isLink) Object.assign(this.input, { inputMode: "url", autocapitalize: "none" })
    this.input.setAttribute("aria-labelledby", question.labelId)
    this.input.addEventListener("input", () => {
      question.answer(this.input.value, { isFinal: false })
      this.#lead()
    })
    this.show(question.value)
  }

  show(value) {
    this.input.value = value
    this.#lead()
  }

  // Only to pages of the web: whatever else stands there is text.
  #lead() {
    const { value } = this.input
    this.link.hidden = !this.isLink || !/^https?:\/\/\S+$/i.test(value)
    if (!this.link.hidden) this.link.href = value
  }
}

/** Buttons that make a number smaller and larger; `onStep(-1 | 1)`. */
export function steps(element, onStep) {
  for (const [name, by] of [
    ["less", -1],
    ["more", 1],
  ])
    action(element, name).addEventListener("click", () => onStep(by))
}

export class NumberField {
  constructor(question) {
    const { looks, node } = question
    this.question = question
    this.isDecimal = node.type !== "integer"
    this.isGrouped = looks.has("thousands-sep")
    this.element = stamp("number")
    this.input = this.element.querySelector("input")
    this.input.inputMode = this.isDecimal ? "decimal" : "numeric"
    this.input.setAttribute("aria-labelledby", question.labelId)
    this.input.addEventListener("input", () => this.#typed())
    // Some keypads have no minus: where the form speaks of one, there is a button.
    this.isSigned = /"neg"|[[,]-\d/.test(JSON.stringify(node.constraint ?? ""))
    const sign = action(this.element, "sign")
    sign.hidden = !this.isSigned
    sign.addEventListener("click", () => {
      const { value } = this.input
      this.input.value = value.startsWith("-") ? value.slice(1) : `-${value}`
      this.#typed()
      this.input.focus()
    })
    const isCounter = looks.has("counter")
    for (const name of ["less", "more"]) action(this.element, name).hidden = !isCounter
    steps(this.element, (by) => {
      const next = (readNumber(this.input.value, this.isDecimal) ?? (by < 0 ? 1 : -1)) + by
      if (next < 0 && !this.isSigned) return
      this.show(next)
      question.answer(next)
    })
    this.show(question.value)
  }

  #typed() {
    let allowed = this.input.value.replace(/[^\d.,-]/g, "").slice(0, 20)
    // The signs that were put between thousands count for nothing: the next digit has moved them.
    if (this.isGrouped) allowed = allowed.replaceAll(number(1000)[1], "")
    const value = readNumber(allowed, this.isDecimal)
    const isAtEnd = this.input.selectionStart === this.input.value.length
    if (this.isGrouped && isAtEnd && Number.isInteger(value) && /^-?\d+$/.test(allowed)) allowed = number(value)
    if (allowed !== this.input.value) this.input.value = allowed
    this.#spell(value)
    this.question.answer(value, { isFinal: false })
  }

  // Long numbers are read back with their points, and so is what was written with a sign: a nought too many is seen at
  // once.
  #spell(value) {
    const isUnclear = value !== null && (Math.abs(value) >= 10000 || (this.isDecimal && /[.,]/.test(this.input.value)))
    const words = isUnclear ? numberWords(value, spoken()) : ""
    part(this.element, "spelled").textContent = words && words !== this.input.value ? `= ${words}` : ""
  }

  show(value) {
    const text = String(value).replace(".", spoken() === "en" ? "." : ",")
    this.input.value = value !== "" && this.isGrouped && Number.isInteger(value) ? number(value) : text
    this.#spell(value === "" ? null : value)
  }

  fault() {
    if (!this.input.value || readNumber(this.input.value, this.isDecimal) !== null) return null
    return this.isDecimal ? "number.unreadable" : "number.whole"
  }
}

/** A date, a time of day, or both: two to five small numbers, which go on by themselves when one is full. */
export class Moment {
  constructor(question) {
    const { type } = question.node
    this.question = question
    this.type = type
    this.element = stamp("moment")
    this.names = partsOf(type, (look) => question.looks.has(look))
    for (const name of ["day", "month", "year", "hour", "minute"]) {
      if (!this.names.includes(name)) part(this.element, name).closest("label").remove()
    }
    for (const row of this.element.querySelectorAll(".date")) if (!row.children.length) row.remove()
    this.inputs = this.names.map((name) => part(this.element, name))
    this.inputs.forEach((input, index) => input.addEventListener("input", () => this.#typed(input, index)))
    const now = action(this.element, "now")
    now.hidden = type === "date"
    now.addEventListener("click", () => {
      this.show(localText(new Date()))
      this.#answer(true)
    })
    this.show(question.value)
  }

  #typed(input, index) {
    input.value = input.value.replace(/\D/g, "")
    const most = { day: 3, month: 1, hour: 2, minute: 5 }[this.names[index]]
    const isFull = input.value.length === input.maxLength || (input.value.length === 1 && Number(input.value) > most)
    if (isFull) this.inputs[index + 1]?.focus()
    this.#answer(false)
  }

  get #texts() {
    return Object.fromEntries(this.names.map((name, index) => [name, this.inputs[index].value]))
  }

  #read() {
    return readMoment(this.type, this.#texts, new Date())
  }

  #answer(isFinal) {
    this.question.answer(this.#read(), { isFinal })
  }

  show(value) {
    const texts = writeMoment(value)
    this.names.forEach((name, index) => (this.inputs[index].value = texts[name]))
  }

  fault() {
    const texts = this.inputs.map((input) => input.value)
    if (!texts.some(Boolean) || this.#read()) return null
    const isWhole = texts.every(Boolean) && (this.#texts.year ?? "1979").length === 4
    if (this.type === "date" && this.names.length === 3) return isWhole ? "date.impossible" : "date.incomplete"
    return isWhole ? "moment.impossible" : "moment.incomplete"
  }
}

/** One big tick: read, understood, agreed. */
export class Acknowledge {
  constructor(question) {
    this.question = question
    this.element = stamp("acknowledge")
    this.input = this.element.querySelector("input")
    this.input.setAttribute("aria-describedby", question.labelId)
    this.input.addEventListener("change", () => question.answer(this.input.checked ? "OK" : null))
    this.show(question.value)
  }

  show(value) {
    this.input.checked = value !== ""
  }
}

export class ReadOnly {
  constructor(question) {
    this.question = question
    this.element = stamp("readonly")
    this.refresh()
  }

  refresh() {
    const { record, node, value } = this.question
    this.element.textContent = answerWords(record.bundle, node, value, spoken())
  }

  show() {
    this.refresh()
  }
}
