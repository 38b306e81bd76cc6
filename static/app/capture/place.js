// The position of the house: a reading that lives until somebody keeps it.

import { watchPlace } from "../media.js"
import { action, number, part, stamp, word } from "./page.js"

/** "21.4, 103.7 (sai số 12 m)" of a geopoint's text. */
export function placeWords(value) {
  const [lat, lon, , metres] = value.split(" ")
  return word("place.answer", { lat, lon, metres: number(Math.ceil(Number(metres))) })
}

export class Place {
  #stop = null
  #reading = null

  constructor(question) {
    this.question = question
    this.element = stamp("place")
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
        reading.textContent = word("place.accuracy", { metres: number(Math.ceil(found.accuracy)) })
        action(this.element, "keep-place").hidden = false
      },
      (why) => {
        if (this.#reading) return // a later reading may fail; the one we have stands
        this.leave()
        reading.textContent = word(`place.${why}`)
        action(this.element, "read-place").hidden = false
      },
    )
  }

  #keep() {
    const { value } = this.#reading
    this.leave()
    this.question.answer(value)
    this.show(value)
  }

  show(value) {
    const answer = part(this.element, "answer")
    answer.hidden = !value
    if (value) answer.textContent = placeWords(value)
    part(this.element, "reading").textContent = ""
    part(this.element, "read").textContent = word(value ? "place.again" : "place.read")
    action(this.element, "read-place").hidden = false
    action(this.element, "keep-place").hidden = true
    action(this.element, "clear").hidden = !value
  }

  leave() {
    this.#stop?.()
    this.#stop = null
    this.#reading = null
  }
}
