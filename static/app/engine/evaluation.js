// Answers under a form, kept evaluated while they change: an answer runs the rules that read it, and no others.
// ⇄ survey/form/record.py (`evaluate`). Knows no DOM, no storage, no network, no clock of its own.
import { compiled } from "./compiled.js"
import { Context, Node, calculated, toBoolean, toNumber, typed } from "./values.js"

export const CONTAINERS = new Set(["group", "repeat"])
const MOST_TRIGGERS = 20 // calculations that set off one another
const MOST_INSTANCES = 200 // that a form makes by itself: what an entry may carry
const MOST_CHANGES = 10_000 // of a repeat, before those who count over it begin anew
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value)

export class Evaluation {
  /**
   * `about` is who asks with which phone, `lastSaved` the answers finished last with this form. A record that `isLive`
   * is one that a person fills: the form's own counts add instances to it.
   * @param {Bundle} bundle
   * @param {{ answers?: Answers, clock: { today: string, now: string }, newId?: () => string, random?: () => number,
   *   about?: any, lastSaved?: Answers | null, isLive?: boolean, meter?: import("./budget.js").Meter | null }} how
   */
  constructor(
    bundle,
    {
      answers = {},
      clock,
      newId = () => "",
      random = () => 0,
      about = {},
      lastSaved = null,
      isLive = false,
      meter = null,
    },
  ) {
    this.form = compiled(bundle, meter !== null)
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
      meter,
      lookedAt: 0, // by predicates, since the last answer
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

  /**
   * Run the rules that wait, in order: by their number, the places where (null: everywhere). What they change puts
   * those that read it in line; the order lets nobody stand before who is read.
   * @param {(at: number) => boolean} isSkipped
   * @param {() => boolean} hasTime
   */
  run(isSkipped = () => false, hasTime = () => true) {
    const { waiting } = this
    this.env.lookedAt = 0
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

  itemAt(path) {
    return this.form.items.get(path.replace(/\[\d+\]/g, ""))
  }

  nodesOf(path) {
    return nodesUnder([this.root], path)
  }

  list(path) {
    const cut = path.lastIndexOf("/")
    return this.node(path.slice(0, Math.max(0, cut)))?.children.get(path.slice(cut + 1)) ?? []
  }

  // --- what changes

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
    const taken = [...new Set(this.selfFilled.splice(0))].filter((node) => this.node(pathOf(node)) === node)
    return taken.map((node) => ({ path: pathOf(node), value: node.value === "" ? null : node.value }))
  }

  /** The interview ends now: what the form keeps of that. */
  finish(now) {
    for (const [path, { node }] of this.form.items) {
      if (node.type === "end") for (const place of this.nodesOf(path)) if (place.relevant) this.set(pathOf(place), now)
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
    return filled.map((node) => pathOf(node))
  }

  metadata(type) {
    const { deviceid, username, email, phonenumber } = this.about
    return { today: this.env.today, start: this.env.now, deviceid, username, email, phonenumber }[type] || undefined
  }
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

/** Where a node stands, with instance numbers. */
export function pathOf(node) {
  const parts = []
  for (; node.parent; node = node.parent) {
    const { name } = node.definition.node
    parts.unshift(node.index ? `${name}[${node.index}]` : name)
  }
  return parts.join("/")
}
