// Why a household has no interview, as it is sent (docs/sync.md). Pure, but for the new id.

import { uuidv7 } from "../ids.js"

export const VISITS = 3 // after so many at which nobody was there it may be said
// A rule of this product, no legal figure: three taps at one door are one visit. The desk counts alike
// (survey/review/outcomes.py).
const APART = 2 * 60 * 60 * 1000

/**
 * The visits that count: some time apart, and after what was told last came back with the words to go again.
 * @param {Attempt[]} visits
 * @param {any} household
 */
export function countingOf(visits, household) {
  const { outcome, returned } = household
  const back = [outcome?.state === "sent_back" ? outcome.at : null, returned?.at].map((at) => Date.parse(at) || 0)
  let next = Math.max(...back)
  return [...visits]
    .sort((one, other) => Date.parse(one.at) - Date.parse(other.at))
    .filter(({ at }) => {
      const counts = Date.parse(at) >= next
      if (counts) next = Date.parse(at) + APART
      return counts
    })
}

/**
 * May it be said already?
 * @param {string} kind
 * @param {Attempt[]} visits those that count
 */
export const mayBeSaid = (kind, visits) => kind !== "absent" || visits.length >= VISITS

/**
 * What is still missing before it is said: "kind", "reason" or null. The visits speak for themselves.
 * @param {{ kind: string, reason: string, visits: Attempt[] }} said
 */
export function missingIn({ kind, reason, visits }) {
  if (!kind || !mayBeSaid(kind, visits)) return "kind"
  return kind === "absent" || reason.trim() ? null : "reason"
}

/**
 * @param {{ household: any, commune: string, kind: string, reason: string, visits: Attempt[], place: string | null,
 *   files?: EntryFile[], now: Date }} of
 * @returns {OutcomeEntry}
 */
export function outcomeOf({ household, commune, kind, reason, visits, place, files = [], now }) {
  return {
    id: uuidv7(now.getTime()),
    commune_id: commune,
    round_id: household.round_id,
    household_id: household.household_id,
    // Half of a letter, cut off by a keyboard or by the limit, is none: nothing could hash or store it.
    no_interview: { kind, reason: reason.replace(/\p{Surrogate}/gu, "").trim(), attempts: visits, place },
    files,
    finalised_at: now.toISOString(),
  }
}
