// The ODK XForms function library (https://getodk.github.io/xforms-spec/#xpath-functions).   ⇄ survey/form/functions.py
// A function takes the context and its arguments unevaluated and gives an XPath value; clock and ids come from context.env.
import { days, nodeNumber, nodeText, toBoolean, toNumber, toString, words } from './values.js'

const text = (body) => (c, args) => body(...args.map((a) => toString(a(c))))
const number = (body) => (c, args) => body(...args.map((a) => toNumber(a(c))))
const nodes = (value) => (Array.isArray(value) ? value : [])
const trim = (value) => value.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')
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
  if (Number.isNaN(start) || Number.isNaN(end)) return ''
  const place = (n) => {
    const within = Math.trunc(Math.max(-size, Math.min(size, n)))
    return Math.max(0, Math.min(size, within + (n < 0 ? size : 0)))
  }
  return whole.slice(place(start), place(end)).join('')
}

function substring(c, args) {
  const start = roundHalfUp(toNumber(args[1](c)))
  const end = args.length === 3 ? start + roundHalfUp(toNumber(args[2](c))) : Infinity
  return letters(toString(args[0](c)))
    .filter((_, i) => start <= i + 1 && i + 1 < end)
    .join('')
}

function translate(source, from, to) {
  const target = letters(to)
  const table = new Map()
  letters(from).forEach((letter, i) => table.has(letter) || table.set(letter, target[i] ?? ''))
  return letters(source)
    .map((letter) => table.get(letter) ?? letter)
    .join('')
}

function regex(value, pattern) {
  try {
    return new RegExp(`^(?:${pattern})$`).test(value)
  } catch {
    return false
  }
}

function round(c, args) {
  const value = toNumber(args[0](c))
  const places = args.length === 2 ? toNumber(args[1](c)) : 0
  if (Number.isNaN(places) || Math.abs(places) > 300) return NaN
  if (places === 0) return roundHalfUp(value)
  const factor = 10 ** Math.trunc(places)
  return roundHalfUp(value * factor) / factor
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
const WEEKDAYS = 'Sun Mon Tue Wed Thu Fri Sat'.split(' ')
const two = (n) => String(n).padStart(2, '0')

const daysOf = (value) =>
  typeof value === 'number' || typeof value === 'boolean' ? toNumber(value) : days(toString(value).slice(0, 40))

/** ISO date of a whole number of days since 1970-01-01. */
function isoDate(number) {
  const day = new Date(number * 86400000)
  return `${String(day.getUTCFullYear()).padStart(4, '0')}-${two(day.getUTCMonth() + 1)}-${two(day.getUTCDate())}`
}

function toDate(c, args) {
  let value = args[0](c)
  if (Array.isArray(value) && value.length && typeof value[0].value !== 'string') value = nodeNumber(value[0])
  const number = typeof value === 'number' ? value : days(toString(value).slice(0, 10))
  return Number.isNaN(number) || number < -719162 || number > 2932896 ? '' : isoDate(Math.floor(number))
}

function formatDate(value, pattern) {
  const number = days(value.slice(0, 10))
  if (Number.isNaN(number)) return ''
  const day = new Date(number * 86400000)
  const [y, m, d] = [day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate()]
  const parts = {
    Y: String(y).padStart(4, '0'), y: two(y % 100), m: two(m), n: String(m), b: MONTHS[m - 1], d: two(d), e: String(d),
    a: WEEKDAYS[day.getUTCDay()], H: '00', h: '0', M: '00', S: '00', 3: '000', '%': '%',
  } // prettier-ignore
  return pattern.replace(/%(.)/g, (all, key) => parts[key] ?? all)
}

export const FUNCTIONS = {
  true: () => true,
  false: () => false,
  not: (c, [a]) => !toBoolean(a(c)),
  boolean: (c, [a]) => toBoolean(a(c)),
  if: (c, [test, yes, no]) => (toBoolean(test(c)) ? yes(c) : no(c)),
  coalesce: (c, args) => {
    for (const a of args) {
      const value = toString(a(c))
      if (value !== '') return value
    }
    return ''
  },
  once: (c, [a]) => {
    const own = nodeText(c.current)
    return own !== '' ? own : a(c)
  },

  contains: text((a, b) => a.includes(b)),
  'starts-with': text((a, b) => a.startsWith(b)),
  'ends-with': text((a, b) => a.endsWith(b)),
  'substring-before': text((a, b) => (a.includes(b) ? a.slice(0, a.indexOf(b)) : '')),
  'substring-after': text((a, b) => (a.includes(b) ? a.slice(a.indexOf(b) + b.length) : '')),
  'normalize-space': text((a) => trim(a).replace(/[ \t\r\n]+/g, ' ')),
  string: (c, [a]) => toString(a ? a(c) : [c.node]),
  'string-length': (c, [a]) => letters(toString(a ? a(c) : [c.node])).length,
  concat: (c, args) => args.flatMap((a) => texts(a(c))).join(''),
  join: (c, [separator, ...rest]) => rest.flatMap((a) => texts(a(c))).join(toString(separator(c))),
  substr,
  substring,
  translate: text(translate),
  regex: text(regex),

  number: (c, [a]) => toNumber(a ? a(c) : [c.node]),
  round,
  int: number((a) => Math.trunc(a) + 0),
  floor: number(Math.floor),
  ceiling: number((a) => Math.ceil(a) + 0),
  abs: number(Math.abs),
  sqrt: number(Math.sqrt),
  pow: number((a, b) => a ** b),
  sum: (c, args) => numbers(c, args).reduce((a, b) => a + b, 0),
  min: extreme((a, b) => a <= b),
  max: extreme((a, b) => a >= b),

  current: (c) => [c.current],
  last: (c) => c.size,
  count: (c, [a]) => nodes(a(c)).length,
  'count-non-empty': (c, [a]) => nodes(a(c)).filter((n) => nodeText(n) !== '').length,
  instance: (c, [a]) => c.env.table(toString(a(c))),
  position: (c, [a]) => {
    if (!a) return c.position
    const [node] = nodes(a(c))
    return node?.index || NaN
  },
  selected: (c, [list, choice]) => words(list(c)).includes(trim(toString(choice(c)))),
  'count-selected': (c, [list]) => words(list(c)).length,
  'selected-at': (c, [list, place]) => words(list(c))[Math.trunc(toNumber(place(c)))] ?? '',

  today: (c) => c.env.today,
  now: (c) => c.env.now,
  uuid: (c) => c.env.newId(),
  date: toDate,
  'decimal-date-time': (c, [a]) => daysOf(a(c)),
  'format-date': text(formatDate),
}
