// One open interview: the record that computes, and the journal that keeps. Every change goes first to the record (the
// screen answers within a frame) and at once to the store; nothing waits for anything. Knows no screen.

import { hashesIn, movedBy, originalPath, piecesIn, replay, track, valueAt } from "../engine/answers.js"
import { assess } from "../engine/assessment.js"
import { contentHash, sha256 as hashOf } from "../canonical.js"
import { clockOf } from "./begin.js"
import { auditOf, entryOf, filesIn, isFile } from "./entry.js"
import { uuidv7 } from "../ids.js"
import { within } from "./screens.js"
import { isOffered, suggestion } from "./preload.js"
import { Record } from "../engine/record.js"
import { DraftClosed } from "../store/store.js"

// One way of writing each letter, and none that JSON cannot carry.
const clean = (text) => text.normalize("NFC").replace(/\p{Surrogate}/gu, "\ufffd")

export class Interview {
  #store
  /** @type {Problem[] | null} */
  #problems = null
  /** @type {Step[]} */
  #pending = []
  /** @type {Promise<void> | null} */
  #writing = null
  #audit
  #events

  /**
   * `draft` and `events` as the store holds them; `onSaved(state)` is told "saving", "saved" or "failed"; `about` is
   * who asks with which phone, `lastSaved` the answers that were finished last with this form. `isRead`: it is only
   * looked at.
   * @param {any} store
   * @param {Bundle} bundle
   * @param {Draft} draft
   * @param {Step[]} events
   * @param {{ now: Date, about?: any, lastSaved?: Answers | null, isRead?: boolean,
   *   onSaved?: (state: "saving" | "saved" | "failed", error?: any) => any }} how
   */
  constructor(store, bundle, draft, events, { now, about, lastSaved = null, isRead = false, onSaved = () => {} }) {
    const { answers, confirmed, origins, last } = replay(draft.start, events)
    this.#store = store
    this.bundle = bundle
    this.draft = draft
    this.record = new Record(bundle, {
      answers,
      clock: clockOf(now),
      newId: () => uuidv7(),
      random: Math.random,
      about,
      lastSaved,
      isLive: true,
    })
    this.confirmed = confirmed
    this.pieces = piecesIn(events)
    this.origins = origins
    this.lastPath = last
    this.visited = new Set(draft.visited)
    this.onSaved = onSaved
    this.#audit = auditOf(bundle.children)
    this.#events = events.filter(({ op }) => op !== "piece")
    if (events.length && !isRead) this.#log({ op: "resume", path: "" })
  }

  /** Notes how the interview goes, for a form that asks for it. */
  #log(event) {
    if (this.#audit) this.#keep(event)
  }

  // Changes

  set(path, value) {
    const kept = typeof value === "string" ? clean(value) : value
    const before = isFile(this.record.itemAt(path)?.node ?? {}) ? this.record.get(path) : ""
    this.record.set(path, kept === "" ? null : kept)
    this.#problems = null
    this.#keep({ op: "set", path, value: kept === "" ? null : kept })
    this.#follow()
    // What was confirmed was the answer before.
    if (this.confirmed[path]) this.confirm(path, null)
    const gone = [before !== kept && before, this.pieces[path]]
    delete this.pieces[path]
    if (gone.some(Boolean)) this.#drop(gone)
  }

