// The programs that patterns of `regex()` were compiled to on the server, walked in linear time.
// ⇄ survey/form/patterns.py, which reads patterns, compiles them and walks them itself.
import { TooMuch } from "./budget.js"

const MOST_STATES = 500 // sets of places that are kept with what follows after a letter
const MOST_MOVES = 5000 // of all of them together

/** Whether a letter's number is within the ranges [first, last, first, last, …], which are in order. */
function has(ranges, code) {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ranges[middle] <= code) low = middle + 1
    else high = middle
  }
  return low % 2 === 1 || (low > 0 && ranges[low - 1] === code)
}

export class Pattern {
  #classes
  #program
  #states
  #moves
  #dead
  #start

  /** `made` as it came: ["pattern", longest, classes, program]; anything else is not walked. */
  constructor(made) {
    this.isKnown = Array.isArray(made)
    if (!this.isKnown) return
    const [, longest, classes, program] = made
    this.longest = longest // letters of the longest text that it matches; null without an end
    this.#classes = classes
    this.#program = program
    this.positions = program.filter((one) => one >= 0 && !Array.isArray(one)).length
    this.#forget()
  }

  /** Whether the whole text matches. */
  matches(text) {
    if (!this.isKnown) throw new TooMuch()
    let state = this.#start
    for (const letter of text) {
      state = state.moves.get(letter) ?? this.#moved(state, letter)
      if (state === this.#dead) return false
    }
    return state.accepts
  }

  /** How many places the walk over a text stands at, one after another: what it takes, whatever is kept. */
  placesIn(text) {
    if (!this.isKnown) throw new TooMuch()
    let state = this.#start
    let found = 0
    for (const letter of text) {
      state = state.moves.get(letter) ?? this.#moved(state, letter)
      found += 1 + state.places.length
      if (state === this.#dead) break
    }
    return found
  }

  #forget() {
    this.#dead = { places: [], accepts: false, moves: new Map() }
    this.#states = new Map([["", this.#dead]])
    this.#moves = 0
    this.#start = this.#state([0])
  }

  #moved(state, letter) {
    if (this.#moves >= MOST_MOVES || this.#states.size >= MOST_STATES) this.#forget()
    const code = letter.codePointAt(0)
    const holds = new Map()
    const reached = state.places.filter((place) => {
      const wanted = this.#program[place]
      if (!holds.has(wanted)) holds.set(wanted, has(this.#classes[wanted], code))
      return holds.get(wanted)
    })
    const found = this.#state(reached.map((place) => place + 1))
    state.moves.set(letter, found)
    this.#moves += 1
    return found
  }

  /** The state of these places and of all that they lead to without a letter. */
  #state(places) {
    const seen = new Set()
    const waiting = [...places]
    while (waiting.length) {
      const place = waiting.pop()
      if (seen.has(place)) continue
      seen.add(place)
      const step = this.#program[place]
      if (Array.isArray(step)) waiting.push(...step)
    }
    const kept = [...seen].filter((place) => !Array.isArray(this.#program[place])).sort((a, b) => a - b)
    const key = kept.join()
    if (!this.#states.has(key)) {
      const letters = kept.filter((place) => this.#program[place] >= 0)
      this.#states.set(key, { places: letters, accepts: letters.length < kept.length, moves: new Map() })
    }
    return this.#states.get(key)
  }
}
