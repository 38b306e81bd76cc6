// A record: answers under a form, kept evaluated while they change.   ⇄ survey/form/record.py, survey/poverty/assess.py
// Knows no DOM, no storage, no network, no clock of its own. The contract is docs/form-bundle.md.
import { build, equalities } from "./expression.js"
import { FUNCTIONS } from "./functions.js"
import {
  Context,
  days,
  Node,
  nodeText,
  numberText,
  textNumber,
  toBoolean,
  toNumber,
  toString,
  words,
} from "./values.js"

const CONTAINERS = new Set(["group", "repeat"])
const NUMBERS = new Set(["integer", "decimal", "range"])
const METADATA = ["start", "end", "today", "deviceid", "username", "email", "phonenumber"]
const UNSEEN = [
  "calculate",
  "hidden",
  "subscriberid",
  "simserial",
  "audit",
  "start-geopoint",
  "background-audio",
  "background-geopoint",
]
const SILENT = new Set([...METADATA, ...UNSEEN])
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
const MOST_TRIGGERS = 20 // calculations that set off one another
const MOST_INSTANCES = 200 // that a form makes by itself: what an entry may carry
const MOST_CHANGES = 10_000 // of a repeat, before those who count over it begin anew
const TEXTS = ["label", "hint", "guidance", "required_message", "constraint_message", "warning_message"]

/** A row of the form; its rules and texts as functions, from the first time that they are needed. */
class Item {
  #rules
  #texts

  constructor(node, path, repeat) {
    /** @type {FormNode} */
    this.node = node
    this.path = path
    this.repeat = repeat
    this.isGiven = isGiven(node)
  }

  get rules() {
    if (!this.#rules) {
      this.#rules = {}
      for (const key of RULES) if (key in this.node) this.#rules[key] = build(this.node[key])
    }
    return this.#rules
  }

