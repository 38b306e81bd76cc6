// Some phones in one process, told what to do by lines of JSON: {"id", "phone", "do", …} → {"id", "said" | "died" |
// "failed"}.

import { createInterface } from "node:readline"
import { webcrypto } from "node:crypto"

import { Disk } from "./disk.js"
import { Channels, Locks } from "./locks.js"
import { App, kindOf } from "./person.js"
import { Died } from "./tab.js"

class Phone {
  disk = new Disk()
  locks = new Locks()
  channels = new Channels()
  tabs = new Set()
  holders = new Map() // draft → the app that has it open
  apps = new Map()
  cookie = null
  /** Milliseconds that its clock is ahead of the true time. */
  ahead = 0
  nextTimer = 1

  constructor({ name, address, release, seed }) {
    Object.assign(this, { name, address, release })
    this.random = chance(seed)
    this.crypto = {
      subtle: quick(webcrypto.subtle),
      getRandomValues: (bytes) => {
        for (let index = 0; index < bytes.length; index++) bytes[index] = Math.floor(this.random() * 256)
        return bytes
      },
      randomUUID: () => webcrypto.randomUUID(),
    }
  }

  now() {
    return Date.now() + this.ahead
  }
}

/** WebCrypto with one round of PBKDF2: what takes a thief years need not take the suite an hour. */
function quick(subtle) {
  const deriveKey = (how, ...rest) => subtle.deriveKey("iterations" in how ? { ...how, iterations: 1 } : how, ...rest)
  return new Proxy(subtle, { get: (_, name) => (name === "deriveKey" ? deriveKey : subtle[name].bind(subtle)) })
}

/** Mulberry32: the same numbers for the same seed. */
function chance(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const phones = new Map()
const mishaps = []
process.on("unhandledRejection", (error) => {
  // An AbortError is what a transaction of a tab says that was killed, when nobody is there any more to hear it.
  if (!(error instanceof Died) && error?.name !== "AbortError") mishaps.push(String(error?.stack ?? error))
})

const DOES = {
  buy: (_, { phone, ...told }) => void phones.set(phone, new Phone(told)),
  set: (phone, told) => {
    if ("cookie" in told) phone.cookie = told.cookie
    if ("ahead" in told) phone.ahead = told.ahead
    if ("full" in told) phone.disk.full = told.full
    if ("release" in told) phone.release = told.release
    if ("address" in told) phone.address = told.address
  },
  open: async (phone, { tab }) => {
    phone.apps.set(tab, await App.open(phone))
  },
  kill: (phone, { tab }) => {
    phone.apps.get(tab)?.tab.kill()
    phone.apps.delete(tab)
  },
  dies: (_, { steps }, app) => app.tab.dieAfter(steps ?? Infinity),
  disconnect: (_, __, app) => app.tab.disconnect(),
  patience: (phone) => {
    for (const app of phone.apps.values()) app.tab.losePatience()
  },
  time: (_, __, app) => app.tab.passTime(),
  enrol: (_, __, app) => app.enrol(),
  sync: (_, __, app) => app.sync(),
  forgive: (_, __, app) => app.forgive(),
  "choose pin": (_, __, app) => app.choosePin(),
  begin: (_, { household }, app) => app.begin(household),
  answer: (_, { draft, answers }, app) => app.answer(draft, answers),
  photograph: (_, { draft, path, bytes }, app) => app.photograph(draft, path, Buffer.from(bytes, "base64")),
  finalise: (_, { draft }, app) => app.finalise(draft),
  say: (_, { household, kind }, app) => app.say(household, kind),
  counts: (_, __, app) => app.counts(),
  look: (_, __, app) => app.look(),
  mishaps: () => mishaps.splice(0),
}

const answer = (told) => process.stdout.write(`${JSON.stringify(told)}\n`)

async function obey(line) {
  const told = JSON.parse(line)
  const phone = phones.get(told.phone)
  const app = phone?.apps.get(told.tab)
  const tab = app?.tab
  try {
    const before = tab?.steps ?? 0
    const doing = Promise.resolve(DOES[told.do](phone, told, app))
    doing.catch(() => {})
    const said = (await (tab && told.do !== "kill" ? Promise.race([doing, tab.death]) : doing)) ?? null
    if (tab && !tab.isAlive && told.do !== "kill") throw new Died()
    answer({ id: told.id, said, steps: (tab?.steps ?? 0) - before })
  } catch (error) {
    if (tab && !tab.isAlive) {
      phone.apps.delete(told.tab)
      answer({ id: told.id, died: true })
    } else {
      answer({ id: told.id, failed: kindOf(error), why: String(error?.stack ?? error) })
    }
  }
}

createInterface({ input: process.stdin })
  .on("line", obey)
  .on("close", () => process.exit(0))
