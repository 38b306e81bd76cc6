// When the phone talks with the server: one window at a time, again after a failure, never twice at once.

import { Stopped } from "./outbox.js"
import { pause } from "./verdict.js"

const NEXT = 900 // seconds until the phone looks again by itself when all went well

/**
 * Runs `outbox` when there is reason to, one tab at a time, and again later after a failure.
 * `onState({busy, step, done, total, stopped, runs})` is told each change; stopped is null, or why the last run ended
 * early; runs counts those that ended, either way.
 */
export class Sync {
  #make
  #onState
  #tries = 0
  #timer = null
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

  /** Now, unless this or another tab is at it already: then nothing. `wish`: {originals: true} sends photos by any line. */
  now(wish = {}) {
    clearTimeout(this.#timer)
    return navigator.locks.request("so-ho sync", { ifAvailable: true }, async (lock) => {
      const outbox = lock && this.#make((progress) => this.#tell(progress), wish)
      if (!outbox) return
      this.#tell({ busy: true, step: "hello", done: 0, total: 0 })
      let stopped = null
      try {
        await outbox.run()
      } catch (error) {
        const why = error?.name === "QuotaExceededError" ? "phone_full" : "app"
        stopped = error instanceof Stopped ? error : new Stopped({ act: "wait", seconds: null, why, cause: error })
      }
      this.#tries = stopped ? this.#tries + 1 : 0
      this.#tell({ busy: false, stopped, runs: this.#state.runs + 1 })
      // Signing in brings the page back by itself; everything else is tried again.
      if (!stopped) this.later(NEXT * (0.5 + Math.random()))
      else if (!["sign_in", "other_account"].includes(stopped.act)) this.later(stopped.seconds ?? pause(this.#tries))
    })
  }

  later(seconds) {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.now(), seconds * 1000)
  }
}
