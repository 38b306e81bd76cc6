// A support that a household or one of its members was given, as it is sent (docs/sync.md), and what is known of those
// before it. Pure, but for the new id. What is missing, cannot be or was given before is told before it is sent, by the
// server's own codes: tests/cases/supports.json binds both.

import { uuidv7 } from "../ids.js"

export const MOST_MONEY = 1_000_000_000_000 // đồng
const MOST_PIECES = 1_000_000
const NOT_GIVEN = ["refused", "reversed"]

/** The kinds that fit a household with these members: where nobody is known, nobody can be named. */
export const kindsFor = (kinds, members) => kinds.filter(({ subject }) => subject === "household" || members.length > 0)

/** The projects under which something could be given on a day; all where none was said. */
export const runningOn = (projects, day) => projects.filter((one) => !day || !isOutside(day, one))

/**
 * What a household lacks, with the projects that serve it.
 * @param {string} household
 * @param {SupportList} list
 */
export function needsOf(household, { needs, projects }) {
  const need = needs.find((one) => one.household_id === household)
  const isFor = (classes) => !classes.length || classes.includes(need?.class)
  return (need?.lacks ?? []).map((indicator) => ({
    indicator,
    projects: projects.filter(({ serves }) => serves.some((one) => one.indicator === indicator && isFor(one.classes))),
  }))
}

/** Which rule stands between a day and a project, or null. */
function isOutside(day, { since, until }) {
  if (day < since) return "support_before_project"
  return until && day > until ? "support_after_project" : null
}

/**
 * By what two supports of one benefit lie in one window; null: it is given as often as it is needed.
 * @param {{ window: string }} kind
 * @param {{ day: string, programme: string }} said
 */
export function windowKey(kind, { day, programme }) {
  const keys = { month: day.slice(0, 7), calendar_year: day.slice(0, 4), programme, life: "life" }
  return keys[kind.window] ?? null
}

const kindOf = ({ kinds }, kind) => kinds.find(({ code }) => code === kind)
export const projectOf = ({ projects }, said) =>
  projects.find((one) => one.programme === said.programme && one.project === said.project)

/**
 * Those of `given` that are the same benefit once more: of a household by the household, of a person by the person
 * alone, wherever they lived then, in the same window.
 * @param {Supported} said
 * @param {string} household
 * @param {Given[]} given
 * @param {SupportList} list
 */
export function earlierOf(said, household, given, list) {
  const kind = kindOf(list, said.kind)
  const key = kind && said.day && windowKey(kind, /** @type {any} */ (said))
  if (!key) return []
  const isSame = (one) =>
    kind.subject === "person" ? one.person === said.person : one.person === null && one.household_id === household
  return given.filter(
    (one) =>
      isSame(one) &&
      one.benefit_group === kind.benefit_group &&
      one.window_key === key &&
      !NOT_GIVEN.includes(one.state),
  )
}

const isWhole = (value, most) => value === null || (Number.isSafeInteger(value) && value >= 1 && value <= most)

/**
 * What is missing or cannot be, as a code of the server's or, of what was not chosen, as the field; null: it may be
 * sent. Given before it may be too, with a note of why.
 * @param {Supported} said
 * @param {{ today: string, earlier: Given[], list: SupportList }} known
 */
export function faultIn(said, { today, earlier, list }) {
  const kind = kindOf(list, said.kind)
  if (!kind) return "kind"
  if (kind.subject === "person" && !said.person) return "support_person_needed"
  if (kind.subject === "household" && said.person) return "support_whole_household"
  if (!said.day) return "day"
  if (said.day > today) return "register_future"
  const project = projectOf(list, said)
  if (!project) return "project"
  const outside = isOutside(said.day, project)
  if (outside) return outside
  if (!isWhole(said.amount, MOST_MONEY)) return "amount"
  if (!isWhole(said.quantity, MOST_PIECES)) return "quantity"
  return earlier.length && !said.note.trim() ? "support_given" : null
}

