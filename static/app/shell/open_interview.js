// The one interview that is open in this tab. A lock named after its draft keeps a second tab from writing it too; the
// tab that takes it over re-reads the journal, so nothing that was given in the first one is missing.

import { HOME, ofHousehold, ofInterview, ofSent } from "./addresses.js"
import { DraftClosed } from "../store/store.js"
import { Interview } from "../interview/interview.js"
import { needs } from "../delivery.js"
import { NoAnswer } from "../sync/request.js"
import { lockName } from "../interview/begin.js"
import { bundleOf } from "../interview/preview.js"
import { action, ask, part, stamp, word } from "./page.js"
import { ready } from "./formparts.js"
import { offerLanguages, readForm } from "./words.js"

const PATIENCE = 1000 // milliseconds for a page that is just being reloaded to let go

/**
 * Holds a lock until the returned function is called; null when another tab has it. `onStolen` when it is taken away.
 */
function hold(name, { steal = false, onStolen }) {
  return new Promise((resolve) => {
    const patience = new AbortController()
    const timer = /** @type {any} */ (steal) || setTimeout(() => patience.abort(), PATIENCE)
    let isHeld = false
    navigator.locks
      .request(name, steal ? { steal } : { signal: patience.signal }, () => {
        clearTimeout(timer)
        isHeld = true
        return new Promise((release) => resolve(release))
      })
      .catch(() => (isHeld ? onStolen() : resolve(null)))
  })
}

/** What no question hangs on is worked out once the screen stands, a moment's worth at a time. */
function settleIdly(record) {
  const { requestIdleCallback } = globalThis
  if (!requestIdleCallback) return setTimeout(() => record.settle())
  requestIdleCallback((idle) => record.settleWhile(() => idle.timeRemaining() > 0) || settleIdly(record))
}

export class Opened {
  /** @type {string | null} */
  id = null
  /** @type {import("../interview/interview.js").Interview | null} */
  interview = null
  #app
  /** @type {(() => void) | null} */
  #release = null
  /** @type {Promise<void> | null} */
  #insisting = null
  /** @type {Promise<any>} */
  #turn = Promise.resolve()
  /** @type {(isKept?: boolean) => void} */
  #located = () => {}

  /** @param {import("./main.js").Shell} app */
  constructor(app) {
    this.#app = app
  }

  /** A screen of an interview: drawn with it open, or else the screen that says why not. */
  guard(show) {
    return async (app, params) => {
      if (this.id !== params.draft) {
        const problem = await this.#opened(params.draft)
        if (problem) return problem
      }
      const interview = /** @type {Interview} */ (this.interview)
      readForm(interview.bundle)
      const screen = await show(app, { ...params, interview })
      if (screen && part(screen.element, "languages"))
        offerLanguages(screen.element, interview.bundle, screen.reworded ?? (() => app.show()))
      if (screen && interview.isPreview) this.#mark(screen.element)
      settleIdly(interview.record)
      return screen
    }
  }

  /** One after the other: a tap and the end of a sync may both show an interview that is not open yet. */
  #opened(id) {
    const open = async () => {
      if (this.id === id) return null
      await this.close()
      return bundleOf(id) ? this.#preview(id) : this.#open(id, false)
    }
    return (this.#turn = this.#turn.then(open, open))
  }

