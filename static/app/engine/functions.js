// The ODK XForms function library (https://getodk.github.io/xforms-spec/#xpath-functions).   ⇄ survey/form/functions.py
// A function takes the context and its arguments unevaluated and gives an XPath value; clock and ids come from
// context.env.
import { two } from "../bytes.js"
import { bearable } from "./budget.js"
import { days, nodeNumber, nodeText, stripped, textNumber, toBoolean, toNumber, toString, words } from "./values.js"

/** A function of texts. */
export const text = (body) => (c, args) => body(...args.map((a) => toString(a(c))))
const number = (body) => (c, args) => body(...args.map((a) => toNumber(a(c))))
const nodes = (value) => (Array.isArray(value) ? value : [])
const trim = (value) => stripped(value, " \t\r\n")
const letters = (value) => Array.from(value)
const texts = (value) => (Array.isArray(value) ? value.map(nodeText) : [toString(value)])
const numbers = (c, args) =>
  args.flatMap((a) => {
    const value = a(c)
    return Array.isArray(value) ? value.map(nodeNumber) : [toNumber(value)]
  })

function roundHalfUp(value) {
  if (!Number.isFinite(value)) return value
  const low = Math.floor(value)
  return value - low >= 0.5 ? low + 1 : low
}

function extreme(choose) {
  return (c, args) => {
    const found = numbers(c, args)
    return !found.length || found.some(Number.isNaN) ? NaN : found.reduce((a, b) => (choose(a, b) ? a : b))
  }
}

function substr(c, args) {
  const whole = letters(toString(args[0](c)))
  const size = whole.length
  const start = toNumber(args[1](c))
  const end = args.length === 3 ? toNumber(args[2](c)) : size
  if (Number.isNaN(start) || Number.isNaN(end)) return ""
  const place = (n) => {
    const within = Math.trunc(Math.max(-size, Math.min(size, n)))
    return Math.max(0, Math.min(size, within + (n < 0 ? size : 0)))
  }
  return whole.slice(place(start), place(end)).join("")
}

function substring(c, args) {
  const start = roundHalfUp(toNumber(args[1](c)))
  const end = args.length === 3 ? start + roundHalfUp(toNumber(args[2](c))) : Infinity
  return letters(toString(args[0](c)))
    .filter((_, i) => start <= i + 1 && i + 1 < end)
    .join("")
}

function translate(source, from, to) {
  const target = letters(to)
  const table = new Map()
  letters(from).forEach((letter, i) => table.has(letter) || table.set(letter, target[i] ?? ""))
  return letters(source)
    .map((letter) => table.get(letter) ?? letter)
    .join("")
}

