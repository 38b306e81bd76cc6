// A change of a household that is proposed to the commune, without an interview, as it is sent (docs/sync.md). Pure,
// but for the new id. What is missing or cannot be is told before it is sent, by the server's own codes:
// tests/cases/proposals.json binds both.

import { uuidv7 } from "../ids.js"

/**
 * What can be proposed: its kind, what is asked beside it. `who`: a member; `day`: since when; `fields`: of "name",
 * "sex", "birth", "year", "relation", "number", "head", "village", "address", "class", "household" (where somebody
 * lives now).
 * @type {{ [what: string]: { kind: string, who?: boolean, day?: boolean, fields: string[] } }}
 */
export const WHAT = {
  died: { kind: "died", who: true, day: true, fields: [] },
  left: { kind: "left", who: true, day: true, fields: [] },
  married_out: { kind: "married_out", who: true, day: true, fields: [] },
  transferred: { kind: "transferred", who: true, day: true, fields: ["household", "relation"] },
  born: { kind: "born", day: true, fields: ["name", "sex"] },
  joined: { kind: "joined", day: true, fields: ["name", "sex", "year"] },
  married_in: { kind: "married_in", day: true, fields: ["name", "sex", "year"] },
  called: { kind: "person", who: true, fields: ["name"] },
  birth: { kind: "person", who: true, fields: ["birth"] },
  sex: { kind: "person", who: true, fields: ["sex"] },
  relation: { kind: "person", who: true, fields: ["relation"] },
  number: { kind: "person", who: true, fields: ["number"] },
  head: { kind: "head", who: true, day: true, fields: [] },
  head_name: { kind: "correct", fields: ["head"] },
  village: { kind: "correct", fields: ["village"] },
  address: { kind: "correct", fields: ["address"] },
  class: { kind: "correct", fields: ["class"] },
}
export const BIRTH = ["day", "month", "year"]
const COMING = ["born", "joined", "married_in"]
const CODE = /^(?![0-9]{12}$)[A-Za-z0-9][A-Za-z0-9-]{0,63}$/ // of a person, as survey/register/event_log.py has it
export const GOING = ["died", "left", "married_out", "transferred"]

/**
 * What may be chosen of a household with these members, on a phone of so many villages. `isDue`: a round asks for it
 * and nothing is decided there yet: then last year's class can be another, and not this year's.
 */
export const offeredOf = (members, villages, isDue) =>
  Object.keys(WHAT).filter((what) => {
    if (what === "class") return isDue
    if (what === "village") return villages > 1
    if (["head", "relation"].includes(what)) return members.length > 1
    return what === "head_name" ? members.length === 0 : !WHAT[what].who || members.length > 0
  })

/**
 * Who lives there by the list's answers: the first list of people with names. `id`: the code, else the name; what is
 * not known is "".
 * @returns {{ id: string, name: string, isHead: boolean, number: string, sex: string, relation: string, day: string,
 *   month: string, year: string }[]}
 */
export function membersIn(answers) {
  if (!answers || typeof answers !== "object") return []
  if (!Array.isArray(answers))
    return Object.values(answers).reduce((found, one) => (found.length ? found : membersIn(one)), [])
  if (!answers.length || !answers.every((one) => one?.ho_ten)) return []
  return answers.map((one) => ({
    id: CODE.test(one.ma_nk ?? "") ? one.ma_nk : one.ho_ten,
    name: one.ho_ten,
    isHead: one.quan_he === "chu_ho",
    number: one.cccd ?? "",
    sex: one.gioi_tinh ?? "",
    relation: one.quan_he ?? "",
    day: String(one.ngay_sinh ?? ""),
    month: String(one.thang_sinh ?? ""),
    year: String(one.nam_sinh ?? ""),
  }))
}

/**
 * What the phone knows of that which is to be changed: who decides sees when it is another by then.
 * @param {{ what: string, household: any, member?: any, there?: any }} of `there`: the household where they live now
 */
export function baseOf({ what, household, member, there }) {
  const known = {
    ...member,
    head: household.head_name,
    village: household.village_id,
    address: household.last_answers?.thong_tin_ho?.dia_chi,
    class: household.last_class,
    household: there && [there.head_name, there.code].filter(Boolean).join(" · "),
  }
  const { who, kind, fields } = WHAT[what]
  const asked = fields.flatMap((field) => (field === "birth" ? BIRTH : field))
  const fieldsOf = {
    head: ["head", "name"],
    transferred: ["name", "household"], // kin of another head
  }
  const named = fieldsOf[what] ?? (who ? ["name", ...asked] : kind === "correct" ? asked : [])
  return Object.fromEntries(named.filter((field) => known[field]).map((field) => [field, known[field]]))
}

