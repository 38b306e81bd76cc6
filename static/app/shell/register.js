// What this phone knows of its households, from the register, the drafts and the outbox together.

import { fold } from "../search.js"
import { isReceived } from "../store/store.js"
import { word } from "./page.js"

const keyOf = (one) => `${one.round_id}/${one.household_id}`

/** Whether it says why there is no interview. */
export const isOutcome = (item) => Boolean(item?.entry.no_interview)

/** Where it stands that a household has no interview, or null: "waiting", "confirmed", "sent_back". */
function saidOf({ outcome }, last) {
  const isSettled = isOutcome(last) && outcome?.state === "confirmed"
  // What was said here is newer than what the register knows.
  if (last && !isSettled && !(outcome?.entry_id >= last.id)) return isOutcome(last) ? "waiting" : null
  return outcome?.state ?? null
}

/** The same, beside an interview: one that waits is looked at first, and whether something was said since one was sent
 * back the server alone knows. */
function saidBeside(household, last) {
  if (household.state === "received") return null
  return household.state === "returned" ? (household.outcome?.state ?? null) : saidOf(household, last)
}

/** What this phone and the server together know of a household: the sign that the list shows. */
export function signOf(household, draft, items) {
  const last = items.at(-1)
  if (draft) return "open"
  if (last?.problem?.code === "damaged") return "to_visit" // it can be neither sent nor mended
  if (last?.problem) return "refused"
  if (last && !isReceived(last)) return "unsent"
  if (household.state === "accepted") return "accepted"
  const said = saidBeside(household, last)
  if (said) return `said_${said}`
  // Mended and sent: the register says so itself a moment later.
  if (household.state === "returned")
    return last && last.entry.replaces === household.returned?.entry_id ? "received" : "returned"
  return last || household.state === "received" ? "received" : "to_visit"
}

/**
 * Everything of the account's open rounds, and the households that no round asks for: [{household, draft, items, sign}]
 * by village and number.
 */
export async function survey(store) {
  const [households, drafts, outbox, hello, between] = await Promise.all([
    store.households(),
    store.drafts(),
    store.outbox(),
    store.get("hello"),
    store.list("between"),
  ])
  const rounds = new Map((hello?.rounds ?? []).map((round) => [round.id, round]))
  const open = new Map(drafts.filter((draft) => draft.state === "open").map((draft) => [keyOf(draft), draft]))
  const asked = outbox.filter(({ entry }) => !entry.proposal && !entry.support) // which say nothing of the round
  const items = grouped(asked)
  const known = new Set(households.map(keyOf))
  const found = [...open.values(), ...asked.map(({ entry, name }) => ({ ...entry, name }))].filter(
    (one) => one.new_household,
  )
  for (const one of found) {
    // Found in the field: shown until the register brings it.
    if (known.has(keyOf(one))) continue
    known.add(keyOf(one))
    households.push(newHousehold(one))
  }
  return {
    hello,
    rounds,
    villages: new Map((hello?.villages ?? []).map((village) => [village.id, village])),
    rows: [...households, ...beside(between, households, rounds)]
      .map((household) => {
        const draft = open.get(keyOf(household))
        const sent = [...(items.get(keyOf(household)) ?? [])].sort(byId)
        const sign = household.round_id ? signOf(household, draft, sent) : "between"
        return { household, draft, items: sent, sign }
      })
      // What the desk confirmed may have taken the household off the list.
      .filter(
        ({ household, draft, items: sent }) =>
          !household.gone || draft || sent.some((item) => !isOutcome(item) || !isReceived(item)),
      )
      .filter(({ household, draft }) => draft || rounds.get(household.round_id)?.state !== "closed")
      .sort((one, other) => orderOf(one).localeCompare(orderOf(other))),
  }
}

/** Those that no round asks for, as households of none; a round that opened meanwhile has brought some already. */
function beside(list, households, rounds) {
  const asked = new Set(
    households
      .filter((one) => !one.gone && rounds.get(one.round_id)?.state === "open")
      .map(({ household_id }) => household_id),
  )
  return (list?.entries ?? [])
    .filter(({ household_id }) => !asked.has(household_id))
    .map((one) => ({ ...one, round_id: "", change: list.mark, key: fold(`${one.head_name} ${one.code}`) }))
}

const newHousehold = ({ round_id, household_id, name, new_household: { village_id } }) => ({
  round_id,
  household_id,
  village_id,
  head_name: name,
  key: fold(name),
  code: "",
  state: "to_visit",
  is_new: true,
})

const byId = (one, other) => (one.id < other.id ? -1 : 1)
// What was given to who holds this phone first.
const orderOf = ({ household }) =>
  `${household.assigned === "you" ? 0 : 1} ${household.village_id} ${household.code || "~"} ${household.household_id}`

function grouped(outbox) {
  const found = new Map()
  for (const item of outbox) found.set(keyOf(item.entry), [...(found.get(keyOf(item.entry)) ?? []), item])
  return found
}

/** The second line of a household's row. */
export function moreOf(household, villages) {
  const village = villages.get(household.village_id)?.name ?? ""
  if (household.is_new) return word("row.new", { village })
  // The long name of "neither" would fill the screen with what nobody needs to know before the visit.
  const isListed = ["ho_ngheo", "ho_can_ngheo"].includes(household.last_class)
  const given = household.assigned && word(`row.given_${household.assigned}`)
  const place = [given, village, household.code.split("-").at(-1)].filter(Boolean).join(" · ")
  const key = household.round_id ? "row.listed" : "row.listed_between" // of which year it is, no round says
  return isListed ? word(key, { place, class: word(`class.${household.last_class}`) }) : place
}