  /** Removes the files that `answers` named, after the journal has said that they are gone. */
  async #drop(answers) {
    const hashes = hashesIn(answers)
    if (hashes.length && (await this.saved())) await this.#store.dropFiles?.(hashes)
  }

  /** A warning stands, for this reason; null takes it back. */
  confirm(path, reason) {
    const kept = reason ? clean(reason).trim() : null
    if (kept) this.confirmed[path] = kept
    else delete this.confirmed[path]
    this.#keep({ op: "confirm", path, value: kept })
  }

  /** → the new instance's path. */
  add(repeat) {
    const before = this.record.instances(repeat).length
    const path = this.record.addInstance(repeat)
    this.#problems = null
    this.#keep({ op: "add", path, value: valueAt(this.record.answers(), path) ?? {} })
    this.#follow()
    this.origins = track(this.origins, "add", path, before)
    return path
  }

  remove(instance) {
    const gone = valueAt(this.record.answers(), instance)
    this.origins = track(
      this.origins,
      "remove",
      instance,
      this.record.instances(instance.replace(/\[\d+\]$/, "")).length,
    )
    this.record.removeInstance(instance)
    this.#problems = null
    this.confirmed = Object.fromEntries(movedBy(this.confirmed, instance))
    const pieces = Object.values(this.pieces)
    this.pieces = Object.fromEntries(movedBy(this.pieces, instance))
    this.#keep({ op: "remove", path: instance })
    this.#follow()
    this.#drop([gone, pieces.filter((one) => !Object.values(this.pieces).includes(one))])
  }

  /** What the form filled by itself is kept as well: made again, a number by chance or the time would be another. */
  #follow() {
    const last = this.lastPath
    for (const { path, value } of this.record.takeFilled()) this.#keep({ op: "set", path, value })
    this.lastPath = last
  }

  visit(path) {
    this.visited.add(path)
    this.#log({ op: "seen", path })
    const name = assess(this.record).headName || this.record.instanceName() || this.draft.name
    return this.#store.visit(this.draft.id, path, name)
  }

  #keep(event) {
    if (!["seen", "resume", "piece"].includes(event.op)) this.lastPath = event.path
    const before = this.#pending.at(-1)
    const dated = { ...event, at: new Date().toISOString() }
    if (this.#audit && event.op !== "piece") this.#events.push(dated)
    // While the disk is busy, a later keystroke of the same answer replaces the one that still waits.
    if (event.op === "set" && before?.op === "set" && before.path === event.path)
      this.#pending[this.#pending.length - 1] = dated
    else this.#pending.push(dated)
    this.#writing ??= this.#write().finally(() => (this.#writing = null))
  }

  async #write() {
    this.onSaved("saving")
    while (this.#pending.length) {
      const events = this.#pending.splice(0)
      try {
        await this.#store.append(this.draft.id, events)
      } catch (error) {
        // Finalised in another window: that record holds, and no later keystroke belongs to it.
        if (!(error instanceof DraftClosed)) this.#pending.unshift(...events)
        this.onSaved("failed", error)
        return
      }
    }
    this.onSaved("saved")
  }

  /** Waits until everything given is on the disk; tries again what failed. false: it still fails. */
  async saved() {
    for (let attempt = 0; attempt < 2 && (this.#writing || this.#pending.length); attempt++) {
      this.#writing ??= this.#write().finally(() => (this.#writing = null))
      await this.#writing
    }
    return this.#pending.length === 0
  }

  /** Keeps a file's bytes {sha256, blob, size, type, name?}, before an answer names them. */
  saveFile(file) {
    return this.#store.saveFile(file)
  }

  // Recordings under way: what a recorder gives is written down as it comes, and is no answer yet.

  /** Keeps the next piece {blob, run, ms} of a recording at `path`; resolves when it is on the disk. */
  async keepPiece(path, { blob, run, ms }) {
    const sha256 = await hashOf(await blob.arrayBuffer())
    await this.saveFile({ sha256, blob, size: blob.size, type: blob.type.split(";")[0] })
    const piece = { sha256, type: blob.type, run, ms }
    ;(this.pieces[path] ??= []).push(piece)
    this.#keep({ op: "piece", path, value: piece })
    await this.saved()
  }

  dropPieces(path) {
    const gone = this.pieces[path]
    delete this.pieces[path]
    this.#keep({ op: "piece", path, value: null })
    return this.#drop(gone)
  }

  /**
   * The pieces that are kept of a recording, with their bytes, up to one that the disk spoilt: [{blob, type, run, ms}].
   */
  async piecesOf(path) {
    const kept = await Promise.all(
      (this.pieces[path] ?? []).map(async (one) => ({ ...one, blob: (await this.fileOf(one.sha256))?.blob })),
    )
    const spoilt = kept.findIndex(({ blob }) => !blob?.size)
    return spoilt < 0 ? kept : kept.slice(0, spoilt)
  }

  /** What nobody decided on before finishing is kept. */
  async #keepRecordings() {
    for (const path of Object.keys(this.pieces)) {
      if (this.record.get(path) !== "" || !this.record.itemAt(path)) continue
      const pieces = await this.piecesOf(path)
      const { recordingOf } = await import("./pieces.rare.js")
      const type = pieces[0]?.type ?? ""
      const blob = await recordingOf(pieces, type)
      if (!blob.size) continue
      const sha256 = await hashOf(await blob.arrayBuffer())
      await this.saveFile({ sha256, blob, size: blob.size, type: type.split(";")[0] })
      this.set(path, sha256)
    }
    await this.saved()
  }

  fileOf(hash) {
    return this.#store.file(hash)
  }

  /** How many bytes a file may have: what the server said last. */
  async fileLimit() {
    return (await this.#store.get?.("hello"))?.file_limit ?? 8 * 1024 * 1024
  }

  /** Makes the log of the interview and its answer, where the form asks for one. */
  async #keepAudit(now) {
    if (!this.#audit) return
    const { path, node } = this.#audit
    const { parameters = {} } = node
    const { auditCsv } = await import("./audit.rare.js")
    const text = auditCsv(this.#events, {
      started: this.draft.started_at,
      finalised: now,
      isTracked: parameters["track-changes"] === "true",
      user: parameters["identify-user"] === "true" ? this.record.about?.username : "",
      old: (place) => valueAt(this.draft.start, place),
    })
    const blob = new Blob([text], { type: "text/csv" })
    const sha256 = await hashOf(await blob.arrayBuffer())
    await this.saveFile({ sha256, blob, size: blob.size, type: blob.type })
    this.record.set(path, sha256)
  }

  /** The bytes of one of the form's own files, or null when this phone has not fetched it yet. */
  async formFile(name) {
    const { sha256 } = this.bundle.files?.[name] ?? {}
    return (sha256 && (await this.#store.file(sha256))?.blob) ?? null
  }

  // Looks

  /** Does the form decide a class? A province's own module decides none. */
  get isAssessed() {
    return this.record.form.outcomes.has("class") || this.record.form.indicators.length > 0
  }

  /**
   * What the class was measured against, for the sentence why: {points, income, incomeLine}, each a number or null.
   * The form marks these rows with the outcomes b1_line, income and income_line.
   */
  line() {
    const values = this.record.values()
    const marked = (wanted, children = this.bundle.children, inside = values) => {
      for (const node of children) {
        const value = inside?.[node.name]
        if (node.columns?.outcome === wanted) return typeof value === "number" ? value : null
        const deeper = node.type === "group" ? marked(wanted, node.children, value) : null
        if (deeper !== null) return deeper
      }
      return null
    }
    return { points: marked("b1_line"), income: marked("income"), incomeLine: marked("income_line") }
  }

  /** Last year's answer for a question, or undefined. */
  suggestion(node, path) {
    const last = suggestion(node, path, this.draft.last, this.origins)
    if (last === undefined || !node.list) return last
    return isOffered(last, this.record.choices(path)) ? last : undefined
  }

  /** Every problem of the record, worked out once after each change. */
  get problems() {
    return (this.#problems ??= this.record.problems())
  }

  /** What the supervisor wrote about this place of the returned record. */
  comments(path) {
    const original = originalPath(path, this.origins)
    return original === null ? [] : this.draft.comments.filter((comment) => comment.path && comment.path === original)
  }

  /**
   * Problems that still stand, of the whole or where `isHere(path)`: without the warnings that were confirmed.
   * @param {(path: string) => boolean} isHere
   */
  standing(isHere = () => true) {
    const here = this.problems.filter((problem) => isHere(problem.path))
    return {
      errors: here.filter((problem) => problem.severity === "error"),
      warnings: here.filter((problem) => problem.severity === "warning" && !this.confirmed[problem.path]),
    }
  }

  /**
   * How a section or member stands: {state: "untouched"|"begun"|"done"|"wrong", missing, wrong, comments}. `wrong`
   * counts errors other than missing answers, and warnings not yet confirmed.
   */
  state(path) {
    const isHere = within(this.record, path)
    const { errors, warnings } = this.standing(isHere)
    const missing = errors.filter((problem) => problem.kind === "required").length
    const wrong = errors.length - missing + warnings.length
    const isSeen = this.visited.has(path) || Boolean(this.draft.replaces) // a returned record was asked before
    const state = wrong ? "wrong" : !isSeen ? "untouched" : missing ? "begun" : "done"
    // Comments speak of the places of the record as it was submitted.
    const original = originalPath(path, this.origins)
    const isThen = original === path ? isHere : original === null ? () => false : within(this.record, original)
    const comments = this.draft.comments.filter((comment) => comment.path && isThen(comment.path)).length
    return { state, missing, wrong, comments }
  }

  /**
   * The ENTRY of docs/sync.md with its hash and draft, ready for the outbox.
   * @param {Date} now
   * @returns {Promise<Finished>}
   */
  async finalised(now) {
    await this.#keepRecordings()
    await this.#keepAudit(now)
    this.record.finish(clockOf(now).now)
    const assessment = assess(this.record)
    const warned = new Set(this.problems.filter((problem) => problem.severity === "warning").map((one) => one.path))
    const confirmed = Object.fromEntries(Object.entries(this.confirmed).filter(([path]) => warned.has(path)))
    const answers = this.record.submission()
    const files = await Promise.all(
      filesIn(this.bundle.children, answers).map(async ({ path, sha256 }) => {
        const file = await this.fileOf(sha256)
        return file && { path, sha256, size: file.size, type: file.type }
      }),
    )
    const entry = entryOf({
      draft: this.draft,
      answers,
      confirmed,
      assessment,
      files: files.filter(Boolean),
      now,
      isTooMuch: this.record.isTooMuch(),
    })
    const name = assessment.headName || this.record.instanceName() || this.draft.name
    return {
      id: entry.id,
      draft_id: this.draft.id,
      name,
      code: this.draft.code,
      entry,
      content_hash: await contentHash(entry),
    }
  }
}
