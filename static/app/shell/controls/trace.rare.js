// Walking along a line or around an area: each point is the answer at once, so that whoever is interrupted goes on
// where he stood. No map: a sketch of what was walked, north up, with its scale.

import { areaOf, LEAST, lengthOf, pointsOf, sketch, textOf } from "../../engine/lines.rare.js"
import { watchPlace } from "../media.js"
import { action, ask, number, part, stamp, word } from "../page.js"
import { accuracyOf, accuracyWords } from "./geopoint.js"

const POOR = 30 // metres: a point further off would bend the line
const FRESH = 15000 // milliseconds that a reading is where one stands
const BOX = [320, 200, 28] // as the template's drawing

/** "12 điểm, dài 340 m" of a line, "5 điểm, rộng 1.250 m²" of an area; below the least number of points only these. */
export function lineWords(type, text) {
  const points = pointsOf(text)
  const count = number(points.length)
  if (points.length < LEAST[type]) return word("line.points", { count })
  const isArea = type === "geoshape"
  return word(isArea ? "line.area" : "line.length", {
    count,
    metres: number(Math.round((isArea ? areaOf : lengthOf)(points))),
  })
}

export class Trace {
  /** @type {(() => void) | null} */
  #stop = null
  /** @type {any} */
  #reading = null
  /** @type {number | null} */
  #timer = null
  /** @type {Promise<WakeLockSentinel | null> | null | undefined} */
  #awake = null

  constructor(question) {
    this.question = question
    this.type = question.node.type
    this.wanted = accuracyOf(question.node, POOR)
    this.element = stamp("trace")
    this.points = pointsOf(question.value)
    this.lastAt = 0
    part(this.element, "sketch").dataset.type = this.type
    this.auto = part(this.element, "auto")
    const does = {
      "start-trace": () => this.#start(),
      "add-point": () => this.#add(),
      "stop-trace": () => this.#end(),
      undo: () => this.#give(this.points.slice(0, -1)),
      clear: () => this.#clear(),
    }
    for (const [name, body] of Object.entries(does)) action(this.element, name).addEventListener("click", body)
    this.#draw()
  }

  #start() {
    this.#say(word("place.waiting"))
    this.#stop = watchPlace(
      (found) => {
        this.#reading = { ...found, at: Date.now() }
        const isPoor = found.accuracy > this.wanted.poor
        this.#say(
          isPoor
            ? accuracyWords(found, this.wanted)
            : word("trace.accuracy", { metres: number(Math.ceil(found.accuracy)) }),
          isPoor,
        )
        this.#follow()
        this.#draw()
      },
      (why) => {
        if (this.#reading) return
        this.#end()
        this.#say(word(`place.${why}`))
      },
    )
    this.#timer = setInterval(() => this.#follow(), 1000)
    // A phone that goes to sleep sees no satellites.
    this.#awake = navigator.wakeLock?.request("screen").catch(() => null)
    this.#draw()
    action(this.element, "stop-trace").focus({ preventScroll: true })
  }

  get #isFresh() {
    return this.#reading !== null && Date.now() - this.#reading.at < FRESH
  }

  /** Adds a point by itself where the chosen distance or time has passed; never a poor one. */
  #follow() {
    if (this.#reading && !this.#isFresh) {
      this.#say(word("trace.lost"), true)
      this.#draw()
    }
    const [kind, size] = this.auto.value.split(" ")
    if (!kind || !this.#isFresh || this.#reading.accuracy > this.wanted.poor) return
    const last = this.points.at(-1)
    const isDue = kind === "s" ? Date.now() - this.lastAt >= size * 1000 : lengthOf([last, this.#reading.value]) >= size
    if (!last || isDue) this.#add()
  }

  #add() {
    if (!this.#isFresh || this.#reading.value === this.points.at(-1)) return
    this.lastAt = Date.now()
    this.#give([...this.points, this.#reading.value])
  }

  #give(points) {
    this.points = points
    this.question.answer(textOf(points, this.type) || null, { isFinal: this.#stop === null })
    this.#draw()
  }

  async #clear() {
    const words = lineWords(this.type, textOf(this.points, this.type))
    if (await ask({ title: word("trace.clear"), words, yes: word("trace.clear_yes") })) this.#give([])
  }

  #end() {
    this.leave()
    this.#say("")
    this.#draw()
    this.question.touch()
    this.question.refresh()
    action(this.element, "start-trace").focus({ preventScroll: true })
  }

  #say(text, isPoor = false) {
    const reading = part(this.element, "reading")
    reading.textContent = text
    reading.classList.toggle("is-poor", isPoor)
  }

  #draw() {
    const { points, element } = this
    const isOn = this.#stop !== null
    part(element, "answer").textContent = points.length ? lineWords(this.type, textOf(points, this.type)) : ""
    part(element, "walking").hidden = !isOn
    const start = action(element, "start-trace")
    start.hidden = isOn
    part(start, "start").textContent = word(points.length ? "trace.on" : `trace.${this.type}`)
    action(element, "add-point").disabled = !this.#isFresh
    const isShape = this.type === "geoshape" && points.length >= LEAST.geoshape
    action(element, "stop-trace").textContent = word(isShape ? "trace.close" : "trace.stop")
    action(element, "undo").hidden = !points.length
    action(element, "clear").hidden = isOn || !points.length
    this.#sketch()
  }

  #sketch() {
    const drawing = part(this.element, "sketch")
    const { points } = this
    drawing.toggleAttribute("hidden", !points.length)
    if (!points.length) return
    const { places, bar } = sketch(points, ...BOX)
    const texts = places.map((place) => place.join(" "))
    const isClosed = this.type === "geoshape" && points.length >= LEAST.geoshape
    const draw = (name, path) => part(drawing, name).setAttribute("d", path)
    draw("line", `M${texts.join("L")}${isClosed ? "Z" : ""}`)
    draw("dots", texts.map((text) => `M${text}h0`).join(""))
    draw("here", `M${texts.at(-1)}h0`)
    draw("scale", `M10 ${BOX[1] - 14}v6h${bar.width}v-6`)
    part(drawing, "metres").textContent = `${number(bar.metres)} m`
  }

  show(value) {
    this.points = pointsOf(value)
    this.#draw()
  }

  fault() {
    return this.#stop === null && this.points.length && this.points.length < LEAST[this.type]
      ? `trace.few_${this.type}`
      : null
  }

  leave() {
    this.#stop?.()
    clearInterval(this.#timer)
    this.#awake?.then((lock) => lock?.release())
    this.#stop = this.#timer = this.#awake = this.#reading = null
  }
}
