// One household before and after its interview, and the screen for one that the register does not know.

import { HOME, ROOM, ofInterview, ofNoInterview, ofProposal, ofSent } from "../addresses.js"
import { newDraft, lockName } from "../../interview/begin.js"
import { ready } from "../formparts.js"
import { uuidv7 } from "../../ids.js"
import { Interview } from "../../interview/interview.js"
import { action, ask, date, isDateRight, number, part, stamp, tag, time, word } from "../page.js"
import { isOutcome, survey } from "../register.js"
import { space } from "../storage.js"

const DUE = /^(to_visit|said_)/ // where an interview may begin: one counts before all that was said without it

/** The supervisor's words about a returned record as a whole, ready for the screen. */
export function returnedWords(returned, key = "household.returned") {
  const words = returned.comments.map((comment) => comment.text).join("\n")
  const who = word(key, { name: returned.by, date: date(returned.at) })
  return stamp("returned-words", { who, words })
}

/**
 * @param {import("../main.js").Shell} app
 * @param {{ household: any, round: Round, hello: Hello, newHousehold?: { village_id: string } | null }} what
 */
async function begin(app, { household, round, hello, newHousehold = null }) {
  const bundle = await app.store.form(round.form.id, round.form.version)
  const isReady =
    bundle &&
    (await ready(bundle).then(
      () => true,
      () => false,
    ))
  if (!isReady)
    return void (await ask({
      title: word("household.begin"),
      words: word("household.no_form"),
      yes: word("failed.yes"),
    }))
  const { persist, room } = await space()
  if ((await room()).isFull) return app.go(ROOM)
  const doubted = await app.doubt(round)
  if (doubted && !(await isDateRight(doubted))) return
  const kept = await app.opened.kept(bundle.id)
  const made = newDraft({
    household,
    round,
    bundle,
    commune: /** @type {{ id: string }} */ (hello.commune).id,
    now: new Date(),
    newHousehold,
    doubted,
    ...kept,
  })
  const draft = await app.store.openDraft(made)
  // The first interview is the moment from which data must not be lost; browsers agree more readily than at the start.
  persist(app.device).catch((error) => console.error(error))
  await app.note()
  app.tell("changed")
  app.go(ofInterview(draft.id))
}

/**
 * Asks once, naming what is lost; a second tab that has the interview open loses it too, and goes home.
 * @param {import("../main.js").Shell} app
 */
async function discard(app, draft, name) {
  const { events } = /** @type {{ events: Step[] }} */ (await app.store.draft(draft.id))
  const count = new Set(events.filter((event) => event.op === "set" && event.value !== null).map((event) => event.path))
    .size
  const kind = draft.replaces ? "mended" : draft.new_household ? "new" : "words"
  const words = word(`discard.${kind}`, { name, count: number(count), time: time(draft.started_at) })
  if (!(await ask({ title: word("discard.title"), words, yes: word("discard.yes") }))) return
  await navigator.locks.request(lockName(draft.id), { steal: true }, () =>
    app.store.discard(draft.id, new Date().toISOString()),
  )
  app.changed()
  app.replace(HOME)
}

/**
 * What is left of an interview, in one sentence.
 * @param {import("../main.js").Shell} app
 */
async function leftOf(app, id) {
  const { draft, events } = /** @type {{ draft: Draft, events: Step[] }} */ (await app.store.draft(id))
  if (draft.damaged) return word("household.damaged")
  const bundle = /** @type {Bundle} */ (await app.store.form(draft.form.id, draft.form.version))
  await ready(bundle).catch(() => {}) // a calculation may be missing; what is left to ask is not
  const { errors, warnings } = new Interview(app.store, bundle, draft, events, {
    now: new Date(),
    isRead: true,
  }).standing()
  if (errors.length + warnings.length === 0) return word("household.complete")
  const missing = errors.filter((problem) => problem.kind === "required").length
  return word("household.left", { missing: number(missing), wrong: number(errors.length - missing + warnings.length) })
}

