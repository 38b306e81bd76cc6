// What a record holds, in a person's words.   ⇄ survey/form/reading.py
import { compiled } from "./compiled.js"
import { FUNCTIONS } from "./functions.js"
import { LINES, numberText, toString, words } from "./values.js"

/** What a member is called. */
export function instanceLabel(node) {
  const { node: definition, path } = node.definition
  if (definition.member_label) {
    let place = node
    for (const name of definition.member_label.slice(path.length + 1).split("/")) place = place.children.get(name)
    if (place.value !== "") return toString([place]) || String(place.value)
  }
  return String(node.index)
}

/** A stored value as a person reads it: choices by their labels, 23/11/2026, 1.500.000. */
export function display(bundle, definition, value, language) {
  if (value === "") return ""
  if (definition.list) {
    const { all, byName } = compiled(bundle).choices(definition)
    const names = definition.type === "select_one" ? [String(value)] : words(String(value))
    const word = (texts) => texts?.[language] || texts?.[bundle.default_language] || Object.values(texts ?? {})[0]
    const place = (index) => (definition.type === "rank" ? `${index + 1}. ` : "")
    return names.map((name, index) => place(index) + (word(all[byName.get(name)]?.label) || name)).join(", ")
  }
  if (typeof value === "number") return numberWords(value, language)
  if (definition.type in LINES) return lineWords(definition.type, value, language)
  return MOMENTS.has(definition.type) ? momentWords(value, definition.appearance ?? "") : value
}

/** "340 m" of a walked line, "1250 m²" of an area, by the functions that forms reckon with. */
function lineWords(type, value, language) {
  const [name, unit] = type === "geoshape" ? ["area", "m²"] : ["distance", "m"]
  return `${numberWords(Math.floor(FUNCTIONS[name](null, [() => value]) + 0.5), language)} ${unit}`
}

const MOMENTS = new Set(["date", "today", "time", "dateTime", "start", "end"])

/**
 * 23/11/2026, 14:05, 14:05 23/11/2026, on the clock that was written; of a date no more than its appearance asks for.
 */
function momentWords(value, appearance) {
  const found = /^(?:(\d{4})-(\d\d)-(\d\d))?(?:^|T|$)(?:(\d\d:\d\d)(?::[\d.]+)?(Z|[+-]\d\d:?\d\d)?)?$/.exec(value)
  if (!found) return value
  const [, year, month, day, clock, zone] = found
  const first = /\b(month-)?year\b/.exec(appearance)
  const date = year && [...(first ? [] : [day]), ...(first && !first[1] ? [] : [month]), year].join("/")
  return [clock, date, zone === "Z" ? "UTC" : ""].filter(Boolean).join(" ")
}

/** 1.500.000,5 in Vietnamese, 1,500,000.5 in English; four digits stay together, for most of them are years. */
export function numberWords(number, language) {
  const [whole, fraction] = numberText(number).split(".")
  const [thousands, point] = language === "en" ? [",", "."] : [".", ","]
  const grouped = /\d{5}/.test(whole) ? whole.replace(/\B(?=(\d{3})+$)/g, thousands) : whole
  return grouped + (fraction ? point + fraction : "")
}
