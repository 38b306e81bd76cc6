// A village head with a phone: what static/app/shell/ does with the app's modules when somebody taps, without the
// screen.

import { createHash } from "node:crypto"

import { Tab } from "./tab.js"

const PIN = "suối 1942"

/** The name of an error. */
export const kindOf = (error) => (error?.name === "Error" ? error.constructor.name : (error?.name ?? "Error"))

/** A tab with the app open in it and somebody signed in. */
export class App {
  #tab
  #phone
  #interviews = new Map()

  static async open(phone) {
    const tab = new Tab(phone)
    phone.tabs.add(tab)
    const app = new App()
    app.#tab = tab
    app.#phone = phone
    try {
      await app.#start()
    } catch (error) {
      tab.kill()
      throw error
    }
    return app
  }

  get tab() {
    return this.#tab
  }

  async #start() {
    const names = [
      "store/device",
      "store/store",
      "vault/vault",
      "sync/request",
      "sync/outbox",
      "sync/schedule",
      "interview/interview",
      "interview/begin",
      "interview/outcome.lazy",
      "canonical",
      "ids",
    ]
    const modules = await Promise.all(names.map((name) => this.#tab.load(`${name}.js`)))
    this.modules = Object.assign({}, ...modules)
    this.device = new this.modules.Device()
    this.account = (await this.device.get("account")) ?? null
    this.store = this.account ? await this.#unlock() : null
    this.talk = new this.modules.Sync(
      (report, wish) => new this.modules.Outbox(this.store, this.account, () => this.#describe(), report, wish),
      () => {},
    )
  }

  /** Signed in on the server's page before: the phone asks who that is. */
  async enrol() {
    const greeting = await this.modules.hello()
    await this.device.set("account", greeting.account.id)
    this.account = greeting.account.id
    this.store = await this.#unlock()
  }

  /** The account's store: with a PIN, opened with it, and what is not sealed yet is. */
  async #unlock() {
    const ring = await this.device.get(`ring ${this.account}`)
    if (!ring) return new this.modules.Store(this.account)
    const store = new this.modules.Store(this.account, ring, await this.modules.openRing(ring, PIN))
    await store.sealAll()
    return store
  }

  /** Chooses a PIN: from now on all is sealed, also what is there. false: there is one. */
  async choosePin() {
    if (await this.device.get(`ring ${this.account}`)) return false
    const { escrow } = await this.store.get("hello")
    const ring = await this.modules.makeRing({
      id: this.modules.uuidv7(),
      account: this.account,
      pin: PIN,
      escrow,
      now: new Date(this.#phone.now()),
    })
    await this.device.once(`ring ${this.account}`, () => ring)
    this.#interviews.clear()
    await this.store.database.close()
    this.store = await this.#unlock()
    return true
  }

  async #describe() {
    const id = await this.device.once("device_id", () => this.modules.uuidv7(this.#phone.now()))
    return {
      id,
      label: `phone ${this.#phone.name}`,
      app_version: this.#phone.release,
      storage: { used: 1, quota: 2, persisted: true },
    }
  }

  /** Talks with the server once; why it ended early, or null. */
  async sync() {
    const before = this.talk.state.runs
    await this.talk.now()
    const { runs, stopped } = this.talk.state
    if (!stopped) return { ran: runs > before, stopped }
    const { act, problem } = stopped
    const { cause } = stopped.parts.find((one) => one.cause) ?? stopped
    return {
      ran: runs > before,
      stopped: {
        act,
        code: problem?.code ?? null,
        cause: cause ? kindOf(cause) : null,
        why: cause?.stack ?? stopped.why,
        parts: stopped.parts.map(({ part, act, why }) => `${part} ${why ?? act}`),
      },
    }
  }

  /** «Gửi lại»: what was refused is tried again. */
  async forgive() {
    await this.store.forgiveRefusals()
  }

  /**
   * Begins an interview of a household, or goes on with the one that is open: its draft's id; null where this phone
   * knows no such household.
   */
  async begin(householdId) {
    const hello = await this.store.get("hello")
    const round = hello.rounds.find((one) => one.state === "open")
    const household = round && (await this.store.household(round.id, householdId))
    if (!household) return null
    const bundle = await this.store.form(round.form.id, round.form.version)
    const about = { deviceid: "", username: hello.account.username, email: "", phonenumber: "" }
    const made = this.modules.newDraft({
      household,
      round,
      bundle,
      commune: hello.commune.id,
      now: new Date(this.#phone.now()),
      about,
    })
    return (await this.store.openDraft(made)).id
  }

  /**
   * The interview in this tab; another tab that has it open writes what it has left and lets go
   * (shell/open_interview.js).
   */
  async #opened(draftId) {
    const before = this.#phone.holders.get(draftId)
    this.#phone.holders.set(draftId, this)
    if (before && before !== this) await before.#letGo(draftId)
    if (!this.#interviews.has(draftId)) {
      const { draft, events } = await this.store.draft(draftId)
      const bundle = await this.store.form(draft.form.id, draft.form.version)
      const about = { deviceid: "", username: "", email: "", phonenumber: "" }
      this.#interviews.set(
        draftId,
        new this.modules.Interview(this.store, bundle, draft, events, { now: new Date(this.#phone.now()), about }),
      )
    }
    return this.#interviews.get(draftId)
  }

  async #letGo(draftId) {
    const interview = this.#interviews.get(draftId)
    this.#interviews.delete(draftId)
    if (this.#phone.tabs.has(this.#tab)) await interview?.saved()
  }

  /** Gives answers {path: value}; true when the app says that all of them are saved. */
  async answer(draftId, answers) {
    const interview = await this.#opened(draftId)
    for (const [path, value] of Object.entries(answers)) interview.set(path, value)
    return interview.saved()
  }

  /** Takes a photo and answers with it; its hash, or null when it could not be kept. */
  async photograph(draftId, path, bytes) {
    const interview = await this.#opened(draftId)
    const sha256 = createHash("sha256").update(bytes).digest("hex")
    await interview.saveFile({
      sha256,
      blob: new Blob([bytes], { type: "image/jpeg" }),
      size: bytes.length,
      type: "image/jpeg",
    })
    interview.set(path, sha256)
    return (await interview.saved()) ? sha256 : null
  }

  /** Finishes an interview: the item as it lies in the outbox. */
  async finalise(draftId) {
    const interview = await this.#opened(draftId)
    if (!(await interview.saved())) return null
    const item = await interview.finalised(new Date(this.#phone.now()))
    await this.store.finalise(draftId, item)
    return { id: item.id, content_hash: item.content_hash, entry: item.entry }
  }

  /** Says why a household has no interview: the item as it lies in the outbox; null where it is not known here. */
  async say(householdId, kind) {
    const hello = await this.store.get("hello")
    const round = hello.rounds.find((one) => one.state === "open")
    const household = round && (await this.store.household(round.id, householdId))
    if (!household) return null
    const now = new Date(this.#phone.now())
    const visits = [{ at: now.toISOString(), place: null }]
    const said = { household, commune: hello.commune.id, kind, reason: "đi nương", visits, place: null, now }
    const entry = this.modules.outcomeOf(said)
    const content_hash = await this.modules.contentHash(entry)
    const item = {
      id: entry.id,
      draft_id: entry.id,
      name: household.head_name,
      code: household.code,
      entry,
      content_hash,
    }
    await this.store.say(item)
    return { id: item.id, content_hash, entry }
  }

  counts() {
    return this.store.counts()
  }

  /** What the phone keeps, as the app itself reads it. */
  async look() {
    if (!this.store) return { outbox: [], drafts: [], files: [], receipts: [] }
    const outbox = await this.store.outbox()
    const drafts = await Promise.all(
      (await this.store.drafts())
        .filter((one) => one.state === "open")
        .map(async (one) => {
          const kept = await this.store.draft(one.id)
          const interview = new this.modules.Interview(
            this.store,
            await this.store.form(one.form.id, one.form.version),
            kept.draft,
            kept.events,
            { now: new Date(this.#phone.now()), about: null, isRead: true },
          )
          return { id: one.id, household_id: one.household_id, answers: interview.record.answers() }
        }),
    )
    const named = new Set(
      [
        ...outbox.flatMap(({ entry }) => entry.files.map((file) => file.sha256)),
        ...JSON.stringify(drafts).matchAll(/\b[0-9a-f]{64}\b/g),
      ].flat(),
    )
    const files = []
    const receipts = []
    for (const sha256 of named) {
      const file = await this.store.file(sha256)
      if (file?.receipt) receipts.push(file.receipt)
      const bytes = file && Buffer.from(await file.blob.arrayBuffer())
      if (bytes && createHash("sha256").update(bytes).digest("hex") === sha256) files.push(sha256)
    }
    return { outbox, drafts, files, receipts, counts: await this.store.counts() }
  }
}