  /** Who asks with which phone, and what was finished last with this form: what a record is told besides answers. */
  async kept(form) {
    const hello = await this.#app.store?.get("hello")
    const deviceid = await this.#app.device.get("device_id")
    const about = { deviceid: deviceid ?? "", username: hello?.account.username ?? "", email: "", phonenumber: "" }
    return { about, lastSaved: (await this.#app.store?.get(`last_saved ${form}`)) ?? null }
  }

  async #locate() {
    if (!needs(/** @type {Interview} */ (this.interview).bundle).some((address) => address.endsWith("started.rare.js")))
      return
    const { locateStart } = await import("./controls/started.rare.js")
    this.#located = await locateStart(this.interview, new Date())
  }

  /** The round of the interview that is open, as the server described it last. */
  async round() {
    const { rounds } = (await this.#app.store.get("hello")) ?? {}
    return rounds?.find(({ id }) => id === this.interview?.draft.round_id)
  }

  /** Was the day of the visit wrong, and is it put right now? Then the interview opens anew. */
  async isDayMoved() {
    const round = await this.round()
    const day = await import("./screens/day.lazy.js").catch(() => null)
    return Boolean(
      this.interview &&
        (await day?.isMoved(this.#app, this.interview, round, document.documentElement.dataset.released)),
    )
  }

  // Trying out

  async #preview(id) {
    const { about } = await this.kept("")
    const { preview } = await import("./trial.rare.js")
    this.interview = await preview(bundleOf(id), new Date(), about, ready)
    if (!this.interview) return { element: stamp("preview-missing", { title: "" }) }
    this.id = id
    return null
  }

  #mark(element) {
    const mark = stamp("preview")
    action(mark, "restart").addEventListener("click", () => {
      const address = ofInterview(this.id)
      this.id = this.interview = null
      this.#app.go(address)
    })
    element.querySelector("main").prepend(mark)
  }

  // Asking

  async #open(id, steal) {
    const kept = await this.#app.store.draft(id)
    if (!kept) return this.#away(HOME)
    if (kept.draft.state !== "open") return this.#closed(kept.draft)
    // The household's screen says so, and lets it be begun anew.
    if (kept.draft.damaged) return this.#away(ofHousehold(kept.draft))
    const release = await hold(lockName(id), { steal, onStolen: () => this.#stolen(id) })
    if (!release) return this.#elsewhere(id)
    const { draft, events } = await this.#app.store.draft(id) // again: the other tab may have written until now
    if (draft.state !== "open") {
      release()
      return this.#closed(draft)
    }
    const bundle = await this.#app.store.form(draft.form.id, draft.form.version)
    try {
      await ready(bundle)
    } catch (error) {
      release()
      // A module that does not come is a TypeError.
      if (!(error instanceof NoAnswer || error instanceof TypeError)) throw error
      return { element: stamp("kinds-missing") }
    }
    this.interview = new Interview(this.#app.store, bundle, draft, events, {
      now: new Date(),
      ...(await this.kept(bundle.id)),
      onSaved: (state, error) => this.#saved(state, error),
    })
    this.id = id
    this.#release = release
    this.#locate()
    this.isDayMoved()
    return null
  }

  // Finished: what was sent of it. Discarded: there is nothing more to see.
  #closed({ entry_id: entry }) {
    return this.#away(entry ? ofSent(entry) : HOME)
  }

  #away(hash) {
    this.#app.replace(hash)
    return { element: document.createElement("div") } // never drawn: the other screen's turn has come
  }

  #elsewhere(id) {
    const element = stamp("elsewhere", { title: "" })
    element.querySelector("[data-action='take-over']").addEventListener("click", async () => {
      await this.#open(id, true)
      this.#app.show()
    })
    return { element }
  }

  #stolen(id) {
    if (this.id !== id) return
    this.#located(false)
    this.interview?.saved()
    this.id = this.interview = this.#release = null
    this.#app.show() // which waits for the lock in vain and says so
  }

  /** Waits until all is written, and lets other tabs have it. */
  async close() {
    if (!this.id) return
    await this.#app.screen?.settle?.()
    const { interview } = this
    if (!interview) return // it was finished in another window meanwhile
    this.#located()
    if (!(await interview.saved())) await this.#insist(interview)
    this.id = this.interview = null
    this.#release?.()
    this.#release = null
  }

  async #saved(state, error) {
    const { element } = this.#app.screen ?? {}
    const shown = element && part(element, "saved")
    if (shown) {
      shown.textContent = word(`saved.${state}`)
      shown.dataset.saved = state
    }
    if (state === "saved") this.#app.tell("changed")
    if (state !== "failed") return
    if (error instanceof DraftClosed) {
      this.id = this.interview = null
      this.#app.show()
    } else if (this.interview) this.#insist(this.interview, error)
  }

  /** Says that an answer is not on the disk, until it is: nothing else matters then. */
  #insist(interview, error) {
    const cause = error?.name === "QuotaExceededError" ? "full" : "other"
    const text = { title: word("failed.title"), words: word(`failed.${cause}`), yes: word("failed.yes") }
    const insisting = async () => {
      do await ask(text)
      while (!(await interview.saved()))
    }
    return (this.#insisting ??= insisting().finally(() => (this.#insisting = null)))
  }
}
