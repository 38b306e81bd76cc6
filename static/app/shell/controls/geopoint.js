// The position of the house: a reading that lives until somebody keeps it, or coordinates that somebody types.

import { watchPlace } from "../media.js"
import { readDegrees } from "../typing.js"
import { placeWords } from "./answer.js"
import { action, number, part, stamp, word } from "../page.js"

const POOR = 100 // metres above which ODK calls a reading poor, where the form says nothing

/** What the form asks of a reading, in metres: `good` is kept at once (null: never by itself), `poor` is warned of. */
export function accuracyOf({ parameters = {} }, poor = POOR) {
  return { good: Number(parameters["capture-accuracy"]) || null, poor: Number(parameters["warning-accuracy"]) || poor }
}

/** How exact a reading is, and what to do about it. */
export function accuracyWords({ accuracy }, { good, poor }) {
  const values = { metres: number(Math.ceil(accuracy)), good }
  return word(accuracy > poor ? "place.poor" : good && accuracy > good ? "place.target" : "place.accuracy", values)
}

export class Place {
  /** @type {(() => void) | null} */
  #stop = null
  /** @type {any} */
  #reading = null

  constructor(question) {
    this.question = question
    this.wanted = accuracyOf(question.node)
    this.element = stamp("place")
    this.typed = ["lat", "lon"].map((name) => part(this.element, name))
    for (const input of this.typed) input.addEventListener("input", () => this.#type())
    action(this.element, "read-place").addEventListener("click", () => this.#read())
    action(this.element, "keep-place").addEventListener("click", () => this.#keep())
    action(this.element, "clear").addEventListener("click", () => {
      this.leave()
      question.answer(null)
      this.show("")
    })
    this.show(question.value)
  }

  #read() {
    this.leave()
    const reading = part(this.element, "reading")
    reading.textContent = word("place.waiting")
    action(this.element, "read-place").hidden = true
    this.#stop = watchPlace(
      (found) => {
        this.#reading = found
        reading.textContent = accuracyWords(found, this.wanted)
        reading.classList.toggle("is-poor", found.accuracy > this.wanted.poor)
        action(this.element, "keep-place").hidden = false
        if (this.wanted.good && found.accuracy <= this.wanted.good) this.#keep()
      },
      (why) => {
        if (this.#reading) return // a later reading may fail; the one we have stands
        this.leave()
        reading.textContent = word(`place.${why}`)
        action(this.element, "read-place").hidden = false
        part(this.element, "typing").open = true // what is left to do
      },
    )
  }

  #keep() {
    const { value } = this.#reading
    this.leave()
    this.question.answer(value)
    this.show(value)
  }

  #type() {
    const [lat, lon] = this.typed
    // Both at once, as maps give them to copy.
    const both = /^\s*(-?\d+\.\d+)[,;\s]+(-?\d+\.\d+)\s*$/.exec(lat.value)
    if (both) [lat.value, lon.value] = both.slice(1)
    this.leave()
    const degrees = [readDegrees(lat.value, 90), readDegrees(lon.value, 180)]
    const value = degrees.includes(null) ? null : `${degrees.join(" ")} 0 0`
    this.question.answer(value, { isFinal: false })
    this.#draw(value ?? "")
  }

  show(value) {
    for (const input of this.typed) input.value = ""
    this.#draw(value)
  }

  #draw(value) {
    const answer = part(this.element, "answer")
    answer.hidden = !value
    if (value) answer.textContent = placeWords(value)
    part(this.element, "reading").textContent = ""
    part(this.element, "read").textContent = word(value ? "place.again" : "place.read")
    action(this.element, "read-place").hidden = false
    action(this.element, "keep-place").hidden = true
    action(this.element, "clear").hidden = !value
  }

  fault() {
    return this.typed.some(({ value }) => value) && this.question.value === "" ? "place.degrees" : null
  }

  leave() {
    this.#stop?.()
    this.#stop = null
    this.#reading = null
  }
}
