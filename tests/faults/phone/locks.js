// What the tabs of one phone share besides its disk: locks and messages.

/** The Web Locks of one phone, as far as the app uses them: exclusive, `ifAvailable`, `steal`, `signal`. */
export class Locks {
  #held = new Map() // name → {tab, lose}
  #waiting = []

  forTab(tab) {
    return { request: (name, ...rest) => this.#request(tab, name, rest.length > 1 ? rest[0] : {}, rest.at(-1)) }
  }

  #request(tab, name, { ifAvailable = false, steal = false, signal = null }, work) {
    if (steal) this.#held.get(name)?.lose(new DOMException("stolen", "AbortError"))
    if (this.#held.has(name)) {
      if (ifAvailable) return Promise.resolve(work(null))
      return new Promise((resolve, reject) => {
        const waiting = { tab, name, begin: () => resolve(this.#hold(tab, name, work)) }
        this.#waiting.push(waiting)
        signal?.addEventListener("abort", () => {
          if (!this.#waiting.includes(waiting)) return
          this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
          reject(signal.reason)
        })
      })
    }
    return this.#hold(tab, name, work)
  }

  #hold(tab, name, work) {
    return new Promise((resolve, reject) => {
      const held = { tab, lose: (why) => (this.#release(name, held), reject(why)) }
      this.#held.set(name, held)
      const done = Promise.resolve().then(() => work({ name, mode: "exclusive" }))
      done.then(resolve, reject).finally(() => this.#release(name, held))
    })
  }

  #release(name, held) {
    if (this.#held.get(name) !== held) return
    this.#held.delete(name)
    const next = this.#waiting.findIndex((one) => one.name === name)
    if (next >= 0) this.#waiting.splice(next, 1)[0].begin()
  }

  /** A tab that is gone holds nothing and waits for nothing. */
  drop(tab) {
    this.#waiting = this.#waiting.filter((one) => one.tab !== tab)
    for (const [name, held] of [...this.#held]) if (held.tab === tab) this.#release(name, held)
  }
}

/** BroadcastChannel among the tabs of one phone. */
export class Channels {
  #open = new Set()

  forTab(tab) {
    const open = this.#open
    return class {
      onmessage = null
      constructor(name) {
        Object.assign(this, { name, tab })
        open.add(this)
      }
      postMessage(data) {
        for (const other of open)
          if (other !== this && other.name === this.name)
            setImmediate(() => other.onmessage?.({ data: structuredClone(data) }))
      }
      addEventListener(type, listener) {
        if (type === "message") this.onmessage = listener
      }
      close() {
        open.delete(this)
      }
    }
  }

  drop(tab) {
    for (const channel of [...this.#open]) if (channel.tab === tab) this.#open.delete(channel)
  }
}
