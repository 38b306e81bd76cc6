// How much goes in one call, how long it is waited for, and what is left alone for a while. fetch does not say how far
// a body has come: so each call carries what this line takes in a few seconds, as the calls before it have shown. Pure.

import { isBroken, pause } from "./reply.js"

const AIM = 3000 // milliseconds that a call should take: what a line that breaks costs at most
const SLOWEST = 2 // bytes a millisecond: the slowest line that is served
const ANSWER = 30_000 // milliseconds that an answer may take when nothing more is to be sent

// Milliseconds: a phone's date may be put right meanwhile.
export const now = () => globalThis.performance?.now() ?? Date.now()

/**
 * Sizes of the calls of one kind, in bytes or in records: never below `least`, `first` until the line is known, never
 * above `most`.
 */
export class Pace {
  #rate = 0 // a millisecond, as the last calls had it
  #sure = Infinity // sizes up to this one are found quickly, larger ones with care: one of twice as much broke off

  constructor(least, first, most) {
    this.least = least
    this.most = most
    this.size = first
  }

  #set(size) {
    this.size = Math.round(Math.min(this.most, Math.max(this.least, size)))
  }

  /** A call of `size` was answered after so many milliseconds. What is small says little of what a large one takes. */
  went(size, took) {
    const rate = size / Math.max(1, took)
    if (took > 2 * AIM) this.#set(Math.min(this.size / 2, rate * AIM))
    else if (size > this.size / 2)
      this.#set(Math.min(this.size < this.#sure ? Math.min(2 * this.size, this.#sure) : 1.2 * this.size, rate * AIM))
    else return
    this.#rate = rate
  }

  /** A call of `size` broke off; `took` is null where the line was cut, else for how long it was waited in vain. */
  broke(size, took = null) {
    if (size < this.least) return // it was not for its size
    if (took) this.#rate = size / took
    else if (size <= this.size / 2) return
    this.#sure = size / 2
    this.#set(Math.min(size / 2, this.size, took ? this.#rate * AIM : Infinity))
  }

  /**
   * Milliseconds that a call of so many bytes may take: many times what the line took before, at most what the slowest
   * takes.
   */
  patience(bytes) {
    return ANSWER + bytes / Math.max(SLOWEST, this.#rate / 8)
  }
}

/**
 * After a line broke: is there reason to try at once? When less is tried now; where it was cut, also when something
 * went since the last time.
 */
export class Insistence {
  /** `moved()` counts what went so far. */
  constructor(pace, moved) {
    this.pace = pace
    this.moved = moved
    this.size = pace.size
    this.seen = moved()
  }

  /** @param {Verdict} stopped */
  may({ why }) {
    const { seen, size } = this
    this.seen = this.moved()
    this.size = this.pace.size
    return isBroken(why) && (this.size < size || (why === "unreachable" && seen !== this.seen))
  }
}

/** What of talks failed by its own fault, part by part, each left alone for a while of its own. */
export class Rests {
  #of = new Map() // part → {tries, until, stopped}

  /** Why a part is left alone now; null: it is due. */
  of(part) {
    const one = this.#of.get(part)
    return one && now() < one.until ? one.stopped : null
  }

  failed(part, stopped) {
    const tries = (this.#of.get(part)?.tries ?? 0) + 1
    const until = now() + (stopped.seconds ?? pause(tries)) * 1000
    this.#of.set(part, { tries, until, stopped: Object.assign(stopped, { rests: true }) })
  }

  went(part) {
    this.#of.delete(part)
  }

  /** Somebody wants it now: everything is due. */
  end() {
    for (const one of this.#of.values()) one.until = 0
  }

  /** Seconds until a part that rests is due. */
  seconds(part) {
    return Math.max(1, (this.#of.get(part).until - now()) / 1000)
  }
}

/**
 * What a page has learnt of its line and its office: what a call with a body may carry, and how many households are
 * asked for at once; what rests; `suspects`: entries that the office could not take; `begun`: files that were sent
 * whole, and may be there; `isDeaf`: it gave no answer when it was asked what is there.
 */
export class Line {
  bytes = new Pace(AIM * SLOWEST, 16_000, 1_000_000)
  households = new Pace(5, 50, 200)
  rests = new Rests()
  suspects = new Set()
  begun = new Set()
  isDeaf = false
}
