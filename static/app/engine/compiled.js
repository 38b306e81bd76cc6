// What is the same for every record of a form, made once: its rows with their rules as functions, who reads whom, its
// tables by index.
import { bearing } from "./budget.js"
import { build } from "./expression.js"
import { metered } from "./metered.js"
import { Node, nodeText } from "./values.js"

const RULES = [
  "relevant",
  "required",
  "constraint",
  "warning",
  "calculate",
  "default",
  "readonly",
  "choice_filter",
  "count",
]
const TEXTS = ["label", "hint", "guidance", "required_message", "constraint_message", "warning_message"]

/** A row of the form; its rules and texts as functions, from the first time that they are needed. */
class Item {
  #rules
  #texts
  #form

  constructor(node, path, repeat, form) {
    this.#form = form
    /** @type {FormNode} */
    this.node = node
    this.path = path
    this.repeat = repeat
    this.isGiven = isGiven(node)
  }

  get rules() {
    if (!this.#rules) {
      this.#rules = {}
      for (const key of RULES) if (key in this.node) this.#rules[key] = this.#form.rule(key, this.node[key])
    }
    return this.#rules
  }

  get texts() {
    if (!this.#texts) {
      this.#texts = {}
      for (const key of TEXTS) {
        for (const [language, text] of Object.entries(this.node[key] ?? {})) {
          const parts = (Array.isArray(text) ? text : [text]).map((part) =>
            typeof part === "string" ? part : this.#form.make(part),
          )
          ;(this.#texts[key] ??= {})[language] = parts
        }
      }
    }
    return this.#texts
  }
}

/** What is the same for every record of a form: rules as functions, who reads whom, tables by index. */
class Compiled {
  /** With functions that count, where it is `isMetered`. */
  constructor(bundle, isMetered) {
    this.bundle = bundle
    this.make = isMetered ? metered : build
    this.rule = isMetered ? (_, tree) => metered(tree) : (key, tree) => bearing(key, build(tree))
    this.items = new Map()
    this.root = { name: "", type: "group", children: bundle.children }
    this.prepare(this.root, "", null)
    this.order = bundle.order.map(([path, reads, own], at) => ({ at, path, reads, own, item: this.items.get(path) }))
    this.readers = new Map() // of a path: [{entry, own}], in order
    for (const entry of this.order) {
      for (const path of entry.reads) this.reader(path, entry, false)
      for (const path of entry.own) this.reader(path, entry, true)
    }
    this.unseen = this.results()
    this.triggered = new Map() // of a path: the items whose calculation an answer there sets off
    this.counted = [] // the repeats whose number of instances the form gives
    for (const item of this.items.values()) {
      for (const path of item.node.trigger ?? []) this.triggered.set(path, [...(this.triggered.get(path) ?? []), item])
      if (item.node.count !== undefined) this.counted.push(item)
    }
    this.offers = new Map()
    this.tables = new Map()
    this.indexes = new Map()
    this.outcomes = new Map()
    this.indicators = []
    for (const item of this.items.values()) {
      const outcome = item.node.columns?.outcome
      if (outcome === "indicator") this.indicators.push(item)
      else if (outcome) this.outcomes.set(outcome, item)
    }
  }

  prepare(node, path, repeat) {
    this.items.set(path, new Item(node, path, repeat, this))
    for (const child of node.children ?? []) {
      this.prepare(child, path ? `${path}/${child.name}` : child.name, node.type === "repeat" ? path : repeat)
    }
  }

  /** The calculations that nothing on a screen hangs on: no rule, no text, nothing that is asked reads them. */
  results() {
    const named = new Set()
    const name = (tree) => {
      if (typeof tree === "string") named.add(tree)
      else if (Array.isArray(tree)) tree.forEach(name)
    }
    for (const { node } of this.items.values()) {
      for (const key of RULES) if (key !== "calculate" && Array.isArray(node[key])) name(node[key])
      for (const key of TEXTS)
        for (const text of Object.values(node[key] ?? {})) if (Array.isArray(text)) text.forEach(name)
      if (node.member_label) named.add(node.member_label.split("/").at(-1))
    }
    const found = new Set()
    const read = new Set()
    for (const entry of [...this.order].reverse()) {
      const { node } = entry.item
      const names = entry.path.split("/")
      const isSeen = names.some((one, at) => named.has(one) || read.has(names.slice(0, at + 1).join("/")))
      if (isSeen || named.has("*") || node.type !== "calculate" || entry.item.isGiven) {
        for (const path of [...entry.reads, ...entry.own]) read.add(path)
      } else found.add(entry.at)
    }
    return found
  }

