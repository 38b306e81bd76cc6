// When the phone talks with the server: one window at a time, again after a failure, never twice at once.

import { Stopped } from "./outbox.js"
import { pause } from "./verdict.js"

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

  /** `makeOutbox(report)` gives null while nothing may be read or sent: the phone is locked. */
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

  /** Now, unless this or another tab is at it already: then nothing. */
  now() {
    clearTimeout(this.#timer)
    return navigator.locks.request("so-ho sync", { ifAvailable: true }, async (lock) => {
      const outbox = lock && this.#make((progress) => this.#tell(progress))
      if (!outbox) return
      this.#tell({ busy: true, step: "hello", done: 0, total: 0 })
      let stopped = null
      try {
        await outbox.run()
      } catch (error) {
        stopped = error instanceof Stopped ? error : new Stopped({ act: "wait", seconds: null, cause: error })
      }
      this.#tries = stopped ? this.#tries + 1 : 0
      this.#tell({ busy: false, stopped, runs: this.#state.runs + 1 })
      // Signing in brings the page back by itself; everything else is tried again.
      if (stopped && !["sign_in", "other_account"].includes(stopped.act)) {
        this.later(stopped.seconds ?? pause(this.#tries))
      }
    })
  }

  later(seconds) {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.now(), seconds * 1000)
  }
}
