// One tab of the app on a phone: a realm of its own that loads the real modules of static/app/, and can die between any
// two things that it asks of the disk or of the network.

import { readFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import vm from "node:vm"

const APP = fileURLToPath(new URL("../../../static/app/", import.meta.url))
// file → {text, cachedData}: parsed once, run in each tab. What Node keeps of a parsed module forgets how it imports
// later ones, so those that do are parsed anew.
const compiled = new Map()

export class Died extends Error {}

export class Tab {
  #phone
  #context
  #modules = new Map()
  #loading = Promise.resolve()
  #disk
  #timers = new Map()
  #waits = new Set() // AbortControllers of calls that are under way, with or without a limit of time
  #die
  #left = Infinity
  steps = 0
  isAlive = true
  /** Rejects with Died when the tab dies. */
  death = new Promise((_, reject) => (this.#die = reject))

  constructor(phone) {
    this.#phone = phone
    this.death.catch(() => {})
    this.#disk = phone.disk.forTab((what) => this.#step(what))
    this.#context = vm.createContext(this.#globals())
    vm.runInContext(CLOCK, this.#context)(() => phone.ahead, phone.random)
  }

  // Life and death

  /** The tab dies instead of taking its `count`th step from now. */
  dieAfter(count) {
    this.#left = count
  }

  kill() {
    if (!this.isAlive) return
    this.isAlive = false
    for (const wait of this.#waits) wait.abort(new Died())
    this.#disk.drop()
    this.#phone.locks.drop(this)
    this.#phone.channels.drop(this)
    this.#die(new Died())
  }

  #step(_what) {
    if (!this.isAlive) throw new Died()
    this.steps++
    if (this.#left-- > 0) return
    this.kill()
    throw new Died()
  }

  disconnect() {
    this.#disk.disconnect()
  }

  /** As much time passes for the calls under way as they have patience. */
  losePatience() {
    for (const wait of this.#waits) wait.abort(new DOMException("patience", "TimeoutError"))
  }

  /** Every timer that waits fires now. */
  async passTime() {
    const due = [...this.#timers.values()]
    this.#timers.clear()
    for (const work of due) work()
  }

  // Modules

  /** The exports of a module of static/app/, run in this tab. */
  load(name) {
    const loading = async () => {
      const module = this.#module(resolve(APP, name))
      if (module.status === "unlinked")
        await module.link((specifier, from) => this.#module(resolve(dirname(from.identifier), specifier)))
      if (module.status === "linked") await module.evaluate()
      return module.namespace
    }
    return (this.#loading = this.#loading.then(loading, loading)) // Node links one graph at a time
  }

  #module(file) {
    if (!this.#modules.has(file)) this.#modules.set(file, this.#made(file))
    return this.#modules.get(file)
  }

  #made(file) {
    const known = compiled.get(file) ?? { text: readFileSync(file, "utf8") }
    const module = new vm.SourceTextModule(known.text, {
      identifier: file,
      context: this.#context,
      cachedData: known.cachedData,
      initializeImportMeta: (meta) => (meta.url = pathToFileURL(file).href),
      importModuleDynamically: (specifier) =>
        this.load(resolve(dirname(file), specifier)).then(() => this.#module(resolve(dirname(file), specifier))),
    })
    if (!known.cachedData && !known.text.includes("import("))
      compiled.set(file, { ...known, cachedData: module.createCachedData() })
    return module
  }

  // What a browser gives a page

  #globals() {
    const phone = this.#phone
    return {
      ...SAME,
      ...this.#disk,
      console,
      fetch: (address, how) => this.#fetch(address, how),
      BroadcastChannel: phone.channels.forTab(this),
      crypto: phone.crypto,
      navigator: {
        locks: phone.locks.forTab(this),
        onLine: true,
        userAgent: `fault suite, phone ${phone.name}`,
        storage: {
          estimate: async () => ({ usage: 1e6, quota: phone.disk.full ? 1e6 : 1e9 }),
          persist: async () => true,
          persisted: async () => true,
        },
      },
      isSecureContext: true,
      setTimeout: (work, _after, ...what) => this.#timer(() => work(...what)),
      clearTimeout: (number) => this.#timers.delete(number),
      queueMicrotask,
    }
  }

  // A timer fires when the schedule says that time passes, never by itself: what happens does not hang on how busy this
  // machine is.
  #timer(work) {
    const number = this.#phone.nextTimer++
    this.#timers.set(number, () => this.isAlive && work())
    return number
  }

  async #fetch(address, { signal, headers, ...how } = {}) {
    this.#step("fetch")
    const wait = new AbortController()
    this.#waits.add(wait)
    try {
      const both = signal ? AbortSignal.any([signal, wait.signal]) : wait.signal
      const cookies = this.#phone.cookie ? { cookie: this.#phone.cookie } : {}
      const answer = await fetch(new URL(address, this.#phone.address), {
        ...how,
        headers: { ...headers, ...cookies },
        signal: both,
      })
      const bytes = await answer.arrayBuffer() // a cut body fails here, as it would while the page reads it
      this.#step("answer")
      const given = answer.headers.getSetCookie().find((one) => one.startsWith("so_ho="))
      if (given) this.#phone.cookie = given.split(";")[0]
      const isBare = [204, 205, 304].includes(answer.status)
      return new Response(isBare ? null : bytes, { status: answer.status, headers: answer.headers })
    } finally {
      this.#waits.delete(wait)
    }
  }
}

const SAME = Object.fromEntries(
  (
    "Blob File FormData Headers Request Response URL URLSearchParams TextEncoder TextDecoder AbortController DOMException Event EventTarget " +
    "ReadableStream TransformStream CompressionStream DecompressionStream MessageChannel CryptoKey atob btoa structuredClone"
  )
    .split(" ")
    .map((name) => [name, globalThis[name]]),
)

// The phone's clock may be wrong, and chance is the schedule's.
const CLOCK = `((ahead, random) => {
  const Real = Date
  globalThis.Date = class Date extends Real {
    constructor(...when) { when.length ? super(...when) : super(Real.now() + ahead()) }
    static now() { return Real.now() + ahead() }
  }
  Math.random = random
})`
