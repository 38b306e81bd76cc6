// Who may read what is sealed, in this tab and for how long: it holds the key, lends it to other tabs of this browser,
// counts wrong tries, and locks when nobody has touched the phone for a while.

import { uuidv7 } from "../ids.js"
import { Store } from "../store/store.js"
import { WrongPin, makeRing, openRing } from "../vault/vault.js"

const MINUTES = 5 // without a touch, unless somebody chose another time
const FREE = 5 // wrong tries before there is a wait
const WAITS = [30, 60, 120, 300, 900] // seconds
const waitAfter = (tries) => (tries < FREE ? 0 : WAITS[Math.min(tries - FREE, WAITS.length - 1)])

export class Keeper {
  /** @type {any} */
  ring = null
  key = null
  #app
  /** @type {string | null} */
  #account = null
  #touched
  /** @type {number | null} */
  #timer = null
  #channel = new BroadcastChannel("so-ho key")

  /** @param {import("./main.js").Shell} app */
  constructor(app) {
    this.#app = app
    this.#channel.onmessage = ({ data }) => this.#heard(data)
    for (const kind of ["pointerdown", "keydown", "recording"])
      document.addEventListener(kind, () => this.#touch(), { capture: true, passive: true })
    document.addEventListener(
      "visibilitychange",
      () => document.visibilityState === "visible" && (this.key ? this.#look() : this.askOthers()),
    )
  }

  /** What an account keeps on this phone: locked where it has a ring. The key of the one before is let go. */
  async storeOf(account) {
    this.key = null
    this.#account = account
    this.ring = (await this.#app.device.get(`ring ${account}`)) ?? null
    this.askOthers()
    return new Store(account, this.ring)
  }

  // Opening

  /** The first PIN. Another tab may have been quicker: then its ring counts, and is not opened. */
  async choose(pin, escrow) {
    const made = await makeRing({ id: uuidv7(), account: this.#account, pin, escrow, now: new Date() })
    this.ring = await this.#app.device.once(`ring ${this.#account}`, () => made)
    return this.ring === made ? openRing(made, pin) : null
  }

  /** The key, or null for a wrong PIN. A try counts from its beginning: closing the page does not take it back. */
  async open(pin) {
    const { device } = this.#app
    this.ring = await device.get(`ring ${this.#account}`)
    if (await this.isWaiting()) return null
    await device.change(this.#waiting, (kept) => {
      const tries = (kept?.tries ?? 0) + 1
      return { tries, left: waitAfter(tries) }
    })
    try {
      const key = await openRing(this.ring, pin)
      await device.set(this.#waiting, null)
      return key
    } catch (error) {
      if (error instanceof WrongPin) return null
      throw error
    }
  }

  /** A ring in the place of the one that stands: another PIN, the same key. */
  async put(ring) {
    await this.#app.device.set(`ring ${this.#account}`, ring)
    await this.#app.device.set(this.#waiting, null)
    this.ring = ring
  }

  /** The same, wrapped anew by nobody's wish: gives way to a PIN that was chosen since `before` was read. */
  async renew(before, ring) {
    this.ring = await this.#app.device.change(`ring ${this.#account}`, (stands) =>
      String(stands.salt) === String(before.salt) ? ring : stands,
    )
  }

  /** Have wrong tries earned a wait that is not over? */
  async isWaiting() {
    return (await this.#app.device.get(this.#waiting))?.left > 0
  }

  get #waiting() {
    return `wait ${this.#account}`
  }

  /**
   * Waits out what wrong tries have earned; `onLeft(seconds)` each second. It counts while the app is open only:
   * neither a reload nor a changed clock makes it shorter. One tab counts, others wait for it. Ends when `isOver()`.
   */
  async waited(onLeft, isOver) {
    await navigator.locks.request(`so-ho ${this.#waiting}`, async () => {
      for (let before = performance.now(); !isOver(); ) {
        const passed = (performance.now() - before) / 1000
        before = performance.now()
        const kept = await this.#app.device.change(
          this.#waiting,
          (now) => now && { ...now, left: Math.max(0, now.left - passed) },
        )
        onLeft(Math.ceil(kept?.left ?? 0))
        if (!kept?.left) return
        await new Promise((done) => setTimeout(done, 1000))
      }
    })
  }

  // While it is open

  /** The vault is open in this tab. */
  keep(key) {
    this.key = key
    this.#touch()
    this.#look()
    this.#channel.postMessage({ ring: this.ring.id, key })
  }

  /** Lets the key go; what is open must have been saved. */
  drop() {
    this.key = null
    clearTimeout(this.#timer)
  }

  /** How many without a touch until it locks. */
  async minutes() {
    return (await this.#app.device.get("idle")) ?? MINUTES
  }

  #touch() {
    this.#touched = [performance.now(), Date.now()]
  }

  /** Locks when it is time, or looks again when it may be. */
  async #look() {
    clearTimeout(this.#timer)
    const limit = (await this.minutes()) * 60_000
    if (!this.key) return
    // A phone that sleeps may stop the one clock, and a person may set the other.
    const idle = Math.max(performance.now() - this.#touched[0], Date.now() - this.#touched[1])
    if (idle >= limit) this.#app.lock()
    else this.#timer = setTimeout(() => this.#look(), Math.min(limit - idle, limit))
  }

  // Other tabs

  askOthers() {
    if (this.ring && !this.key) this.#channel.postMessage({ ask: this.ring.id })
  }

  /** Locks the other tabs too. */
  lockOthers() {
    this.#channel.postMessage({ lock: true })
  }

  #heard({ ask, ring, key, lock }) {
    if (lock && this.key) this.#app.lock()
    else if (ask && this.key && ask === this.ring.id) this.#channel.postMessage({ ring: ask, key: this.key })
    else if (key && !this.key && ring === this.ring?.id) this.#app.unlock(key)
  }
}