  get texts() {
    if (!this.#texts) {
      this.#texts = {}
      for (const key of TEXTS) {
        for (const [language, text] of Object.entries(this.node[key] ?? {})) {
          const parts = (Array.isArray(text) ? text : [text]).map((part) =>
            typeof part === "string" ? part : build(part),
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
  constructor(bundle) {
    this.bundle = bundle
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
    this.items.set(path, new Item(node, path, repeat))
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

function compiled(bundle) {
  if (!COMPILED.has(bundle)) COMPILED.set(bundle, new Compiled(bundle))
  return COMPILED.get(bundle)
}

// A table by column, as it comes over the line → its rows; rows stay rows.
function rowsOf(table) {
  if (Array.isArray(table)) return table
  const columns = Object.entries(table)
  const cellsAt = (at) => columns.map(([column, cells]) => [column, cells[at]]).filter(([, cell]) => cell !== null)
  return (columns[0]?.[1] ?? []).map((_, at) => Object.fromEntries(cellsAt(at)))
}

const plain = (text) =>
  typeof text === "string" ? text : text.map((part) => (typeof part === "string" ? part : "…")).join("")
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value)

export class Record {
  /**
   * `about` is who asks with which phone, `lastSaved` the answers finished last with this form. A record that `isLive`
   * is one that a person fills: the form's own counts add instances to it.
   * @param {Bundle} bundle
   * @param {{ answers?: Answers, clock: { today: string, now: string }, newId?: () => string, random?: () => number,
   *   about?: any, lastSaved?: Answers | null, isLive?: boolean }} how
   */
  constructor(
    bundle,
    { answers = {}, clock, newId = () => "", random = () => 0, about = {}, lastSaved = null, isLive = false },
  ) {
    this.form = compiled(bundle)
    this.bundle = bundle
    this.about = about
    this.isLive = isLive
    this.grown = []
    this.selfFilled = [] // places that filled themselves since somebody asked
    this.env = {
      today: clock.today,
      now: clock.now,
      newId,
      random,
      kept: [], // aggregates.js: what each count and sum over a repeat has
      rows: (name) => this.form.tableItems(name),
      table: (name) => (name === "__last-saved" ? lastAnswers(lastSaved) : this.form.table(name)),
      lookup: (...args) => this.form.found(...args),
    }
    this.faults = [] // answers that did not fit when the record was made
    this.root = new Node(this.form.items.get(""), null)
    this.env.root = this.root
    this.fill(this.root, isObject(answers) ? answers : {}, "")
    if (!isObject(answers)) this.fault("", "type")
    this.waiting = new Map(this.form.order.map(({ at }) => [at, null]))
    // What a screen shows is settled at once; results wait until somebody asks, or the shell has a moment (`settle`).
    this.run((at) => this.form.unseen.has(at))
    if (this.grown.length) this.settle()
  }

  get languages() {
    return this.bundle.languages
  }

  get title() {
    return this.bundle.title
  }

  get sections() {
    return this.bundle.children.filter((node) => CONTAINERS.has(node.type)).map((node) => ({ path: node.name, node }))
  }

  // --- answers → nodes

  fault(path, kind) {
    this.faults.push({ path, kind, severity: "error", message: {} })
  }

  fill(node, answers, path) {
    if (!isObject(answers)) {
      this.fault(path, "type")
      answers = {}
    }
    const { node: definition, path: own } = node.definition
    const known = new Set()
    for (const child of definition.children) {
      known.add(child.name)
      const item = this.form.items.get(own ? `${own}/${child.name}` : child.name)
      const given = answers[child.name] ?? null
      const below = path ? `${path}/${child.name}` : child.name
      if (child.type === "repeat") {
        if (given !== null && !Array.isArray(given)) this.fault(below, "type")
        const list = /** @type {any} */ ([])
        list.changes = [] // each instance that changed and the place in it, one after another; anew when one is removed
        node.children.set(child.name, list)
        for (const one of Array.isArray(given) ? given : []) {
          const instance = new Node(item, node, "", list.length + 1)
          this.fill(instance, one, `${below}[${instance.index}]`)
          list.push(instance)
        }
      } else {
        const inner = new Node(item, node)
        node.children.set(child.name, inner)
        if (child.type === "group") this.fill(inner, given ?? {}, below)
        else inner.value = this.answer(item, given, below)
      }
    }
    for (const name of Object.keys(answers))
      if (!known.has(name)) this.fault(path ? `${path}/${name}` : name, "unknown")
  }

  answer({ node, isGiven }, given, path) {
    if (given === null || given === "" || !isGiven) return ""
    const value = typed(node.type, given)
    if (value === null) {
      this.fault(path, "type")
      return ""
    }
    return value
  }

  // --- rules

  nodesOf(path) {
    return nodesUnder([this.root], path)
  }

  /**
   * Run the rules that wait, in order: by their number, the places where (null: everywhere). What they change puts
   * those that read it in line; the order lets nobody stand before who is read.
   * @param {(at: number) => boolean} isSkipped
   * @param {() => boolean} hasTime
   */
  run(isSkipped = () => false, hasTime = () => true) {
    const { waiting } = this
    for (let at = Math.min(...waiting.keys()); at < this.form.order.length; at += 1) {
      if (!waiting.has(at) || isSkipped(at)) continue
      if (!hasTime()) return
      const entry = this.form.order[at]
      const places = waiting.get(at) ?? this.nodesOf(entry.path)
      waiting.delete(at)
      for (const node of places) if (this.apply(node, entry.item)) this.changed(node)
      if (this.isLive && entry.item.node.count !== undefined) this.grow(entry.item)
    }
  }

  /**
   * Adds the instances that a form's own count asks for. None is ever taken away: those beyond the count are not asked.
   */
  grow(item) {
    const name = item.node.name
    const around = item.path.includes("/") ? this.nodesOf(item.path.slice(0, -name.length - 1)) : [this.root]
    for (const parent of around) {
      const list = parent.children.get(name)
      const wanted = Math.min(this.count(item, parent), MOST_INSTANCES)
      while (parent.relevant && list.length < wanted) {
        const instance = new Node(item, parent, "", list.length + 1)
        this.fill(instance, {}, "")
        list.push(instance)
        this.grown.push(instance)
        this.changed(instance)
      }
    }
  }

  /** How many instances the form gives a repeat in this place; NaN (none) when it cannot be told yet. */
  count(item, parent) {
    const probe = new Node(item, parent)
    return toNumber(item.rules.count(new Context(probe, probe, this.env)))
  }

  /** Runs as much of what waits as there is time for, so that a tap need not wait for the rest; whether all is done. */
  settleWhile(hasTime) {
    this.run(undefined, hasTime)
    return this.waiting.size === 0 && this.settle() === this
  }

  /** Runs what waits. */
  settle() {
    if (this.waiting.size) this.run()
    while (this.grown.length) {
      const instance = this.grown.pop()
      this.rerun(instance)
      this.applyDefaults(instance)
    }
    return this
  }

  /** Run one place's rules; whether that changed what others see of it. */
  apply(node, { rules, node: definition, isGiven }) {
    const context = new Context(node, node, this.env)
    const { value, ownRelevant } = node
    if (rules.relevant) node.ownRelevant = toBoolean(rules.relevant(context))
    if (rules.count)
      node.ownRelevant = (!rules.relevant || node.ownRelevant) && node.index <= toNumber(rules.count(context))
    if (rules.calculate && !definition.trigger) {
      node.value = node.relevant ? calculated(rules.calculate(context)) : ""
      if (node.value !== value && isGiven) this.selfFilled.push(node)
    }
    return node.value !== value || node.ownRelevant !== ownRelevant
  }

  /** Put in line what reads this place; of a group or an instance also what reads or is ruled inside it. */
  changed(node) {
    for (let around = node; around; around = around.parent) if (around.index) noted(around, node)
    const { path, node: definition } = node.definition
    for (const reader of this.form.readers.get(path) ?? []) this.wake(reader, node)
    if (!CONTAINERS.has(definition.type)) return
    forget(node)
    const below = `${path}/`
    for (const [read, readers] of this.form.readers) {
      if (!read.startsWith(below)) continue
      // Of what is ruled inside, those that look at their own instance only stand in line below.
      for (const reader of readers) if (!reader.own || !reader.entry.path.startsWith(below)) this.wake(reader, node)
    }
    for (const entry of this.form.order) {
      if (!entry.path.startsWith(below)) continue
      for (const inside of nodesUnder([node], entry.path.slice(below.length))) this.line(entry, inside)
    }
  }

  wake({ entry, own }, node) {
    if (this.waiting.get(entry.at) === null) return // it is to run everywhere
    if (!own || entry.item.node.count !== undefined) this.waiting.set(entry.at, null)
    else for (const place of this.beside(node, entry.item)) this.line(entry, place)
  }

  line({ at }, node) {
    if (!this.waiting.has(at)) this.waiting.set(at, new Set())
    this.waiting.get(at)?.add(node)
  }

  /** The places of an item in the same instance of its repeat. */
  beside(node, { path, repeat }) {
    let instance = node
    while (instance.definition.path !== repeat) instance = instance.parent
    return nodesUnder([instance], path.slice(repeat.length + 1))
  }

  // --- places

  /** The node at a path with instance numbers; undefined when there is none. */
  node(path) {
    let node = this.root
    if (path === "") return node
    for (const part of path.split("/")) {
      const match = /^(.+)\[(\d+)\]$/.exec(part)
      const child = node?.children.get(match ? match[1] : part)
      node = match ? child?.[/** @type {any} */ (match[2]) - 1] : child
    }
    return Array.isArray(node) ? undefined : node
  }

  static pathOf(node) {
    const parts = []
    for (; node.parent; node = node.parent) {
      const { name } = node.definition.node
      parts.unshift(node.index ? `${name}[${node.index}]` : name)
    }
    return parts.join("/")
  }

  itemAt(path) {
    return this.form.items.get(path.replace(/\[\d+\]/g, ""))
  }

  items(path) {
    const node = this.node(path)
    if (!node) return []
    return node.definition.node.children
      .filter((child) => !SILENT.has(child.type))
      .map((child) => {
        const below = path ? `${path}/${child.name}` : child.name
        return { path: below, node: child, relevant: this.isRelevant(below) }
      })
  }

  list(path) {
    const cut = path.lastIndexOf("/")
    return this.node(path.slice(0, Math.max(0, cut)))?.children.get(path.slice(cut + 1)) ?? []
  }

  /** The instances that are there; of a repeat whose number the form gives, those within it. */
  instances(path) {
    const all = this.list(path)
    const shown = this.isCounted(path) ? all.filter((instance) => instance.ownRelevant) : all
    return shown.map(({ index }) => `${path}[${index}]`)
  }

  /** Whether the form gives the number of instances: nobody adds or removes one. */
  isCounted(path) {
    return this.itemAt(path)?.node.count !== undefined
  }

  instanceLabel(path) {
    return instanceLabel(this.node(path))
  }

  get(path) {
    const node = this.node(path)
    if (node?.definition.node.type === "calculate") this.settle()
    return node?.value ?? ""
  }

  /** Store an answer and settle what depends on it. An answer of the wrong type throws: the shell never offers one. */
  set(path, value) {
    const node = this.node(path)
    if (!node) throw new RangeError("no such place")
    const stored = value === null || value === "" || value === undefined ? "" : typed(node.definition.node.type, value)
    if (stored === null) throw new TypeError("answer of the wrong type")
    this.faults = this.faults.filter((fault) => fault.path !== path)
    if (node.value === stored) return
    node.value = stored
    this.rerun(node)
    this.fire(node)
  }

  /**
   * An answer sets off the calculations that name it as their trigger (XLSForm `trigger`: ODK XForms setvalue on
   * xforms-value-changed).
   */
  fire(node, depth = 0) {
    for (const item of this.form.triggered.get(node.definition.path) ?? []) {
      const shares = item.repeat && `${node.definition.path}/`.startsWith(`${item.repeat}/`)
      for (const target of shares ? this.beside(node, item) : this.nodesOf(item.path)) {
        const value = target.relevant ? calculated(item.rules.calculate(new Context(target, target, this.env))) : ""
        const stored = value === "" ? "" : (typed(item.node.type, value) ?? "")
        if (stored === target.value) continue
        target.value = stored
        this.selfFilled.push(target)
        this.rerun(target)
        if (depth < MOST_TRIGGERS) this.fire(target, depth + 1)
      }
    }
  }

  /**
   * The answers that came by themselves since the last time (defaults, calculations made once, triggers): [{path,
   * value}], to be kept.
   */
  takeFilled() {
    const taken = [...new Set(this.selfFilled.splice(0))].filter((node) => this.node(Record.pathOf(node)) === node)
    return taken.map((node) => ({ path: Record.pathOf(node), value: node.value === "" ? null : node.value }))
  }

  /** The interview ends now: what the form keeps of that. */
  finish(now) {
    for (const [path, { node }] of this.form.items) {
      if (node.type === "end")
        for (const place of this.nodesOf(path)) if (place.relevant) this.set(Record.pathOf(place), now)
    }
  }

  addInstance(path, answers = {}) {
    const cut = path.lastIndexOf("/")
    const parent = this.node(path.slice(0, Math.max(0, cut)))
    const instances = this.list(path)
    const item = this.itemAt(path)
    const instance = new Node(item, parent, "", instances.length + 1)
    const place = `${path}[${instance.index}]`
    this.fill(instance, answers, place)
    instances.push(instance)
    this.rerun(instance)
    this.applyDefaults(instance)
    return place
  }

  removeInstance(path) {
    const node = /** @type {Node} */ (this.node(path))
    const instances = node.parent.children.get(node.definition.node.name)
    instances.splice(node.index - 1, 1)
    instances.forEach((instance, i) => (instance.index = i + 1))
    instances.changes = []
    this.faults = []
    this.rerun(node)
  }

  /** After an answer, or after an instance came or went. */
  rerun(node) {
    const entry = this.form.order.find(({ path }) => path === node.definition.path)
    if (entry && node.index) this.line(entry, node) // a new instance has its own relevance to find
    this.changed(node)
    this.settle()
  }

  /** Fill blanks that have a default, in a new record (no argument) or a new instance. Returns the places filled. */
  applyDefaults(inside = this.root) {
    const filled = []
    const visit = (node) => {
      for (const child of [...node.children.values()].flat()) {
        const rule = child.definition.rules.default
        if (CONTAINERS.has(child.definition.node.type)) visit(child)
        else if (child.value === "") {
          const value =
            this.metadata(child.definition.node.type) ?? (rule && calculated(rule(new Context(child, child, this.env))))
          const stored = value === undefined || value === "" ? null : typed(child.definition.node.type, value)
          if (stored === null) continue
          child.value = stored
          filled.push(child)
        }
      }
    }
    visit(inside)
    this.selfFilled.push(...filled)
    for (const node of filled) this.rerun(node)
    return filled.map((node) => Record.pathOf(node))
  }

  metadata(type) {
    const { deviceid, username, email, phonenumber } = this.about
    return { today: this.env.today, start: this.env.now, deviceid, username, email, phonenumber }[type] || undefined
  }

  isRelevant(path) {
    const node = this.node(path)
    if (node) return node.relevant
    // A repeat: judged by its own rule, also while it has no instance.
    const item = this.itemAt(path)
    const parent = this.node(path.slice(0, Math.max(0, path.lastIndexOf("/"))))
    if (!item || !parent?.relevant) return false
    const probe = new Node(item, parent)
    return !item.rules.relevant || toBoolean(item.rules.relevant(new Context(probe, probe, this.env)))
  }

  holds(path, rule) {
    const node = this.node(path)
    const body = node?.definition.rules[rule]
    return Boolean(body) && toBoolean(body(new Context(node, node, this.env)))
  }

  isRequired(path) {
    return this.holds(path, "required")
  }

  isReadonly(path) {
    const item = this.itemAt(path)
    return this.holds(path, "readonly") || (item?.node.calculate !== undefined && !item.node.trigger)
  }

  // --- words

  text(node, key, language) {
    const texts = node.definition.texts[key] ?? {}
    const parts = texts[language] ?? texts[this.bundle.default_language] ?? Object.values(texts)[0] ?? []
    return this.filled(parts, node)
  }

  filled(parts, node) {
    const context = new Context(node, node, this.env)
    return parts.map((part) => (typeof part === "string" ? part : toString(part(context)))).join("")
  }

  at(path) {
    const item = this.itemAt(path)
    return this.node(path) ?? (item && new Node(item, this.node(path.slice(0, Math.max(0, path.lastIndexOf("/"))))))
  }

  label(path, language) {
    const node = this.at(path)
    return node ? this.text(node, "label", language) || node.definition.node.name : ""
  }

  hint(path, language) {
    const node = this.at(path)
    return node ? this.text(node, "hint", language) : ""
  }

  guidance(path, language) {
    const node = this.at(path)
    return node ? this.text(node, "guidance", language) : ""
  }

  /**
   * The names of the form's files that go with a question, {image, audio, video, "big-image"}; null when there are
   * none.
   */
  media(path, language) {
    return inLanguage(this.itemAt(path)?.node.media, language, this.bundle)
  }

  /** What the form calls this record (XLSForm `instance_name`). */
  instanceName() {
    if (this.bundle.instance_name === undefined) return ""
    this.form.naming ??= build(this.bundle.instance_name)
    return toString(calculated(this.form.naming(new Context(this.settle().root, this.root, this.env))))
  }

  /** The choices that the filter leaves: [{name, label: {lang}, media?}]. */
  choices(path) {
    const node = /** @type {Node} */ (this.node(path))
    const { list, choice_filter: filter } = node.definition.node
    const { all } = this.form.choices(node.definition.node)
    const rule = node.definition.rules.choice_filter
    if (!rule) return all
    const keep = (row) => toBoolean(rule(new Context(row, node, this.env)))
    const rows = this.form.tableItems(list)
    const index = equalities(filter)
    const key = index && this.keyOf(node, index)
    if (!key) return all.filter((_, at) => keep(rows[at]))
    const names = index.map(([name]) => name)
    return this.form.found(list, names, key).map((row) => all[row.at]) // the index judges as the filter would
  }

  /** The texts that a filter of equalities asks for; null when one of them is no text, and each row must be judged. */
  keyOf(node, index) {
    const context = new Context(node, node, this.env)
    const found = index.map(([, tree]) => build(tree)(context))
    const isText = (value) =>
      typeof value === "string" || (Array.isArray(value) && value.length === 1 && typeof value[0].value === "string")
    return found.every(isText) ? found.map(toString) : null
  }

  displayValue(path, language) {
    const node = this.settle().node(path)
    return node ? display(this.bundle, node.definition.node, node.value, language) : ""
  }

  // --- what is wrong

  *questions(node = this.root) {
    for (const child of [...node.children.values()].flat()) {
      if (CONTAINERS.has(child.definition.node.type)) yield* this.questions(child)
      else yield child
    }
  }

  problems() {
    return [...this.faults, ...[...this.questions()].flatMap((node) => this.judge(node))]
  }

  problemsAt(path) {
    const node = this.node(path)
    const faults = this.faults.filter((fault) => fault.path === path)
    return node ? [...faults, ...this.judge(node)] : faults
  }

  judge(node) {
    const { node: definition, rules } = node.definition
    if (definition.type === "calculate" || definition.type === "note" || !node.relevant) return []
    const context = new Context(node, node, this.env)
    if (node.value === "") {
      const wanted = rules.required && toBoolean(rules.required(context))
      return wanted ? [this.blame(node, "required", "error", "required_message")] : []
    }
    const found = []
    if (definition.type in LINES && !isWhole(definition.type, node.value))
      found.push(this.blame(node, "type", "error", ""))
    if (definition.list && !this.offered(node)) found.push(this.blame(node, "choice", "error", "constraint_message"))
    if (rules.constraint && !toBoolean(rules.constraint(context)))
      found.push(this.blame(node, "constraint", "error", "constraint_message"))
    if (rules.warning && !toBoolean(rules.warning(context)))
      found.push(this.blame(node, "warning", "warning", "warning_message"))
    return found
  }

  /**
   * Whether each name picked is among the choices that the filter leaves; of a ranking, whether it names all of them.
   */
  offered(node) {
    const { type, list, from_file: file } = node.definition.node
    const rule = node.definition.rules.choice_filter
    const picked = nodeText(node)
    const names = type === "select_one" ? [picked] : words(picked)
    const isFree = (row) => !rule || toBoolean(rule(new Context(row, node, this.env)))
    const isOffered = (name) => this.form.found(list, [file?.value ?? "name"], [name]).some(isFree)
    if (type !== "rank") return names.every(isOffered)
    const all = new Set(this.choices(Record.pathOf(node)).map(({ name }) => name))
    return names.length === all.size && new Set(names).size === all.size && names.every((name) => all.has(name))
  }

  blame(node, kind, severity, key) {
    const message = {}
    for (const [language, parts] of Object.entries(node.definition.texts[key] ?? {}))
      message[language] = this.filled(parts, node)
    return { path: Record.pathOf(node), kind, severity, message }
  }

  /** How far a section (or instance) has come: counts over the relevant questions under it. */
  progress(path) {
    const start = this.node(path)
    const nodes = start ? [...this.questions(start)] : this.list(path).flatMap((node) => [...this.questions(node)])
    const count = { asked: 0, answered: 0, errors: 0, warnings: 0 }
    for (const node of nodes) {
      const { type } = node.definition.node
      if (SILENT.has(type) || type === "note" || !node.relevant) continue
      count.asked += 1
      if (node.value !== "") count.answered += 1
      for (const problem of this.judge(node)) count[problem.severity === "error" ? "errors" : "warnings"] += 1
    }
    return count
  }

  // --- what comes out

  answers() {
    return collect(
      this.root,
      () => true,
      (node) => node.definition.isGiven,
    )
  }

  submission() {
    return collect(
      this.settle().root,
      (node) => node.ownRelevant,
      (node) => node.definition.isGiven,
    )
  }

  values() {
    return collect(
      this.settle().root,
      (node) => node.ownRelevant,
      () => true,
    )
  }

  /** True or false for each place, nested; what is not asked is just false. */
  relevance(node = this.settle().root) {
    const found = {}
    const judge = (child) => {
      if (!child.ownRelevant) return false
      return CONTAINERS.has(child.definition.node.type) ? this.relevance(child) : true
    }
    for (const [name, child] of node.children) found[name] = Array.isArray(child) ? child.map(judge) : judge(child)
    return found
  }

  assessment() {
    this.settle()
    const outcome = (name) => {
      const item = this.form.outcomes.get(name)
      const [node] = item ? this.nodesOf(item.path) : []
      return node?.relevant ? node.value : ""
    }
    const number = (name) => (typeof outcome(name) === "number" ? outcome(name) : null)
    return {
      class: outcome("class") || null,
      b1: number("b1"),
      b2: number("b2"),
      deprivedCount: number("deprived_count"),
      illustrative: number("illustrative") === 1,
      refused: number("refused") === 1,
      persons: number("persons") ?? 0,
      headName: String(outcome("head_name")),
      indicators: this.form.indicators.map((item) => this.indicator(item)),
    }
  }

  indicator({ node, path, texts }) {
    const [found] = this.nodesOf(path)
    const value = found?.relevant ? found.value : ""
    const deprived = value === "" ? null : value === 1
    const label = {}
    for (const [language, parts] of Object.entries(texts.label ?? {})) label[language] = this.filled(parts, found)
    const { law = "", dimension } = node.columns
    return { key: node.name, dimension, label, law, deprived, because: deprived ? this.because(node) : [] }
  }

  /** The quoted answers, member by member; after them those of the household itself. */
  because({ because = [] }) {
    const found = []
    for (const { flag, is = 1, quotes } of [because].flat()) {
      const repeat = flag && this.form.items.get(flag).repeat
      const raised = flag ? this.nodesOf(flag).filter((node) => node.relevant && node.value === is) : [null]
      for (const node of raised) {
        for (const path of quotes) {
          const member = repeat && path.startsWith(`${repeat}/`) ? within(node, repeat) : null
          for (const one of this.nodesOf(path)) {
            if (one.relevant && (!member || within(one, repeat) === member))
              found.push([member?.index ?? Infinity, this.quote(one, member && instanceLabel(member))])
          }
        }
      }
    }
    return found.sort(([a], [b]) => (a === b ? 0 : a - b)).map(([, quote]) => quote)
  }

  quote(node, member) {
    const { node: definition } = node.definition
    const answer = {}
    for (const language of this.languages) answer[language] = display(this.bundle, definition, node.value, language)
    const label = {}
    for (const [language, text] of Object.entries(definition.label ?? {})) label[language] = plain(text)
    return { member, path: Record.pathOf(node), label, answer }
  }
}

/** The instance of a repeat around a place. */
function within(node, repeat) {
  while (node && node.definition.path !== repeat) node = node.parent
  return node
}

/**
 * A place in an instance changed: those who count over its list will look at the instance again if they read that
 * place.
 */
function noted(instance, node) {
  const list = instance.parent.children.get(instance.definition.node.name)
  if (list.changes.length > MOST_CHANGES) list.changes = []
  list.changes.push(instance, node)
}

/** What counts over lists below this place counts anew: what it may see of them has changed. */
function forget(node) {
  for (const child of node.children.values()) {
    if (!Array.isArray(child)) forget(child)
    else {
      const list = /** @type {Instances} */ (child)
      list.changes = []
      list.forEach(forget)
    }
  }
}

/** Every node that the names of a path lead to. */
function nodesUnder(nodes, path) {
  for (const name of path.split("/")) nodes = nodes.flatMap((node) => node.children.get(name) ?? [])
  return nodes
}

/** Whether a place holds what was answered: not a note; a calculation only when it is made once and then kept. */
const isGiven = ({ type, calculate, trigger }) =>
  type !== "note" && (type !== "calculate" || Boolean(trigger) || callsOnce(calculate))
const callsOnce = (tree) => Array.isArray(tree) && ((tree[0] === "call" && tree[1] === "once") || tree.some(callsOnce))

/** The answers finished last, as `instance('__last-saved')/data/…` reads them: a list of nodes. */
function lastAnswers(answers) {
  const made = (given, parent) => {
    const node = new Node(null, parent, isObject(given) ? "" : given)
    if (isObject(given))
      for (const [name, one] of Object.entries(given))
        node.children.set(name, Array.isArray(one) ? one.map((each) => made(each, node)) : made(one, node))
    return node
  }
  return answers ? [made({ data: answers }, null)] : []
}

/** What a text by kind and language says in this language, else in the form's; null when there is none. */
function inLanguage(kinds, language, bundle) {
  const entries = Object.entries(kinds ?? {}).map(([kind, texts]) => [
    kind,
    texts[language] ?? texts[bundle.default_language] ?? Object.values(texts)[0],
  ])
  return entries.length ? Object.fromEntries(entries) : null
}

/** An XPath value as a node keeps it: NaN (as in JavaRosa) and infinities are blank, a boolean is its word. */
function calculated(value) {
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

const TIME = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?$/

const LINES = { geotrace: 2, geoshape: 4 } // points at least
const pointsIn = (text) => text.replace(/;? *$/, "").split(/ *; */)

/**
 * Whether a line or an area that is being walked is one already: points enough, and of an area the first again at the
 * end.
 */
function isWhole(type, text) {
  const points = pointsIn(text)
  const place = (point) => point.split(" ", 2).join(" ")
  return points.length >= LINES[type] && (type !== "geoshape" || place(points[0]) === place(points.at(-1)))
}

function isGeopoint(text) {
  const parts = text.split(" ")
  if (parts.length < 2 || parts.length > 4 || !parts.every((part) => /^-?\d+(\.\d+)?$/.test(part))) return false
  return Math.abs(parts[0]) <= 90 && Math.abs(parts[1]) <= 180
}

function instanceLabel(node) {
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

/** Nested values of the nodes that `asked` and `wanted` let through; blanks left out, an instance keeps its place. */
function collect(node, asked, wanted) {
  const found = {}
  for (const [name, child] of node.children) {
    if (Array.isArray(child)) {
      const { node: definition } = child[0]?.definition ?? {}
      // Beyond the number that the form gives there is nobody; elsewhere an instance keeps its place.
      const all = definition?.count === undefined ? child : child.slice(0, child.findLastIndex(asked) + 1)
      if (all.length) found[name] = all.map((one) => (asked(one) ? collect(one, asked, wanted) : {}))
    } else if (!asked(child)) {
      continue
    } else if (child.definition.node.type === "group") {
      const inner = collect(child, asked, wanted)
      if (Object.keys(inner).length) found[name] = inner
    } else if (child.value !== "" && wanted(child)) {
      found[name] = child.value
    }
  }
  return found
}
