// Typed answers: text, numbers, dates as three small numbers, times, and answers that are only shown.

import { part, number, spoken, stamp } from "./page.js"

/** A name, an address, a number written as text (CCCD: appearance "numbers"), several lines. */
export class TextField {
  constructor(question) {
    this.question = question
    const looks = (question.node.appearance ?? "").split(" ")
    this.element = stamp(looks.includes("multiline") ? "multiline" : "text")
    if (looks.includes("numbers")) {
      this.element.inputMode = "numeric"
      this.element.classList.add("input-number")
    }
    this.element.setAttribute("aria-labelledby", question.labelId)
    this.element.addEventListener("input", () => question.answer(this.element.value, { isFinal: false }))
    this.show(question.value)
  }

  show(value) {
    this.element.value = value
  }
}

/** "1.500.000" and "1500000" are one number; a decimal's comma and point are one sign. null: not (yet) a number. */
export function readNumber(text, isDecimal) {
  let plain = text.replace(/\s/g, "")
  if (!isDecimal) plain = plain.replace(/[.,]/g, "")
  else {
    plain = plain.replace(/,/g, ".")
    if ((plain.match(/\./g) ?? []).length > 1) plain = plain.replace(/\./g, "")
  }
  const value = /^-?\d{1,15}(\.\d{0,6})?$/.test(plain) ? Number(plain) : null
  return value !== null && Math.abs(value) <= 9e15 ? value : null
}

export class NumberField {
  constructor(question) {
    this.question = question
    this.isDecimal = question.node.type !== "integer"
    this.element = stamp("number")
    this.input = this.element.querySelector("input")
    this.input.inputMode = this.isDecimal ? "decimal" : "numeric"
    this.input.setAttribute("aria-labelledby", question.labelId)
    this.input.addEventListener("input", () => this.#typed())
    this.show(question.value)
  }

  #typed() {
    const allowed = this.input.value.replace(/[^\d.,-]/g, "").slice(0, 20)
    if (allowed !== this.input.value) this.input.value = allowed
    const value = readNumber(allowed, this.isDecimal)
    this.#spell(value)
    this.question.answer(value, { isFinal: false })
  }

  // Long numbers are read back with their points: a nought too many is seen at once.
  #spell(value) {
    part(this.element, "spelled").textContent = value !== null && Math.abs(value) >= 10000 ? `= ${number(value)}` : ""
  }

  show(value) {
    this.input.value = value === "" ? "" : String(value).replace(".", spoken() === "en" ? "." : ",")
    this.#spell(value === "" ? null : value)
  }

  fault() {
    return this.input.value && readNumber(this.input.value, this.isDecimal) === null ? "problem.other" : null
  }
}

/** → "2026-11-23", or null when there is no such day. */
export function readDate(day, month, year) {
  if (!/^\d{1,2}$/.test(day) || !/^\d{1,2}$/.test(month) || !/^\d{4}$/.test(year)) return null
  const text = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text) ? text : null
}

export class DateParts {
  constructor(question) {
    this.question = question
    this.element = stamp("date")
    this.inputs = ["day", "month", "year"].map((name) => part(this.element, name))
    this.inputs.forEach((input, index) => input.addEventListener("input", () => this.#typed(input, index)))
    this.show(question.value)
  }

  #typed(input, index) {
    input.value = input.value.replace(/\D/g, "")
    const isFull = input.value.length === input.maxLength || (input.value.length === 1 && Number(input.value) > (index === 0 ? 3 : 1))
    if (index < 2 && isFull) this.inputs[index + 1].focus()
    this.question.answer(readDate(...this.inputs.map((one) => one.value)), { isFinal: false })
  }

  show(value) {
    const [year, month, day] = value ? value.split("-") : ["", "", ""]
    ;[day, month, year].forEach((text, index) => (this.inputs[index].value = text))
  }

  fault() {
    const texts = this.inputs.map((input) => input.value)
    if (!texts.some(Boolean) || readDate(...texts)) return null
    return texts.every(Boolean) && texts[2].length === 4 ? "date.impossible" : "date.incomplete"
  }
}

/** Times: the phone's own picker. */
export class Native {
  constructor(question) {
    this.question = question
    this.isMoment = question.node.type === "dateTime"
    this.element = stamp("native")
    this.element.type = this.isMoment ? "datetime-local" : "time"
    this.element.setAttribute("aria-labelledby", question.labelId)
    this.element.addEventListener("input", () => {
      const { value } = this.element
      question.answer(value && this.isMoment ? new Date(value).toISOString() : value || null)
    })
    this.show(question.value)
  }

  show(value) {
    if (!value || !this.isMoment) this.element.value = value
    else {
      const at = new Date(value)
      this.element.value = new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16)
    }
  }
}

export class ReadOnly {
  constructor(question) {
    this.question = question
    this.element = stamp("readonly")
    this.refresh()
  }

  refresh() {
    this.element.textContent = this.question.record.displayValue(this.question.path, spoken())
  }

  show() {
    this.refresh()
  }
}