  reader(path, entry, own) {
    if (!this.readers.has(path)) this.readers.set(path, [])
    this.readers.get(path).push({ entry, own })
  }

  rows(name) {
    if (this.bundle.tables[name]) return rowsOf(this.bundle.tables[name])
    const language = this.bundle.default_language
    return (this.bundle.choices[name] ?? []).map((choice) => {
      const row = { ...choice }
      if (choice.label) row.label = plain(choice.label[language] ?? "")
      return row
    })
  }

  table(name) {
    if (!this.tables.has(name)) {
      const top = new Node(null, null)
      const root = new Node(null, null)
      top.children.set("root", root)
      const items = this.rows(name).map((row, at) => {
        const item = new Node(null, null)
        item.at = at
        for (const [column, value] of Object.entries(row)) item.children.set(column, new Node(null, item, value))
        return item
      })
      root.children.set("item", items)
      const known = this.bundle.tables[name] || this.bundle.choices[name]
      this.tables.set(name, known ? [top] : [])
    }
    return this.tables.get(name)
  }

  /** The choices of a question's list or file, [{name, label: {lang}, media?}], by name and in order. */
  choices({ list, from_file: file }) {
    const { choices, tables, default_language: language } = this.bundle
    const key = JSON.stringify([list, file])
    if (!this.offers.has(key)) {
      const taken = (row) => ({ name: row[file.value], label: { [language]: row[file.label] || row[file.value] } })
      const all = file ? rowsOf(tables[list] ?? []).map(taken) : (choices[list] ?? [])
      this.offers.set(key, { all, byName: new Map(all.map((choice, at) => [choice.name, at])) })
    }
    return this.offers.get(key)
  }

  tableItems(name) {
    const [top] = this.table(name)
    return top ? top.children.get("root").children.get("item") : []
  }

  /** The rows whose `columns` are `key`. */
  found(table, columns, key) {
    const id = JSON.stringify([table, columns])
    if (!this.indexes.has(id)) {
      const index = new Map()
      for (const row of this.tableItems(table)) {
        const own = JSON.stringify(
          columns.map((column) => (row.children.has(column) ? nodeText(row.children.get(column)) : "")),
        )
        if (index.has(own)) index.get(own).push(row)
        else index.set(own, [row])
      }
      this.indexes.set(id, index)
    }
    return this.indexes.get(id).get(JSON.stringify(key)) ?? []
  }
}

const COMPILED = new WeakMap()
const METERED = new WeakMap()

/** @param {Bundle} bundle */
export function compiled(bundle, isMetered = false) {
  const known = isMetered ? METERED : COMPILED
  if (!known.has(bundle)) known.set(bundle, new Compiled(bundle, isMetered))
  return known.get(bundle)
}

// A table by column, as it comes over the line → its rows; rows stay rows.
function rowsOf(table) {
  if (Array.isArray(table)) return table
  const columns = Object.entries(table)
  const cellsAt = (at) => columns.map(([column, cells]) => [column, cells[at]]).filter(([, cell]) => cell !== null)
  return (columns[0]?.[1] ?? []).map((_, at) => Object.fromEntries(cellsAt(at)))
}

/** A text as the sheet has it, … where a value is filled in. */
export const plain = (text) =>
  typeof text === "string" ? text : text.map((part) => (typeof part === "string" ? part : "…")).join("")

/** Whether a place holds what was answered: not a note; a calculation only when it is made once and then kept. */
const isGiven = ({ type, calculate, trigger }) =>
  type !== "note" && (type !== "calculate" || Boolean(trigger) || callsOnce(calculate))
const callsOnce = (tree) => Array.isArray(tree) && ((tree[0] === "call" && tree[1] === "once") || tree.some(callsOnce))
