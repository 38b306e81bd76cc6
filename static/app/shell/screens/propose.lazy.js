// A change of a household is proposed to the commune; and what became of those before, on the household's page.

import { HOME, ofHousehold, ofSent } from "../addresses.js"
import { two } from "../../bytes.js"
import {
  BIRTH,
  GOING,
  WHAT,
  baseOf,
  faultIn,
  membersIn,
  offeredOf,
  proposalOf,
  proposedOf,
} from "../../interview/proposal.lazy.js"
import { matches } from "../../search.js"
import { wordsOfProblem } from "../notices.js"
import { action, date, part, stamp, tag, word } from "../page.js"
import { choices, chosen } from "../radio.lazy.js"
import { survey } from "../register.js"
import { tell } from "../tell.lazy.js"
import { learnt } from "../templates.lazy.js"

/** "2026-11-23" in the phone's own time. */
const dayOf = (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`

const FIELDS = new Set(Object.values(WHAT).flatMap(({ fields }) => fields))
const MOST_FOUND = 6 // households below the box in which one is sought

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
    if (["sex", "relation", "village", "class", "household"].includes(field)) given[field] = chosen(form, field)
    else if (field === "birth") for (const one of BIRTH) given[one] = action(form, `birth-${one}`).value.trim()
    else given[field] = action(form, field).value
  }
  if (given.household === "") given.where = action(form, "where").value
  for (const one of BIRTH) if (given[one]) given[one] = Number(given[one])
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
  const isDue = household.round_id !== "" && household.state !== "accepted"
  const offered = offeredOf(members, villages.size, isDue)
  for (const group of ["moves", "wrong", "household"]) {
    const own = offered.filter((what) => groupOf(what) === group)
    part(element, `whats-${group}`).hidden = own.length === 0
    choices(
      part(part(element, `whats-${group}`), "whats"),
      "what",
      own.map((what) => [what, word(`propose.${what}`)]),
    )
  }
  const elsewhere = new Map(
    rows
      .map((row) => row.household)
      .filter((one) => one.household_id !== householdId && !one.is_new && !one.gone)
      .map((one) => [one.household_id, one]),
  )
  /** Those that are sought, the chosen one first, and at last one that is not on this phone. */
  const drawFound = () => {
    const kept = chosen(form, "household")
    const query = action(form, "sought").value
    const others = [...elsewhere.values()].filter((one) => one.household_id !== kept && matches(one.key, query))
    const shown = [...(kept ? [elsewhere.get(kept)] : []), ...others.slice(0, MOST_FOUND)].map((one) => [
      one.household_id,
      [one.head_name, villages.get(one.village_id)?.name, one.code.split("-").at(-1)].filter(Boolean).join(" · "),
    ])
    choices(part(element, "found"), "household", [...shown, ["", word("propose.not_here")]], kept)
  }
  action(form, "sought").addEventListener("input", drawFound)
  drawFound()
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
    if (target.name === "what") {
      const isOfOthers = ["head", "relation"].includes(what)
      choices(part(element, "people"), "who", isOfOthers ? people.filter((_, at) => !members[at].isHead) : people)
    }
    part(element, "more").hidden = false
    if (target.name === "what") part(element, "more").scrollIntoView({ block: "start" })
    part(element, "who").hidden = !who
    part(element, "since").hidden = !day
    part(element, "since-words").textContent = word(day ? `propose.since_${what}` : "propose.since_left")
    for (const field of FIELDS) part(element, `of-${field}`).hidden = !fields.includes(field)
    const there = chosen(form, "household")
    part(element, "of-where").hidden = what !== "transferred" || there !== ""
    if (what === "transferred") part(element, "of-relation").hidden = !there
    part(element, "relation-words").textContent = word(`propose.relation_of_${what === "relation" ? "head" : "other"}`)
    const goes = members.find(({ id }) => id === chosen(form, "who"))
    const known = ["person", "correct"].includes(kind) ? baseOf({ what, household, member: goes }) : {}
    const old = wordsOfValue(what === "called" ? known : { ...known, name: undefined }, villages)
    part(element, "known").textContent = old && word("propose.known", { value: old })
    part(element, "known").hidden = !old
    const heirs = GOING.includes(kind) && goes?.isHead ? members.filter((one) => one !== goes) : []
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
    const member = members.find(({ id }) => id === said?.person)
    const there = elsewhere.get(said?.given.household)
    if (said) said.base = baseOf({ what, household, member, there })
    const fault = said ? faultIn(said, { today: dayOf(new Date()), members }) : "what"
    const place = part(element, "fault")
    place.hidden = !fault
    if (fault || !said) {
      place.textContent = word(`propose.fault_${fault}`)
      return void place.scrollIntoView({ block: "center" })
    }
    const words = word("propose.sure_words", {
      name,
      what: wordsOf({ kind: said.kind, entry: { proposal: said } }, household, villages),
    })
    const question = { title: word("propose.sure"), words, yes: word("propose.yes") }
    const make = () => proposalOf({ household, commune, said, base: said.base, now: new Date() })
    if (!(await tell(app, action(element, "propose"), question, household, name, make))) return
    app.go(ofHousehold(household))
  })
  return { element }
}

/** Among what a thing that can be proposed is shown. */
const groupOf = (what) =>
  WHAT[what].kind === "person" ? "wrong" : WHAT[what].day && what !== "head" ? "moves" : "household"

/**
 * What is said of a person or a household, in words; "" for nothing.
 * @param {any} said
 */
function wordsOfValue({ name, number, address, village, sex, relation, day, month, year, ...said }, villages) {
  const birth = [day, month, year].filter(Boolean).join("/")
  const ofHousehold = address ?? villages.get(village)?.name ?? (said.class && word(`class.${said.class}`)) ?? said.head
  const kin = relation && word(`propose.relation_${relation}`)
  return name ?? number ?? ofHousehold ?? ((sex && word(`propose.sex_${sex}`)) || kin || birth)
}

/** What was proposed, in words: what, of whom, and the new value. */
function wordsOf({ kind, entry }, household, villages) {
  const said = entry?.proposal
  const label = word(`propose.kind_${kind}`)
  const member = membersIn(household.last_answers).find(({ id }) => id === said?.person)
  const given = said?.given ?? {}
  const isOther = !GOING.includes(kind) && kind !== "head" // else what is given is who follows as head
  const value = isOther ? wordsOfValue(given, villages) : (given.where ?? (given.household && said.base.household))
  const who = said?.base?.name ?? member?.name // as it was told: who died is no member any more
  return [label, [who, value].filter(Boolean).join(" → ")].filter(Boolean).join(": ")
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