/**
 * @param {{ household: any, commune: string, said: Supported, doubted?: any, now: Date }} of
 * @returns {SupportEntry}
 */
export function supportOf({ household, commune, said, doubted = null, now }) {
  // Half of a letter, cut off by a keyboard or by the limit, is none: nothing could hash or store it.
  const line = (text) =>
    text
      .replace(/\p{Surrogate}/gu, "")
      .replace(/[\s\p{Cc}]+/gu, " ")
      .trim()
  return {
    id: uuidv7(now.getTime()),
    commune_id: commune,
    household_id: household.household_id,
    support: { ...said, day: /** @type {string} */ (said.day), document: line(said.document), note: line(said.note) },
    files: [],
    finalised_at: now.toISOString(),
    ...(doubted && { date_doubted: doubted }),
  }
}

/**
 * What this phone knows of what was given to anybody, the newest first: what the server tells, and what was sent from
 * here or waits.
 * @param {SupportList} list
 * @param {Outgoing[]} items all that was sent from here or waits
 * @returns {Given[]}
 */
export function givenBy(list, items) {
  const told = new Map(list.sent.map((one) => [one.entry_id, one]))
  const own = items.filter(({ entry }) => entry.support).map((item) => ownOf(item, told.get(item.id), list))
  const here = new Set(own.map(({ id }) => id))
  // Those of an earlier year, or of another phone of this account.
  const formerly = list.sent.filter((one) => !here.has(one.entry_id)).map((one) => formerOf(one, list))
  // What was written down of what was sent is told twice.
  const sent = new Set([...own, ...formerly].filter(({ state }) => state === "accepted").map(keyOf))
  const others = list.given
    .filter((one) => !sent.has(keyOf(one)))
    .map((one) => ({ ...NOTHING, ...one, id: "", state: "accepted" }))
  const order = ({ day, id }) => `${day ?? ""} ${id}`
  return [...own, ...formerly, ...others].sort((one, other) => (order(one) < order(other) ? 1 : -1))
}

/** @type {Given} */
const NOTHING = {
  id: "",
  state: "",
  household_id: "",
  person: null,
  benefit_group: "",
  window_key: "",
  kind: "",
  day: "",
  place: "",
  programme_name: "",
  amount: null,
  quantity: null,
  document: "",
  words: "",
  by: "",
  entry: null,
  held: null,
}

const keyOf = ({ household_id, person, kind, day }) => JSON.stringify([household_id, person, kind, day])

function ownOf(item, told, list) {
  const { support: said, household_id } = item.entry
  const kind = kindOf(list, said.kind)
  const held = item.result?.outcome === "held" ? item.result.reason : null
  const state = item.problem ? "refused_here" : item.state === "waiting" ? "unsent" : held ? "held" : "received"
  return {
    ...NOTHING,
    ...said,
    id: item.id,
    household_id,
    benefit_group: kind?.benefit_group ?? "",
    window_key: (kind && windowKey(kind, said)) ?? "",
    programme_name: projectOf(list, said)?.programme_name ?? "",
    state: item.state === "waiting" ? state : (told?.state ?? state),
    words: told?.words || said.note,
    by: told?.words ? told.by : "",
    entry: item.entry,
    held,
  }
}

function formerOf({ entry_id, ...told }, list) {
  const kind = kindOf(list, told.kind)
  const key = kind && told.day ? windowKey(kind, { day: told.day, programme: "" }) : ""
  return { ...NOTHING, ...told, id: entry_id, benefit_group: kind?.benefit_group ?? "", window_key: key ?? "" }
}

/** An amount as it is said: [[1, "million"], [500, "thousand"]]. */
export function moneyParts(amount) {
  const found = []
  let left = amount
  for (const [name, size] of /** @type {[string, number][]} */ ([
    ["billion", 1e9],
    ["million", 1e6],
    ["thousand", 1e3],
    ["one", 1],
  ])) {
    const count = Math.floor(left / size)
    left -= count * size
    if (count) found.push([count, name])
  }
  return found
}