/** @param {import("../main.js").Shell} app */
export async function show(app, params) {
  const found = await survey(app.store)
  const isIt = ({ household: one }) => one.household_id === params.household && one.round_id === params.round
  const row = found.rows.find(isIt)
  if (!row) return void app.replace(HOME)
  const { household, draft, items, sign } = row
  const title = draft?.name || household.head_name || word("row.unnamed")
  const element = stamp("household", { title })
  const village = found.villages.get(household.village_id)?.name ?? ""
  part(element, "where").textContent = [village, household.code].filter(Boolean).join(" · ")
  part(element, "last-class").textContent = word(`class.${household.last_class ?? "unknown"}`)
  const state = document.createElement("span")
  const isBetween = sign === "between"
  part(element, "of-round").hidden = isBetween
  if (isBetween) part(element, "class-of").textContent = word("household.last_review")
  else tag(state, `sign.${sign}`)
  part(element, "state").replaceChildren(state)
  if (household.returned && ["returned", "open"].includes(sign))
    part(element, "comments").append(returnedWords(household.returned))
  const { outcome } = household
  if (sign === "said_sent_back")
    part(element, "comments").append(
      returnedWords({ ...outcome, comments: [{ text: outcome.words }] }, "household.sent_back"),
    )

  const go = action(element, "interview")
  const round = found.rounds.get(household.round_id)
  const kind = draft ? "continue" : sign === "returned" ? "mend" : DUE.test(sign) ? "begin" : null
  const isPossible = kind && (draft || (round?.state === "open" && !household.gone))
  go.hidden = !isPossible
  if (isPossible) go.textContent = word(`household.${kind}`)
  const left = part(element, "left")
  const isTold = isOutcome(items.at(-1))
  if (draft) left.textContent = await leftOf(app, draft.id)
  else if (!isPossible && isTold && ["unsent", "refused"].includes(sign))
    left.textContent = word(`household.told_${sign}`)
  else if (!isPossible) left.textContent = word(household.gone ? "household.gone" : `household.is_${sign}`)
  else if (sign.startsWith("said_")) left.textContent = word(`household.is_${sign}`)
  // Of a household found in the field there is an interview, or nothing.
  part(element, "no-interview").hidden = Boolean(!isPossible || draft || household.is_new)
  action(element, "no-interview").href = ofNoInterview(household)
  // What the commune knows of it already can be mended, also when nothing is to be asked.
  part(element, "propose").hidden = Boolean(household.is_new || household.gone)
  action(element, "propose").href = ofProposal(household)
  // Not on every phone yet: it comes after the first sync.
  const drawProposed = () =>
    import("./propose.lazy.js")
      .then((screen) => screen.drawProposed(part(element, "proposed"), app, household, found.villages))
      .catch(() => {})
  const drawSupports = () =>
    import("./support.lazy.js")
      .then((screen) => screen.drawSupports(part(element, "supports"), app, household))
      .catch(() => {})
  drawProposed()
  drawSupports()
  go.addEventListener("click", () => {
    go.disabled = true // a second tap would be a second start
    if (draft) app.go(ofInterview(draft.id))
    else begin(app, { household, round, hello: found.hello }).finally(() => (go.disabled = false))
  })
  part(element, "discard").hidden = !draft
  action(element, "discard").addEventListener("click", () => discard(app, draft, title))
  if (items.length) {
    part(element, "sent-link").hidden = false
    action(element, "sent").href = ofSent(items.at(-1).id)
    if (isTold) action(element, "sent").textContent = word("household.see_told")
  }
  return {
    element,
    changed: async () => {
      const now = (await survey(app.store)).rows.find(isIt)
      if (now && (now.sign !== sign || now.household.change !== household.change)) app.show()
      else await Promise.all([drawProposed(), drawSupports()])
    },
  }
}

/** @param {import("../main.js").Shell} app */
export async function showNew(app) {
  const { hello, rounds } = await survey(app.store)
  const element = stamp("new-household", { title: word("new.title") })
  const round = [...rounds.values()].find((one) => one.state === "open")
  const go = action(element, "interview")
  let village = hello?.villages.length === 1 ? hello.villages[0] : null
  part(element, "village").hidden = Boolean(village)
  go.disabled = !village || !round
  for (const one of hello?.villages ?? []) {
    const choice = stamp("choice", { label: one.name })
    const input = choice.querySelector("input")
    Object.assign(input, { type: "radio", name: "village", value: one.id })
    input.addEventListener("change", () => {
      village = one
      go.disabled = !round
    })
    part(element, "villages").append(choice)
  }
  go.addEventListener("click", () => {
    go.disabled = true
    const context = { ...village.context, cach_b1: round.b1_method }
    const household = { household_id: uuidv7(), village_id: village.id, context, last_answers: null }
    begin(app, { household, round, hello, newHousehold: { village_id: village.id } }).finally(
      () => (go.disabled = false),
    )
  })
  return { element }
}
