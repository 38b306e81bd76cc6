// What small fields hold: numbers, dates, times and ranges, read from what was typed and written back. Pure.

import { two } from "../bytes.js"

const LARGEST = 9e15

/**
 * "1.500.000" and "1500000" are one number, and so are "12,5" and "12.5" where the question allows decimals: of two
 * kinds of signs the last one parts the decimals, one that comes twice parts thousands. null: not (yet) a number.
 */
export function readNumber(text, isDecimal) {
  let plain = text.replace(/\s/g, "")
  if (/^-?\d{1,3}([.,])\d{3}(\1\d{3})*$/.test(plain) && (!isDecimal || /[.,].*[.,]/.test(plain)))
    plain = plain.replace(/[.,]/g, "")
  else if (isDecimal) {
    const point = Math.max(plain.lastIndexOf("."), plain.lastIndexOf(","))
    const [whole, fraction] = point < 0 ? [plain, ""] : [plain.slice(0, point), plain.slice(point + 1)]
    if (/[.,]/.test(whole) && !/^-?\d{1,3}([.,])\d{3}(\1\d{3})*$/.test(whole)) return null
    if (point >= 0 && whole.includes(plain[point])) return null
    plain = whole.replace(/[.,]/g, "") + (fraction && `.${fraction}`)
  }
  const value = (isDecimal ? /^-?\d{1,15}(\.\d{1,9})?$/ : /^-?\d{1,15}$/).test(plain) ? Number(plain) : null
  return value !== null && Math.abs(value) <= LARGEST ? value + 0 : null
}

/** "21.4", "21,4" → 21.4; null beyond `most` degrees either way. */
export function readDegrees(text, most) {
  const plain = text.trim().replace(",", ".")
  return /^-?\d{1,3}(\.\d{1,12})?$/.test(plain) && Math.abs(plain) <= most ? Number(plain) : null
}

// Dates and times

const PARTS = {
  date: ["day", "month", "year"],
  time: ["hour", "minute"],
  dateTime: ["day", "month", "year", "hour", "minute"],
}

/** The fields that ask for a date or a time; of a date its appearance may want fewer. */
export function partsOf(type, has) {
  if (type === "date" && has("year")) return ["year"]
  return type === "date" && has("month-year") ? ["month", "year"] : PARTS[type]
}

/** → "2026-11-23", or null when there is no such day. */
export function readDate(day, month, year) {
  if (!/^\d{1,2}$/.test(day) || !/^\d{1,2}$/.test(month) || !/^\d{4}$/.test(year)) return null
  const text = `${year}-${two(month)}-${two(day)}`
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text) ? text : null
}

/** "+07:00" of this moment on this phone. */
function zoneOf(moment) {
  const ahead = -moment.getTimezoneOffset()
  const size = Math.abs(ahead)
  return `${ahead < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

/**
 * The answer that the fields {day, month, year, hour, minute} make, in the phone's own zone; null: none yet, or no such
 * one.
 * @param {string} type
 * @param {{ [field: string]: any }} fields
 * @param {Date} now
 */
export function readMoment(type, { day = "1", month = "1", year, hour, minute }, now) {
  const date = type === "time" ? null : readDate(day, month, year)
  if (type === "date" || (type !== "time" && !date)) return date
  if (!/^\d{1,2}$/.test(hour) || !/^\d{1,2}$/.test(minute) || hour > 23 || minute > 59) return null
  const clock = `${two(hour)}:${two(minute)}:00.000`
  return type === "time" ? clock + zoneOf(now) : `${date}T${clock}${zoneOf(new Date(`${date}T${clock}`))}`
}

/** The fields of an answer: its own clock as it is written, a moment in UTC as it is here. */
export function writeMoment(value) {
  const at = value.endsWith("Z") ? new Date(value) : null
  const text = at && !Number.isNaN(at.getTime()) ? localText(at) : value
  const [, date, clock] = /^(\d{4}-\d\d-\d\d)?T?(\d\d:\d\d)?/.exec(text) ?? []
  const [year = "", month = "", day = ""] = date?.split("-") ?? []
  const [hour = "", minute = ""] = clock?.split(":") ?? []
  return { day, month, year, hour, minute }
}

/** "2026-11-23T14:05" as this phone's clock shows it. */
export const localText = (at) =>
  `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`

// Ranges

/**
 * The parameters of a range as numbers, {low, high, step, isTurned, values}; XLSForm's own 1 to 10 where they say
 * nothing.
 */
export function rangeOf(parameters = {}) {
  const number = (name, otherwise) =>
    Number.isFinite(Number(parameters[name] || NaN)) ? Number(parameters[name]) : otherwise
  const [start, end] = [number("start", 1), number("end", 10)]
  const step = Math.abs(number("step", 1)) || 1
  const [low, high] = [Math.min(start, end), Math.max(start, end)]
  const places = Math.max(...[low, step].map((one) => String(one).split(".")[1]?.length ?? 0))
  const count = Math.floor((high - low) / step + 1e-9) + 1
  // The same decimals as the sheet: 0.1 thrice is 0.3.
  return { low, high, step, count, isTurned: start > end, at: (index) => Number((low + index * step).toFixed(places)) }
}

/** The value of the range nearest to `value`. */
export function onRange(range, value) {
  return range.at(Math.max(0, Math.min(range.count - 1, Math.round((value - range.low) / range.step))))
}
