// Putting answers in order: each row goes up or down by a button, or by pulling it. Untouched it is no answer.

import { offered } from "./choice.js"
import { action, inLanguage, part, spoken, stamp, word } from "../page.js"
import { write } from "../words.js"

export class Rank {
  /** @type {string | null} */
  #signature = null

  constructor(question) {
    this.question = question
    this.element = stamp("rank")
    this.list = part(this.element, "list")
    this.list.setAttribute("aria-labelledby", question.labelId)
    action(this.element, "keep").addEventListener("click", () => this.#give())
    action(this.element, "clear").addEventListener("click", () => {
      question.answer(null)
      this.show("")
      action(this.element, "keep").focus()
    })
    this.refresh()
  }

  refresh() {
    const choices = offered(this.question)
    const signature = JSON.stringify([choices.map((choice) => choice.name), spoken()])
    if (signature === this.#signature) return
    this.#signature = signature
    /** @type {string[]} */
    this.names = choices.map((choice) => choice.name)
    /** @type {Map<string, any>} */
    this.rows = new Map(choices.map((choice) => [choice.name, this.#row(choice)]))
    this.show(this.question.value)
  }

  #row({ name, label }) {
    const row = stamp("rank-row")
    write(part(row, "label"), inLanguage(label) || name)
    row.dataset.name = name
    for (const [way, by] of /** @type {[string, number][]} */ ([
      ["up", -1],
      ["down", 1],
    ])) {
      const button = action(row, way)
      button.setAttribute("aria-description", part(row, "label").textContent)
      button.addEventListener("click", () => {
        this.#move(name, this.order.indexOf(name) + by)
        if (button.ariaDisabled === "true") action(row, by < 0 ? "down" : "up").focus() // at the end of its way
      })
    }
    this.#pull(row, name)
    return row
  }

  /** The row follows the finger; where its middle has passed another's, they change places. */
  #pull(row, name) {
    const handle = part(row, "handle")
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId)
      row.classList.add("is-pulled")
    })
    handle.addEventListener("pointermove", ({ clientY }) => {
      if (!row.classList.contains("is-pulled")) return
      const over = this.order.findIndex((other) => {
        const { top, bottom } = this.rows.get(other).getBoundingClientRect()
        return clientY >= top && clientY <= bottom
      })
      if (over >= 0 && this.order[over] !== name) this.#move(name, over)
    })
    const end = () => row.classList.remove("is-pulled")
    for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) handle.addEventListener(kind, end)
  }

  #move(name, to) {
    if (to < 0 || to >= this.order.length) return
    const from = this.order.indexOf(name)
    this.order.splice(to, 0, ...this.order.splice(from, 1))
    // The others move around it: the row that is held or has the focus stays where it is in the document.
    const others = this.order
      .slice(to < from ? to + 1 : from, to < from ? from + 1 : to)
      .map((one) => this.rows.get(one))
    if (to < from) this.rows.get(name).after(...others)
    else this.rows.get(name).before(...others)
    this.#give()
  }

  #give() {
    const value = this.order.join(" ")
    this.question.answer(value)
    this.show(value)
  }

  show(value) {
    const given = value.split(" ").filter((name) => this.rows.has(name))
    // What came to be offered since stands at the end, and the order is one only when it holds them all.
    /** @type {string[]} */
    this.order = [...given, ...this.names.filter((name) => !given.includes(name))]
    const rows = this.order.map((name) => this.rows.get(name))
    if (rows.some((row, index) => this.list.children[index] !== row)) this.list.replaceChildren(...rows)
    rows.forEach((row, index) => {
      part(row, "place").textContent = value ? `${index + 1}.` : "–"
      action(row, "up").ariaDisabled = String(index === 0)
      action(row, "down").ariaDisabled = String(index === rows.length - 1)
    })
    this.element.classList.toggle("is-blank", !value)
    part(this.element, "status").textContent = word(value ? "rank.given" : "rank.none")
    action(this.element, "keep").hidden = Boolean(value)
    action(this.element, "clear").hidden = !value
  }
}
