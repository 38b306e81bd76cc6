// Whether the day that an interview says of itself can be right: the phone's half of survey/clocks.py,
// bound to it by tests/cases/clocks.md. Instants are milliseconds since 1970, days "2026-11-23" in Việt Nam, whatever
// zone the phone is in.

const DAY = 86_400_000
const HERE = 7 * 3_600_000
const LATE = 31 // days that a round may end later than its last day says
const dayOf = (moment) => Math.floor((moment + HERE) / DAY)
const numberOf = (day) => Date.parse(day) / DAY

/** The day in Việt Nam of an instant, "2026-11-23". */
export const today = (moment) => new Date(dayOf(moment) * DAY).toISOString().slice(0, 10)

/**
 * "behind", "ahead" or null: why `said` (an instant or a day) cannot be when the interview was; the rest as in Bounds.
 * @param {number | string} said
 * @param {{ opens?: string, closes?: string, since: number, until?: any, skew?: number }} bounds
 */
export function doubt(said, { opens, closes, since, until, skew = 0 }) {
  const isDay = typeof said === "string"
  const begins = isDay ? Date.parse(said) - HERE : said
  const ends = isDay ? begins + DAY - 1 : said
  const isEarly = (moment) => opens && dayOf(moment) < numberOf(opens) - 1
  if (ends < since - DAY || isEarly(ends)) return "behind"
  if (until ? begins > until + DAY : closes && dayOf(begins) > numberOf(closes) + LATE) return "ahead"
  // Wrong when the phone met the server; so it was at the interview, if the day without the difference is possible.
  const real = ends - skew
  if (Math.abs(skew) <= DAY || real < since || isEarly(real) || real > until + DAY) return null
  return skew > 0 ? "ahead" : "behind"
}

// The server's last known time, and what has passed since by the one clock that nobody sets.
/** @type {{ at: number; by: number } | null} */
let met = null
const passed = () => globalThis.performance?.now() ?? 0

/** The server said what time it is. */
export const meet = (at) => (met = { at, by: passed() })

/** It is later now than this, by what the phone `kept` of the last contact. */
export function least(kept = 0) {
  const now = met ? met.at + passed() - met.by : 0
  if (kept > now) meet(kept)
  return Math.max(kept, now)
}

/** What the phone knows around now of an interview in `round`, by its store and the day of its release. */
export async function bounds(store, round, released) {
  const [kept, skew] = await Promise.all([store.get("clock_at"), store.get("clock_skew")])
  const since = Math.max(least(kept), Date.parse(released) || 0)
  // One that was behind shows by `since`; one that was set right shows by nothing.
  return { opens: round?.opens_on, closes: round?.closes_on, since, skew: Math.max(0, skew ?? 0) * 1000 }
}
