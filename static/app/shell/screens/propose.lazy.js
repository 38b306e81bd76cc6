// A change of a household is proposed to the commune; and what became of those before, on the household's page.

import { HOME, ofHousehold, ofSent } from "../addresses.js"
import { contentHash } from "../../canonical.js"
import { two } from "../../bytes.js"
import { baseOf, faultIn, membersIn, offeredOf, proposalOf, proposedOf, WHAT } from "../../interview/proposal.lazy.js"
import { wordsOfProblem } from "../notices.js"
import { action, ask, date, part, stamp, tag, word } from "../page.js"
import { survey } from "../register.js"
import { learnt } from "../templates.lazy.js"

/** "2026-11-23" in the phone's own time. */
const dayOf = (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`

/** Radio rows of `[value, label]` in a place of their own. */
function choices(place, name, rows) {
  place.replaceChildren(
    ...rows.map(([value, label]) => {
      const choice = stamp("choice", { label })
      Object.assign(choice.querySelector("input"), { type: "radio", name, value })
      return choice
    }),
  )
}

/** What was chosen of those called `name`. */
const chosen = (form, name) => form.querySelector(`input[name="${name}"]:checked`)?.value ?? null

/** A day of three small numbers as "2026-11-23"; "" when it is none. */
function readDay(form) {
  const [day, month, year] = ["day", "month", "year"].map((name) => Number(action(form, `since-${name}`).value))
  const found = new Date(year, month - 1, day)
  const isDay = year > 999 && found.getMonth() === month - 1 && found.getDate() === day
  return isDay ? dayOf(found) : ""
}

/** What is said in the form, by the fields of what was chosen. */
function read(form, what) {
  const { kind, who, day, fields } = WHAT[what]
  const on = day ? readDay(form) : dayOf(new Date())
  const given = {}
  for (const field of fields) {
    if (["sex", "village"].includes(field)) given[field] = chosen(form, field)
    else given[field] = action(form, field).value
  }
  if (given.year) given.year = Number(given.year)
  const [year, month, date] = on.split("-").map(Number)
  if (kind === "born" && on) Object.assign(given, { day: date, month, year })
  if (!part(form, "heirs-of").hidden) given.head = chosen(form, "heir")
  return {
    kind,
    person: who ? chosen(form, "who") : null,
    effective_on: on,
    given,
    reason: action(form, "reason").value,
  }
}

/** @param {import("../main.js").Shell} app */
export async function show(app, { step: roundId, more: householdId }) {
  await learnt()
  const { rows, hello, villages } = await survey(app.store)
  const found = rows.find(({ household }) => household.household_id === householdId && household.round_id === roundId)
  if (!found || !hello?.commune || found.household.is_new) return void app.replace(HOME)
  const { household } = found
  const commune = hello.commune.id
  const name = household.head_name || word("row.unnamed")
  const element = stamp("propose", { title: word("propose.title", { name }) })
  const form = /** @type {HTMLFormElement} */ (part(element, "form"))
  action(element, "back").href = ofHousehold(household)
  part(element, "where").textContent = [villages.get(household.village_id)?.name, household.code]
    .filter(Boolean)
    .join(" · ")
  const members = membersIn(household.last_answers)
  const others = [...villages.values()].filter(({ id }) => id !== household.village_id)
  const people = members.map(({ id, name: of, isHead }) => [id, isHead ? word("propose.is_head", { name: of }) : of])
  choices(
    part(element, "whats"),
    "what",
    offeredOf(members, villages.size).map((what) => [what, word(`propose.${what}`)]),
  )
  choices(
    part(element, "villages"),
    "village",
    others.map((one) => [one.id, one.name]),
  )
  const now = new Date()
  for (const [field, value] of Object.entries({
    day: now.getDate(),
    month: now.getMonth() + 1,
    year: now.getFullYear(),
  }))
    action(form, `since-${field}`).value = String(value)

  const draw = ({ target }) => {
    const what = chosen(form, "what")
    if (!what) return
    const { kind, who, day, fields } = WHAT[what]
    if (target.name === "what")
      choices(part(element, "people"), "who", kind === "head" ? people.filter((_, at) => !members[at].isHead) : people)
    part(element, "more").hidden = false
    if (target.name === "what") part(element, "more").scrollIntoView({ block: "start" })
    part(element, "who").hidden = !who
    part(element, "since").hidden = !day
    part(element, "since-words").textContent = word(day ? `propose.since_${what}` : "propose.since_left")
    for (const field of ["name", "sex", "year", "number", "head", "village", "address"])
      part(element, `of-${field}`).hidden = !fields.includes(field)
    const goes = members.find(({ id }) => id === chosen(form, "who"))
    const heirs =
      ["died", "left", "married_out"].includes(kind) && goes?.isHead ? members.filter((one) => one !== goes) : []
    part(element, "heirs-of").hidden = heirs.length === 0
    if (["what", "who"].includes(target.name))
      choices(
        part(element, "heirs"),
        "heir",
        heirs.map((one) => [one.id, one.name]),
      )
  }
  form.addEventListener("change", draw)
  // What is told of stood there before.
  form.addEventListener("input", () => (part(element, "fault").hidden = true))

  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    const what = chosen(form, "what")
    const said = what && read(form, what)
    const fault = said ? faultIn(said, { today: dayOf(new Date()), members }) : "what"
    const place = part(element, "fault")
    place.hidden = !fault
    if (fault || !said) {
      place.textContent = word(`propose.fault_${fault}`)
      return void place.scrollIntoView({ block: "center" })
    }
    const member = members.find(({ id }) => id === said.person)
    const words = word("propose.sure_words", { name, what: word(`propose.${what}`) })
    const send = action(element, "propose")
    if (send.disabled || !(await ask({ title: word("propose.sure"), words, yes: word("propose.yes") }))) return
    send.disabled = true // a second tap would be a second proposal
    try {
      const base = baseOf({ what, household, member })
      const entry = proposalOf({ household, commune, said, base, now: new Date() })
      const content_hash = await contentHash(entry)
      await app.store.say({ id: entry.id, draft_id: entry.id, name, code: household.code, entry, content_hash })
    } finally {
      send.disabled = false
    }
    app.changed()
    app.sync.now()
    app.go(ofHousehold(household))
  })
  return { element }
}

/** What was proposed, in words: what, of whom, and the new value. */
function wordsOf({ kind, entry }, household, villages) {
  const said = entry?.proposal
  const label = word(`propose.kind_${kind}`)
  const member = membersIn(household.last_answers).find(({ id }) => id === said?.person)
  const { given = {} } = said ?? {}
  const value = given.name ?? given.number ?? given.address ?? villages.get(given.village)?.name ?? ""
  const head = kind === "correct" ? (given.head ?? "") : ""
  const who = said?.base?.name ?? member?.name // as it was told: who died is no member any more
  return [label, [who, value, head].filter(Boolean).join(" → ")].filter(Boolean).join(": ")
}

/**
 * Fills `place` on a household's page with what was proposed of it.
 * @param {import("../main.js").Shell} app
 */
export async function drawProposed(place, app, household, villages) {
  const all = proposedOf(household, await app.store.outbox())
  if (!all.length) return
  await learnt()
  const box = stamp("proposed")
  for (const one of all) {
    const line = stamp("proposed-line", { what: wordsOf(one, household, villages), at: date(one.at) })
    tag(part(line, "tag"), `proposed.${one.state}`)
    const said = one.words && (one.by ? word("propose.words", { name: one.by, words: one.words }) : one.words)
    const words = said || (one.state === "held" && one.held ? wordsOfProblem(one.held) : "")
    part(line, "words").textContent = words
    part(line, "words").hidden = !words
    const link = action(line, "sent")
    link.hidden = !one.entry
    if (one.entry) link.href = ofSent(one.id)
    part(box, "list").append(line)
  }
  place.replaceChildren(box)
}
