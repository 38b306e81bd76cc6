// One open interview: the record that computes, and the journal that keeps. Every change goes first to the record (the
// screen answers within a frame) and at once to the store; nothing waits for anything. Knows no screen.

import { afterRemoval, isWithin, originalPath, replay, valueAt } from "./answers.js"
import { contentHash } from "./canonical.js"
import { uuidv7 } from "./ids.js"
import { isOffered, startingAnswers, suggestion } from "./preload.js"
import { Record } from "./record.js"
import { DraftClosed } from "./store.js"

const two = (number) => String(number).padStart(2, "0")

// One way of writing each letter, and none that JSON cannot carry.
const clean = (text) => text.normalize("NFC").replace(/\p{Surrogate}/gu, "\ufffd")

/** The phone's clock as the record wants it: {today, now} in local time with its offset. */
export function clockOf(date) {
  const today = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const offset = -date.getTimezoneOffset()
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.000`
  return { today, now: `${today}T${time}${zone}` }
}

/**
 * A new draft of a household of the register (or a new one): what openDraft keeps. A returned record starts from what
 * was submitted, and then nothing of last year is suggested: its members are no longer last year's by number.
 */
export function newDraft({ household, round, bundle, commune, now, newHousehold = null }) {
  const { returned } = household
  const first = new Record(bundle, {
    answers: returned ? returned.answers : startingAnswers(bundle, household),
    clock: clockOf(now),
    newId: () => uuidv7(),
  })
  if (!returned) first.applyDefaults()
  return {
    id: uuidv7(),
    round_id: round.id,
    commune_id: commune,
    household_id: household.household_id,
    village_id: household.village_id,
    code: household.code ?? "",
    name: household.head_name ?? "",
    form: { id: bundle.id, version: bundle.version },
    start: first.answers(),
    last: returned ? null : (household.last_answers ?? null),
    comments: returned?.comments ?? [],
    replaces: returned?.entry_id ?? null,
    new_household: newHousehold,
    started_at: now.toISOString(),
  }
}

export class Interview {
  #store
  #problems = null
  #pending = []
  #writing = null

  /** `draft` and `events` as the store holds them; `onSaved(state)` is told "saving", "saved" or "failed". */
  constructor(store, bundle, draft, events, { now, onSaved = () => {} }) {
    const { answers, confirmed, origins, last } = replay(draft.start, events)
    this.#store = store
    this.bundle = bundle
    this.draft = draft
    this.record = new Record(bundle, { answers, clock: clockOf(now), newId: () => uuidv7() })
    this.confirmed = confirmed
    this.origins = origins
    this.lastPath = last
    this.visited = new Set(draft.visited)
    this.onSaved = onSaved
  }

  // Changes

  set(path, value) {
    const kept = typeof value === "string" ? clean(value) : value
    this.record.set(path, kept === "" ? null : kept)
    this.#problems = null
    this.#keep({ op: "set", path, value: kept === "" ? null : kept })
    // What was confirmed was the answer before.
    if (this.confirmed[path]) this.confirm(path, null)
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
    const path = this.record.addInstance(repeat)
    this.#problems = null
    this.#keep({ op: "add", path, value: valueAt(this.record.answers(), path) ?? {} })
    ;(this.origins[repeat] ??= []).push(null)
    return path
  }

  remove(instance) {
    const repeat = instance.replace(/\[\d+\]$/, "")
    this.record.removeInstance(instance)
    this.#problems = null
    this.origins[repeat]?.splice(Number(/\[(\d+)\]$/.exec(instance)[1]) - 1, 1)
    const moved = (entries) => entries.map(([at, kept]) => [afterRemoval(at, instance), kept]).filter(([at]) => at)
    this.confirmed = Object.fromEntries(moved(Object.entries(this.confirmed)))
    this.#keep({ op: "remove", path: instance })
  }

  visit(path) {
    this.visited.add(path)
    const name = this.record.assessment().headName || this.draft.name
    return this.#store.visit(this.draft.id, path, name)
  }

  #keep(event) {
    this.lastPath = event.path
    const before = this.#pending.at(-1)
    const dated = { ...event, at: new Date().toISOString() }
    // While the disk is busy, a later keystroke of the same answer replaces the one that still waits.
    if (event.op === "set" && before?.op === "set" && before.path === event.path) this.#pending[this.#pending.length - 1] = dated
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

  /** Keeps a picture's bytes {sha256, blob, size, type}, before an answer names them. */
  saveFile(file) {
    return this.#store.saveFile(file)
  }

  fileOf(hash) {
    return this.#store.file(hash)
  }

  // Looks

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

  /** Problems under `prefix` that still stand: {errors, warnings} without the warnings that were confirmed. */
  standing(prefix = "") {
    const here = this.problems.filter((problem) => isWithin(problem.path, prefix))
    return {
      errors: here.filter((problem) => problem.severity === "error"),
      warnings: here.filter((problem) => problem.severity === "warning" && !this.confirmed[problem.path]),
    }
  }

  /**
   * How a section stands: {state: "untouched"|"begun"|"done"|"wrong", missing, wrong}. `wrong` counts errors other than
   * missing answers, and warnings not yet confirmed.
   */
  state(path) {
    const { errors, warnings } = this.standing(path)
    const missing = errors.filter((problem) => problem.kind === "required").length
    const wrong = errors.length - missing + warnings.length
    const isSeen = this.visited.has(path)
    const state = wrong ? "wrong" : !isSeen ? "untouched" : missing ? "begun" : "done"
    return { state, missing, wrong }
  }

  /** The ENTRY of docs/sync.md with its hash and draft, ready for the outbox; `files` are those the store holds. */
  async finalised(now, fileOf) {
    const { draft, record } = this
    const assessment = record.assessment()
    const answers = record.submission()
    const entry = {
      id: uuidv7(),
      commune_id: draft.commune_id,
      round_id: draft.round_id,
      household_id: draft.household_id,
      form: draft.form,
      answers,
      confirmed: this.#confirmedStill(),
      outcome: {
        class: assessment.class,
        b1: assessment.b1,
        b2: assessment.b2,
        indicators: Object.fromEntries(assessment.indicators.map((one) => [one.key, one.deprived === null ? null : Number(one.deprived)])),
      },
      files: await this.#files(answers, fileOf),
      started_at: draft.started_at,
      finalised_at: now.toISOString(),
      replaces: draft.replaces,
      new_household: draft.new_household && { ...draft.new_household, head_name: assessment.headName || draft.name },
    }
    const name = assessment.headName || draft.name
    return { id: entry.id, draft_id: draft.id, name, code: draft.code, entry, content_hash: await contentHash(entry) }
  }

  #confirmedStill() {
    const warned = new Set(this.problems.filter((problem) => problem.severity === "warning").map((one) => one.path))
    return Object.fromEntries(Object.entries(this.confirmed).filter(([path]) => warned.has(path)))
  }

  async #files(answers, fileOf) {
    const found = []
    const visit = async (children, values, prefix) => {
      for (const node of children) {
        const value = values?.[node.name]
        if (value === undefined || value === null) continue
        const path = prefix + node.name
        if (node.type === "group") await visit(node.children, value, `${path}/`)
        else if (node.type === "repeat") {
          for (const [index, one] of value.entries()) await visit(node.children, one, `${path}[${index + 1}]/`)
        } else if (node.type === "image") {
          const file = await fileOf(value)
          if (file) found.push({ path, sha256: value, size: file.size, type: file.type })
        }
      }
    }
    await visit(this.bundle.children, answers, "")
    return found
  }
}
