// This release and the next: registers the worker, and offers a waiting release, or one that was left because it did
// not start, only when no interview is open in any tab. Nothing is taken over without a tap.

import { within } from "../deadline.js"
import { asked, keep } from "../sync/worker.js"
import { lockName } from "../interview/begin.js"

const STUCK = [5000, 10_000, 20_000] // milliseconds after which the page goes, if the next worker did not take over
const PATIENCE = 2000 // milliseconds for the worker's word; that of an earlier release has none

/** Is an interview open, in this tab or another? */
export async function isInterviewOpen() {
  const { held } = await navigator.locks.query()
  return /** @type {{ name: string }[]} */ (held).some((lock) => lock.name.startsWith(lockName("")))
}

export class Release {
  /** @type {ServiceWorkerRegistration | null} */
  #registration = null
  /**
   * {serving, newest} of the worker's releases.
   * @type {any}
   */
  #told = null
  #onChange
  #isWanted = false
  #isWoken = false

  constructor(onChange) {
    this.#onChange = onChange
  }

  async start() {
    const workers = navigator.serviceWorker
    if (!workers) return
    const { controller } = workers
    const hadOne = Boolean(controller)
    if (hadOne) this.#told = await within(PATIENCE, () => asked(controller, "release")).catch(() => null)
    workers.addEventListener("controllerchange", async () => {
      // The first worker merely takes the page into its care; a later one brings other files: start afresh.
      if (hadOne || this.#isWanted) await this.#restart()
      else this.#onChange()
    })
    try {
      this.#registration = await workers.register("/sw.js", { updateViaCache: "none" })
    } catch {
      return // no network at the first visit, or a page without HTTPS: the app works, but only online
    }
    this.#registration.addEventListener("updatefound", () => this.#watch(this.#registration?.installing))
    this.#watch(this.#registration.installing)
    this.#onChange()
    // A page that was still on its way when the worker woke is in nobody's care: it asks.
    const { active } = await workers.ready
    if (!workers.controller) active?.postMessage("claim")
  }

  /** Starts afresh, unless an interview was opened meanwhile. */
  async #restart() {
    if (await isInterviewOpen()) this.#onChange()
    else location.reload()
  }

  #watch(worker) {
    worker?.addEventListener("statechange", () => this.#onChange())
  }

  /** Asks the server for a newer release, at most when the phone is looked at again. */
  look() {
    this.#registration?.update().catch(() => {})
  }

  /** What no first interview needs comes after the first sync, and is there without network from then on. */
  keepLater() {
    return keep(JSON.parse(document.getElementById("later").textContent))
  }

  /**
   * The browser tells the worker when there is network again, and the worker this page (Background Sync, where there is
   * it). Asked once for each time that the network goes: a browser that sees network where there is none wakes the page
   * at once, and asked again after each try it would drive the phone without a pause.
   */
  wakeLater(isOffline) {
    if (isOffline && !this.#isWoken)
      navigator.serviceWorker?.ready.then(({ sync }) => sync?.register("so-ho")).catch(() => {})
    this.#isWoken = isOffline
  }

  /** Will this page come up without network? */
  get isKept() {
    return Boolean(navigator.serviceWorker?.controller)
  }

  /** Is an earlier release served, because the newest one did not start? */
  get #isLeft() {
    return this.#told && this.#told.serving !== this.#told.newest
  }

  /** May another release be offered now? */
  async isOffered() {
    const isOther = this.#registration?.waiting || this.#isLeft
    return Boolean(isOther && navigator.serviceWorker.controller) && !(await isInterviewOpen())
  }

  /** The tap on «Cập nhật». */
  async accept() {
    if (!(await this.isOffered())) return this.#onChange()
    this.#isWanted = true
    const { waiting } = /** @type {ServiceWorkerRegistration} */ (this.#registration)
    if (waiting) {
      waiting.postMessage("update")
      // A worker that is still at something for this page lets the next one in when the page has gone. Chromium may
      // leave a page hanging that goes in that very moment (seen on a busy machine): so it goes again.
      return STUCK.forEach((wait) => setTimeout(() => this.#restart(), wait))
    }
    await asked(navigator.serviceWorker.controller, "forward")
    location.reload()
  }

  /** The release that this phone runs, by its cache; "" before the first is complete. */
  async version() {
    const names = (await globalThis.caches?.keys()) ?? []
    const name = this.#told?.serving ?? names.find((one) => one.startsWith("so-ho-"))
    return name?.slice("so-ho-".length) ?? ""
  }
}
