// Why a household has no interview, as it is sent (docs/sync.md). Pure, but for the new id.

import { uuidv7 } from "../ids.js"

export const VISITS = 3 // after so many at which nobody was there it may be said

/**
 * May it be said already?
 * @param {string} kind
 * @param {Attempt[]} visits
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
 *   now: Date }} of
 * @returns {OutcomeEntry}
 */
export function outcomeOf({ household, commune, kind, reason, visits, place, now }) {
  return {
    id: uuidv7(now.getTime()),
    commune_id: commune,
    round_id: household.round_id,
    household_id: household.household_id,
    // Half of a letter, cut off by a keyboard or by the limit, is none: nothing could hash or store it.
    no_interview: { kind, reason: reason.replace(/\p{Surrogate}/gu, "").trim(), attempts: visits, place },
    files: [],
    finalised_at: now.toISOString(),
  }
}