const digits = (text) => String(text ?? "").replace(/\s/g, "")
const isSaid = (value) => value !== undefined && value !== null && String(value).trim() !== ""

function isBirth({ day, month, year }) {
  if ((isSaid(day) && !isSaid(month)) || (isSaid(month) && !isSaid(year))) return false
  if (!isSaid(year)) return true
  const [d, m, y] = [day, month, year].map((one) => (isSaid(one) ? Number(one) : 1))
  const found = new Date(Date.UTC(y, m - 1, d))
  return y >= 1850 && found.getUTCMonth() === m - 1 && found.getUTCDate() === d
}

/** Does a day lie before the birth, as far as that is known? */
function isBeforeBirth({ day, month, year }, on) {
  const then = on.split("-").map(Number)
  for (const [at, part] of [year, month, day].entries()) {
    if (!isSaid(part)) return false
    if (then[at] !== Number(part)) return then[at] < Number(part)
  }
  return false
}

/**
 * What is missing or cannot be, as a code of the server's; null: it may be sent.
 * @param {any} said kind, person, effective_on, given, base, reason
 * @param {{ today: string, members: any[] }} known as of membersIn
 */
export function faultIn({ kind, person, effective_on: on, given, base = {}, reason }, { today, members }) {
  const isNobody = [...GOING, "head", "person"].includes(kind) && !person
  if (isNobody) return "person_unclear"
  if (kind === "transferred" && !isSaid(given.household) && !isSaid(given.where)) return "register_not_there"
  if (!isSaid(reason)) return "register_reason_needed"
  if (isSaid(given.number) && !/^[0-9]{12}$/.test(digits(given.number))) return "person_number_wrong"
  if (!isBirth(given)) return "person_birth_wrong"
  if (!on) return "person_birth_wrong"
  if (on > today) return "register_future"
  if (COMING.includes(kind) && !isSaid(given.name)) return "person_name_missing"
  if (["person", "correct"].includes(kind)) {
    const all = Object.entries(given).filter(([, value]) => isSaid(value))
    if (!all.length) return "register_nothing_given"
    if (all.every(([field, value]) => String(value).trim() === String(base[field] ?? "")))
      return "register_changes_nothing"
  }
  const one = members.find(({ id }) => id === person)
  if (isBeforeBirth({ ...one, ...given }, on)) return "person_before_birth"
  if (!GOING.includes(kind)) return null
  if (members.every(({ id }) => id === person)) return "person_last_goes"
  return one?.isHead && !isSaid(given.head) ? "person_head_goes" : null
}

/**
 * @param {{ household: any, commune: string, said: any, base: { [field: string]: string }, now: Date }} of
 * @returns {ProposalEntry}
 */
export function proposalOf({ household, commune, said, base, now }) {
  // Half of a letter, cut off by a keyboard or by the limit, is none: nothing could hash or store it.
  const whole = (value) => (typeof value === "string" ? value.replace(/\p{Surrogate}/gu, "").trim() : value)
  const given = Object.entries(said.given).filter(([, value]) => isSaid(value))
  return {
    id: uuidv7(now.getTime()),
    commune_id: commune,
    ...(household.round_id && { round_id: household.round_id }), // none: no round asks for it
    household_id: household.household_id,
    proposal: {
      kind: said.kind,
      person: said.person ?? null,
      effective_on: said.effective_on,
      given: Object.fromEntries(given.map(([field, value]) => [field, whole(value)])),
      base,
      reason: whole(said.reason),
    },
    files: [],
    finalised_at: now.toISOString(),
  }
}

/**
 * What was proposed of a household, the newest first: what waits on this phone, and what the server knows.
 * @param {Household} household
 * @param {Outgoing[]} items all that was sent from here or waits
 * @returns {{ id: string, kind: string, state: string, at: string, by: string, words: string, entry: any,
 *   held: any }[]}
 */
export function proposedOf(household, items) {
  const own = items.filter((one) => one.entry.proposal && one.entry.household_id === household.household_id)
  const told = new Map((household.proposals ?? []).map((one) => [one.entry_id, one]))
  const found = own.map((item) => {
    const known = told.get(item.id)
    told.delete(item.id)
    const state = item.problem ? "refused_here" : item.state === "waiting" ? "unsent" : "received"
    const held = item.result?.outcome === "held" ? item.result.reason : null
    const { entry } = item
    const stands = { state: held && state === "received" ? "held" : state, at: entry.finalised_at, by: "", words: "" }
    return { id: item.id, kind: entry.proposal.kind, ...stands, ...known, entry, held }
  })
  const others = [...told.values()].map((one) => ({ id: one.entry_id, ...one, entry: null, held: null }))
  return [...found, ...others].sort((one, other) => (one.id < other.id ? 1 : -1))
}