function round(c, args) {
  const value = toNumber(args[0](c))
  const places = args.length === 2 ? toNumber(args[1](c)) : 0
  if (Number.isNaN(places) || Math.abs(places) > 300) return NaN
  if (places === 0) return roundHalfUp(value)
  const factor = 10 ** Math.trunc(places)
  return roundHalfUp(value * factor) / factor
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ")
const WEEKDAYS = "Sun Mon Tue Wed Thu Fri Sat".split(" ")

const daysOf = (value) =>
  typeof value === "number" || typeof value === "boolean" ? toNumber(value) : days(toString(value).slice(0, 40))

/** ISO date of a whole number of days since 1970-01-01. */
function isoDate(number) {
  const day = new Date(number * 86400000)
  return `${String(day.getUTCFullYear()).padStart(4, "0")}-${two(day.getUTCMonth() + 1)}-${two(day.getUTCDate())}`
}

function toDate(c, args) {
  let value = args[0](c)
  if (Array.isArray(value) && value.length && typeof value[0].value !== "string") value = nodeNumber(value[0])
  const number = typeof value === "number" ? value : days(toString(value).slice(0, 10))
  return Number.isNaN(number) || number < -719162 || number > 2932896 ? "" : isoDate(Math.floor(number))
}

const TIME = /(?:^|T)(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?/

/** A date or dateTime by the letters of ODK's format-date, its time as it is written; blank for what is none. */
function formatDate(value, pattern) {
  const text = value.slice(0, 40)
  const number = days(text.slice(0, 10))
  if (Number.isNaN(number) || Number.isNaN(days(text))) return ""
  const day = new Date(number * 86400000)
  const [y, m, d] = [day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate()]
  const [, hour = "00", minute = "00", second = "00", fraction = "."] = TIME.exec(text) ?? []
  // biome-ignore format: a table
  const parts = {
    Y: String(y).padStart(4, "0"), y: two(y % 100), m: two(m), n: String(m), b: MONTHS[m - 1], d: two(d), e: String(d),
    a: WEEKDAYS[day.getUTCDay()], H: hour, h: String(+hour), M: minute, S: second, 3: `${fraction}000`.slice(1, 4), "%": "%",
  }
  return bearable(pattern.replace(/%(.)/g, (all, key) => parts[key] ?? all))
}

function toDateTime(c, [argument]) {
  let value = argument(c)
  if (Array.isArray(value) && value.length && typeof value[0].value !== "string") value = nodeNumber(value[0])
  if (typeof value !== "number") {
    const text = toString(value)
    if (Number.isNaN(days(text.slice(0, 40)))) return ""
    return text.includes("T") ? text : `${text}T00:00:00.000Z`
  }
  if (Number.isNaN(value) || value < -719162 || value > 2932896) return ""
  const whole = Math.floor(value)
  const thousandths = roundHalfUp((value - whole) * 86400000)
  const seconds = Math.floor(thousandths / 1000)
  const clock = [Math.floor((seconds % 86400) / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":")
  return `${isoDate(whole + Math.floor(seconds / 86400))}T${clock}.${String(thousandths % 1000).padStart(3, "0")}Z`
}

/** The part of a day that a time of day is, on its own clock: 06:00 is 0.25. */
function decimalTime(text) {
  const match = TIME.exec(text.slice(0, 40))
  return match ? (+match[1] * 3600 + +match[2] * 60 + +(match[3] ?? 0) + +(match[4] ?? 0)) / 86400 : NaN
}

/** To twelve digits: libraries differ in the last bit of these, and phone and server must not. */
const steady = (body) => number((...args) => +body(...args).toPrecision(12))

const each = (value) => (Array.isArray(value) ? value.map((node) => [node]) : [value])
/** Whole exponents by multiplying, which gives the same bits everywhere; others to twelve digits. */
function power(base, exponent) {
  if (!Number.isInteger(exponent) || Math.abs(exponent) > 1024) return +(base ** exponent).toPrecision(12)
  let product = 1
  for (let i = 0; i < Math.abs(exponent); i += 1) product *= base
  return exponent >= 0 ? product : product === 0 ? Infinity : 1 / product
}

const ticked = (value) => (typeof value === "boolean" ? value : toNumber(value) > 0)
const within = (c, [least, most], found) => {
  const [low, high] = [toNumber(least(c)), toNumber(most(c))]
  return (low === -1 || found >= low) && (high === -1 || found <= high)
}

function weightedChecklist(c, args) {
  let weights = 0
  for (let i = 2; i + 1 < args.length; i += 2) if (ticked(args[i](c))) weights += toNumber(args[i + 1](c))
  return within(c, args, weights)
}

const randomize = (c, [set, seed]) => shuffled(nodes(set(c)), seed ? parkMiller(seed(c)) : c.env.random)

/** The order that the specification names for these draws; also of choices whose list is shown shuffled. */
export function shuffled(items, draw) {
  const found = []
  for (const item of items) {
    const place = Math.floor(draw() * (found.length + 1))
    found.push(found[place])
    found[place] = item
  }
  return found
}

const sha256 = (whole) => FUNCTIONS.digest(null, [() => whole, () => "SHA-256", () => "hex"])

/** The whole number a seed stands for, as JavaRosa has it: a text that is no number gives 64 bits of its SHA-256. */
function wholeSeed(value) {
  const seed = toNumber(value)
  if (Number.isFinite(seed)) return Math.trunc(seed % 2147483647)
  const text = typeof value === "number" ? "" : toString(value)
  let whole = seed > 0 ? 2n ** 63n - 1n : seed < 0 ? -(2n ** 63n) : 0n
  if (Number.isNaN(seed) && text) whole = BigInt.asIntN(64, BigInt(`0x${sha256(text).slice(0, 16)}`))
  return Number(whole % 2147483647n)
}

export function parkMiller(seed) {
  let state = wholeSeed(seed)
  if (state <= 0) state += 2147483646
  return () => {
    state = (state * 16807) % 2147483647
    return (state - 1) / 2147483646
  }
}

const EARTH = 6378100 // metres: the radius that ODK Collect and Enketo reckon with

/** Latitude and longitude, in radians, of a geotrace, a geoshape or a set of geopoints; [] if one is bad. */
function points(value) {
  const list = Array.isArray(value) && value.length > 1 ? value.map(nodeText) : toString(value).split(";")
  const found = list
    .map(words)
    .filter((parts) => parts.length)
    .map(([y, x = ""]) => [textNumber(y), textNumber(x)])
  if (!found.every(([y, x]) => Math.abs(y) <= 90 && Math.abs(x) <= 180)) return []
  return found.map(([y, x]) => [(y * Math.PI) / 180, (x * Math.PI) / 180])
}

function area(c, [shape]) {
  const found = points(shape(c))
  if (found.length < 3) return 0
  let total = 0
  found.forEach(([y1, x1], i) => {
    const [y2, x2] = found[(i + 1) % found.length]
    total += (x2 - x1) * (2 + Math.sin(y1) + Math.sin(y2))
  })
  return roundHalfUp(((Math.abs(total) * EARTH * EARTH) / 2) * 100) / 100
}

/** Whether a geopoint lies within a geoshape: how often a line due east of it crosses the edge. */
function geofence(c, [point, shape]) {
  const [place, edge] = [points(point(c)), points(shape(c))]
  if (place.length !== 1 || edge.length < 3) return false
  const [[y, x]] = place
  let inside = false
  edge.forEach(([y1, x1], i) => {
    const [y2, x2] = edge[(i + 1) % edge.length]
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside
  })
  return inside
}

function distance(c, args) {
  const parts = args.map((part) => points(part(c)))
  const found = parts.every((part) => part.length) ? parts.flat() : []
  let total = 0
  for (let i = 1; i < found.length; i += 1) {
    const [[y1, x1], [y2, x2]] = [found[i - 1], found[i]]
    const half = Math.sin((y2 - y1) / 2) ** 2 + Math.cos(y1) * Math.cos(y2) * Math.sin((x2 - x1) / 2) ** 2
    total += 2 * EARTH * Math.asin(Math.sqrt(Math.min(1, half)))
  }
  return roundHalfUp(total * 100) / 100
}

function choiceName(c, [value, list]) {
  const wanted = toString(value(c))
  const row = c.env.rows(toString(list(c))).find((one) => nodeText(one.children.get("name")) === wanted)
  const label = row?.children.get("label")
  return label ? nodeText(label) : ""
}

/** By name; digest.rare.js adds those that few forms call. */
export const FUNCTIONS = {
  true: () => true,
  false: () => false,
  not: (c, [a]) => !toBoolean(a(c)),
  boolean: (c, [a]) => toBoolean(a(c)),
  if: (c, [test, yes, no]) => (toBoolean(test(c)) ? yes(c) : no(c)),
  coalesce: (c, args) => {
    for (const a of args) {
      const value = a(c)
      const found = Number.isNaN(value) ? "" : toString(value)
      if (found) return found
    }
    return ""
  },
  once: (c, [a]) => {
    const own = nodeText(c.current)
    return own !== "" ? own : a(c)
  },

  contains: text((a, b) => a.includes(b)),
  "starts-with": text((a, b) => a.startsWith(b)),
  "ends-with": text((a, b) => a.endsWith(b)),
  "substring-before": text((a, b) => (a.includes(b) ? a.slice(0, a.indexOf(b)) : "")),
  "substring-after": text((a, b) => (a.includes(b) ? a.slice(a.indexOf(b) + b.length) : "")),
  "normalize-space": text((a) => trim(a).replace(/[ \t\r\n]+/g, " ")),
  string: (c, [a]) => bearable(toString(a ? a(c) : [c.node])),
  "string-length": (c, [a]) => letters(toString(a ? a(c) : [c.node])).length,
  concat: (c, args) => bearable(args.flatMap((a) => texts(a(c))).join("")),
  join: (c, [separator, ...rest]) => bearable(rest.flatMap((a) => texts(a(c))).join(toString(separator(c)))),
  substr,
  substring,
  translate: text(translate),
  regex: (c, [value, pattern]) => pattern(c).matches(toString(value(c))),

  number: (c, [a]) => toNumber(a ? a(c) : [c.node]),
  round,
  int: number((a) => Math.trunc(a) + 0),
  floor: number(Math.floor),
  ceiling: number((a) => Math.ceil(a) + 0),
  abs: number(Math.abs),
  sqrt: number(Math.sqrt),
  pow: number(power),
  sum: (c, args) => numbers(c, args).reduce((a, b) => a + b, 0),
  min: extreme((a, b) => a <= b),
  max: extreme((a, b) => a >= b),

  current: (c) => [c.current],
  last: (c) => c.size,
  count: (c, [a]) => nodes(a(c)).filter((n) => n.relevant).length,
  "count-non-empty": (c, [a]) => nodes(a(c)).filter((n) => nodeText(n) !== "").length,
  instance: (c, [a]) => c.env.table(toString(a(c))),
  position: (c, [a]) => {
    if (!a) return c.position
    const [node] = nodes(a(c))
    return node?.index || NaN
  },
  selected: (c, [list, choice]) => words(list(c)).includes(trim(toString(choice(c)))),
  "count-selected": (c, [list]) => words(list(c)).length,
  "selected-at": (c, [list, place]) => words(list(c))[Math.trunc(toNumber(place(c)))] ?? "",

  today: (c) => c.env.today,
  now: (c) => c.env.now,
  uuid: (c) => c.env.newId(),
  date: toDate,
  "decimal-date-time": (c, [a]) => daysOf(a(c)),
  "format-date": text(formatDate),
  "format-date-time": text(formatDate),
  "date-time": toDateTime,
  "decimal-time": text(decimalTime),

  checklist: (c, args) =>
    within(
      c,
      args,
      args
        .slice(2)
        .flatMap((a) => each(a(c)))
        .filter(ticked).length,
    ),
  "weighted-checklist": weightedChecklist,
  "boolean-from-string": text((a) => ["true", "1"].includes(a)),
  "jr:choice-name": choiceName,
  randomize,
  random: (c) => c.env.random(),
  area,
  distance,
  geofence,

  pi: () => Math.PI,
  exp: steady(Math.exp),
  exp10: steady((a) => 10 ** a),
  log: steady(Math.log),
  log10: steady(Math.log10),
  sin: steady(Math.sin),
  cos: steady(Math.cos),
  tan: steady(Math.tan),
  asin: steady(Math.asin),
  acos: steady(Math.acos),
  atan: steady(Math.atan),
  atan2: steady(Math.atan2),
}
