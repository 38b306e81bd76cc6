// How an interview begins: what a new draft holds before the first question is asked.

import { two } from "../bytes.js"
import { uuidv7 } from "../ids.js"
import { startingAnswers } from "./preload.js"
import { Record } from "../engine/record.js"

/** The name of the lock that keeps a second tab from writing a draft. */
export const lockName = (draft) => `so-ho draft ${draft}`

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
 * @param {{ household: any, round: { id: string }, bundle: Bundle, commune: string, now: Date, about: any,
 *   lastSaved?: Answers | null, newHousehold?: { village_id: string } | null, doubted?: "behind" | "ahead" | null }} of
 * @returns {Omit<Draft, "state" | "visited">}
 */
export function newDraft({
  household,
  round,
  bundle,
  commune,
  now,
  about,
  lastSaved = null,
  newHousehold = null,
  doubted = null,
}) {
  const { returned } = household
  const first = new Record(bundle, {
    answers: returned ? returned.answers : startingAnswers(bundle, household),
    clock: clockOf(now),
    newId: () => uuidv7(),
    random: Math.random,
    about,
    lastSaved,
    isLive: true,
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
    date_doubted: doubted, // the phone's clock was, and whoever holds it went on
  }
}
