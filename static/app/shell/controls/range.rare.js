// A number within limits: a slider with buttons beside it, stars, or a list to pick from. Blank until somebody chose.

import { numberWords } from "../../engine/display.js"
import { onRange, rangeOf } from "../typing.js"
import { steps } from "./field.js"
import { action, part, spoken, stamp, word } from "../page.js"

const MOST_STARS = 10
const MOST_PICKED = 500
const MOST_TICKS = 21 // that can be told apart on a narrow screen

class Ranged {
  constructor(question, name) {
    this.question = question
    this.range = rangeOf(question.node.parameters)
    this.element = stamp(name)
    const clear = action(this.element, "clear")
    clear?.addEventListener("click", () => this.give(null))
  }

  /** @this {any} what is shown, and how, is the control's own */
  give(value) {
    this.question.answer(value)
    this.show(value ?? "")
  }

  words(value) {
    return value === "" ? word("range.none") : numberWords(value, spoken())
  }
}

export class Slider extends Ranged {
  constructor(question) {
    super(question, "range")
    const { range, element } = this
    const { looks } = question
    this.slider = part(element, "slider")
    // Also backwards, where the sheet counts down; the slider itself counts steps.
    Object.assign(this.slider, { min: 0, max: range.count - 1, step: 1 })
    this.slider.setAttribute("aria-labelledby", question.labelId)
    element.classList.toggle("range-vertical", looks.has("vertical"))
    const hasTicks = !looks.has("no-ticks") && range.count > 1 && range.count <= MOST_TICKS
    element.classList.toggle("range-ticks", hasTicks)
    element.style.setProperty("--steps", range.count - 1)
    part(element, "start").textContent = this.words(this.#at(0))
    part(element, "end").textContent = this.words(this.#at(range.count - 1))
    this.slider.addEventListener("input", () => this.#chosen())
    // A tap on where the thumb would stand anyway changes nothing, and is an answer all the same.
    this.slider.addEventListener("click", () => this.#chosen())
    this.slider.addEventListener("keydown", ({ key }) => (key === " " || key === "Enter") && this.#chosen())
    steps(element, (by) => {
      const place = Number(this.slider.value) + (this.question.value === "" ? 0 : by)
      this.slider.value = place
      this.#chosen()
    })
    this.show(question.value)
  }

  #at(place) {
    const { range } = this
    return range.at(range.isTurned ? range.count - 1 - place : place)
  }

  #chosen() {
    const value = this.#at(Number(this.slider.value))
    if (value !== this.question.value) this.give(value)
  }

  show(value) {
    const { range, element, slider } = this
    const place = value === "" ? 0 : Math.round((onRange(range, value) - range.low) / range.step)
    slider.value = value !== "" && range.isTurned ? range.count - 1 - place : place
    slider.setAttribute("aria-valuetext", this.words(value))
    element.classList.toggle("is-blank", value === "")
    part(element, "value").textContent = this.words(value)
    action(element, "clear").hidden = value === ""
  }
}

export class Stars extends Ranged {
  constructor(question) {
    super(question, "stars")
    const { range } = this
    this.element.setAttribute("aria-labelledby", question.labelId)
    const place = part(this.element, "stars")
    for (let index = 0; index < Math.min(range.count, MOST_STARS); index += 1) {
      const star = stamp("star")
      const input = star.querySelector("input")
      Object.assign(input, { name: `star ${question.path}`, value: index })
      input.ariaLabel = word("range.star", {
        number: this.words(range.at(index)),
        all: this.words(range.at(range.count - 1)),
      })
      input.addEventListener("change", () => this.give(range.at(index)))
      place.append(star)
    }
    this.show(question.value)
  }

  show(value) {
    const last = value === "" ? -1 : Math.round((value - this.range.low) / this.range.step)
    for (const star of part(this.element, "stars").children) {
      const input = star.querySelector("input")
      input.checked = Number(input.value) === last
      star.classList.toggle("is-lit", Number(input.value) <= last)
    }
    part(this.element, "value").textContent = this.words(value)
    action(this.element, "clear").hidden = value === ""
  }
}

export class Picker extends Ranged {
  constructor(question) {
    super(question, "menu")
    const { range } = this
    this.element.setAttribute("aria-labelledby", question.labelId)
    const values = Array.from({ length: Math.min(range.count, MOST_PICKED) }, (_, index) => range.at(index))
    if (range.isTurned) values.reverse()
    this.element.append(
      new Option(word("range.none"), ""),
      ...values.map((value) => new Option(this.words(value), /** @type {any} */ (value))),
    )
    this.element.addEventListener("change", () =>
      this.give(this.element.value === "" ? null : Number(this.element.value)),
    )
    this.show(question.value)
  }

  show(value) {
    this.element.value = value
  }
}
