// XPath's four kinds of value and their conversions, over the nodes of a record.   ⇄ survey/form/values.py
// A value is an array of nodes, a string, a number or a boolean; an answer is what a question of its type may hold.

export class Node {
  constructor(definition, parent, value = "", index = 0) {
    this.definition = definition
    this.parent = parent
    this.value = value
    this.children = new Map()
    this.ownRelevant = true
    this.index = index // of a repeat instance, from 1
  }

  get relevant() {
    for (let node = this; node; node = node.parent) if (!node.ownRelevant) return false
    return true
  }
}

/** Where an expression is evaluated: XPath's context node, whose rule it is, and what else it can reach. */
export class Context {
  constructor(node, current, env, position = 1, size = 1) {
    this.node = node
    this.current = current
    this.env = env
    this.position = position
    this.size = size
  }
}

const NUMBER = /^[ \t\r\n]*-?(?:\d+(?:\.\d*)?|\.\d+)[ \t\r\n]*$/
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/
const DAY = 86400000

/** Days since 1970-01-01 of an ISO date or dateTime (a dateTime counts in UTC); NaN for anything else. */
export function days(text) {
  const match = DATE.exec(text)
  if (!match) return NaN
  const [, year, month, day, hour, minute, second, fraction, zone] = match
  const whole = dayNumber(+year, +month, +day)
  if (Number.isNaN(whole) || hour === undefined) return whole
  let seconds = +hour * 3600 + +minute * 60 + +(second ?? 0) + +(fraction ?? 0)
  if (zone && zone !== "Z") {
    const offset = +zone.slice(1, 3) * 3600 + +zone.slice(-2) * 60
    seconds -= zone[0] === "+" ? offset : -offset
  }
  return whole + seconds / 86400
}

function dayNumber(year, month, day) {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  const real = year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return real ? date.getTime() / DAY : NaN
}

/** The string value of a node; blank when it is not asked. */
export function nodeText(node) {
  if (!node.relevant) return ""
  // XPath 1.0 §5.2: of what holds others, their texts one after another.
  if (node.children.size) return [...node.children.values()].flat().map(nodeText).join("")
  return typeof node.value === "string" ? node.value : numberText(node.value)
}

/** XPath 1.0 §4.2 string(number): no exponent, no ".0". */
export function numberText(number) {
  const text = String(number === 0 ? 0 : number)
  if (!text.includes("e") || !Number.isFinite(number)) return text
  const [mantissa, exponent] = text.split("e")
  const [whole, fraction = ""] = mantissa.replace("-", "").split(".")
  const sign = number < 0 ? "-" : ""
  const shift = +exponent
  if (shift < 0) return `${sign}0.${"0".repeat(-shift - 1)}${whole}${fraction}`
  return sign + (whole + fraction).padEnd(shift + 1, "0")
}

export function toString(value) {
  if (typeof value === "string") return value
  if (typeof value === "number") return numberText(value)
  if (typeof value === "boolean") return value ? "true" : "false"
  return value.length ? nodeText(value[0]) : ""
}

/** The names in a space-separated list. */
export const words = (value) =>
  toString(value)
    .split(/[ \t\r\n]+/)
    .filter(Boolean)

/** XPath 1.0 §4.4 number(string), and ODK's days of a date. */
export function textNumber(text) {
  if (NUMBER.test(text)) return Number(text)
  return text.length >= 10 ? days(text) : NaN
}

export function nodeNumber(node) {
  if (!node.relevant) return NaN
  if (typeof node.value !== "string") return node.value
  const text = node.value === "" ? nodeText(node) : node.value
  return text === "" ? NaN : textNumber(text)
}

export function toNumber(value) {
  if (typeof value === "number") return value
  if (typeof value === "string") return textNumber(value)
  if (typeof value === "boolean") return value ? 1 : 0
  return value.length ? nodeNumber(value[0]) : NaN
}

export function toBoolean(value) {
  if (typeof value === "boolean") return value
  if (typeof value === "number") return value !== 0 && !Number.isNaN(value)
  return value.length > 0
}

// Answers

const NUMBERS = new Set(["integer", "decimal", "range"])
const TIME = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?$/
/** Of what is walked: points at least. */
export const LINES = { geotrace: 2, geoshape: 4 }

/** An XPath value as a node keeps it: NaN (as in JavaRosa) and infinities are blank, a boolean is its word. */
export function calculated(value) {
  if (Array.isArray(value)) return value.length && value[0].relevant ? value[0].value : ""
  if (typeof value === "boolean") return value ? "true" : "false"
  if (typeof value === "number") return Number.isFinite(value) ? value + 0 : ""
  return value
}

/** An answer as a value of its question's type; null when it is not one. */
export function typed(type, given) {
  if (NUMBERS.has(type)) {
    const number = typeof given === "string" && given.length < 40 ? textNumberOnly(given) : given
    if (typeof number !== "number" || !Number.isFinite(number) || Math.abs(number) > 9e15) return null
    return type === "integer" && !Number.isInteger(number) ? null : number + 0
  }
  const list = Array.isArray(given) && given.every((one) => typeof one === "string")
  if (list && (type === "select_multiple" || type === "rank")) return given.join(" ")
  if (typeof given === "number" && ["text", "hidden", "barcode", "select_one"].includes(type)) {
    return Number.isFinite(given) && Math.abs(given) < 1e300 ? numberText(given) : null
  }
  if (type === "calculate" && Number.isFinite(given)) return given // made once, or by a trigger: kept as it came
  if (typeof given !== "string" || type === "note") return null // a note is read, not answered
  if (type === "date") return given.length === 10 && !Number.isNaN(days(given)) ? given : null
  if (type === "dateTime") return given.length < 40 && !Number.isNaN(days(given)) ? given : null
  if (type === "time") return TIME.test(given) ? given : null
  if (type === "geopoint") return isGeopoint(given) ? given : null
  if (type in LINES) return pointsIn(given).every(isGeopoint) ? given : null
  if (type === "acknowledge") return given === "OK" ? given : null
  return given
}

const textNumberOnly = (text) => (text.slice(1).includes("-") ? null : textNumber(text))

/** `text` without `letters` at its ends. Walked: a pattern for them begins anew at each space, 20,000 took seconds. */
export function stripped(text, letters, { front = true, back = true } = {}) {
  let from = 0
  let to = text.length
  while (front && from < to && letters.includes(text[from])) from += 1
  while (back && to > from && letters.includes(text[to - 1])) to -= 1
  return text.slice(from, to)
}

function pointsIn(text) {
  const line = stripped(text, " ", { front: false })
  const points = (line.endsWith(";") ? line.slice(0, -1) : line).split(";")
  const last = points.length - 1
  return points.map((point, at) => stripped(point, " ", { front: at > 0, back: at < last }))
}

/**
 * Whether a line or an area that is being walked is one already: points enough, and of an area the first again at the
 * end.
 */
export function isWhole(type, text) {
  const points = pointsIn(text)
  const place = (point) => point.split(" ", 2).join(" ")
  return points.length >= LINES[type] && (type !== "geoshape" || place(points[0]) === place(points.at(-1)))
}

function isGeopoint(text) {
  const parts = text.split(" ")
  if (parts.length < 2 || parts.length > 4 || !parts.every((part) => /^-?\d+(\.\d+)?$/.test(part))) return false
  return Math.abs(parts[0]) <= 90 && Math.abs(parts[1]) <= 180
}
