// When the phone talks with the server: one window at a time, again after a failure, never twice at once.

import { Line } from "./pace.js"
import { pause } from "./reply.js"

const NEXT = 900 // seconds until the phone looks again by itself when all went well

/** So that phones do not come in step. */
const spread = (seconds) => seconds * (0.5 + Math.random())

/**
 * Runs `outbox` when there is reason to, one tab at a time, and again later after a failure.
 * `onState({busy, step, done, total, stopped, runs})` is told each change; stopped is null, or why the last run ended
 * early; runs counts those that ended, either way.
 */
export class Sync {
  #make
  #onState
  #tries = 0
  #line = new Line()
  /** @type {number | null} */
  #timer = null
  /** @type {SyncState} */
  #state = { busy: false, stopped: null, runs: 0 }

  /** `makeOutbox(report, wish)` gives null while nothing may be read or sent: the phone is locked. */
  constructor(makeOutbox, onState) {
    this.#make = makeOutbox
    this.#onState = onState
  }

  get state() {
    return this.#state
  }

  #tell(change) {
    this.#state = { ...this.#state, ...change }
    this.#onState(this.#state)
  }

  /**
   * Now, unless this or another tab is at it already: then nothing. `wish`: {originals: true} sends photos by any line.
   */
  now(wish = {}) {
    this.#line.rests.end()
    return this.#talk(wish)
  }

  #talk(wish) {
    clearTimeout(this.#timer)
    return navigator.locks.request("so-ho sync", { ifAvailable: true }, async (lock) => {
      const outbox = lock && this.#make((progress) => this.#tell(progress), { ...wish, line: this.#line })
      if (!outbox) return this.later(spread(NEXT)) // another window is at it, and may be gone by then
      this.#tell({ busy: true, step: "hello", done: 0, total: 0 })
      const stopped = await outbox.run().then(
        () => null,
        (error) => error,
      )
      // What went shows that there is a line: the pauses begin anew.
      this.#tries = !stopped ? 0 : stopped.hasMoved ? 1 : this.#tries + 1
      this.#tell({ busy: false, stopped, runs: this.#state.runs + 1 })
      // Signing in brings the page back by itself; everything else is tried again.
      if (!["sign_in", "other_account"].includes(stopped?.act)) this.later(this.#seconds(stopped))
    })
  }

  /** Seconds until the next talk: what rests alone has its own pause, what else failed the pause of them all. */
  #seconds(stopped) {
    if (!stopped) return spread(NEXT)
    return Math.min(
      ...stopped.parts.map((one) =>
        one.rests ? this.#line.rests.seconds(one.part) : (one.seconds ?? pause(this.#tries)),
      ),
    )
  }

  later(seconds) {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#talk({}), seconds * 1000)
  }
}
