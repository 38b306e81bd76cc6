// A record as a screen asks it: what is to be answered, in which words, what is wrong, and what comes out.
// How it is kept evaluated is evaluation.js.   ⇄ survey/form/record.py; the contract is docs/form-bundle.md.
import { MOST_VISITS, Meter, TooMuch, bearing } from "./budget.js"
import { display, instanceLabel } from "./display.js"
import { CONTAINERS, Evaluation, pathOf } from "./evaluation.js"
import { build, equalities } from "./expression.js"
import { Context, LINES, Node, calculated, isWhole, nodeText, toBoolean, toString, words } from "./values.js"

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

export class Record extends Evaluation {
  get languages() {
    return this.bundle.languages
  }

  get title() {
    return this.bundle.title
  }

  get sections() {
    return this.bundle.children.filter((node) => CONTAINERS.has(node.type)).map((node) => ({ path: node.name, node }))
  }

  // --- what is asked

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
    this.form.naming ??= bearing("calculate", build(this.bundle.instance_name))
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

  /** The visits that the rules of the finished record take, each run once; throws `TooMuch` beyond `most`. */
  visits(most = MOST_VISITS) {
    const { today, now } = this.env
    const meter = new Meter(most)
    new Record(this.bundle, { answers: this.submission(), clock: { today, now }, meter }).settle().problems()
    return meter.spent
  }

  /** Whether the rules of the finished record cost too much: its class is then the office's to say. */
  isTooMuch() {
    try {
      this.visits()
      return false
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error
      return true
    }
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
    this.env.meter?.spend(names.length)
    if (type !== "rank") return names.every(isOffered)
    const { all: choices } = this.form.choices(node.definition.node)
    const all = new Set(this.form.tableItems(list).flatMap((row, at) => (isFree(row) ? choices[at].name : [])))
    return names.length === all.size && new Set(names).size === all.size && names.every((name) => all.has(name))
  }

  blame(node, kind, severity, key) {
    const message = {}
    for (const [language, parts] of Object.entries(node.definition.texts[key] ?? {}))
      message[language] = this.filled(parts, node)
    return { path: pathOf(node), kind, severity, message }
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
}

/** What a text by kind and language says in this language, else in the form's; null when there is none. */
function inLanguage(kinds, language, bundle) {
  const entries = Object.entries(kinds ?? {}).map(([kind, texts]) => [
    kind,
    texts[language] ?? texts[bundle.default_language] ?? Object.values(texts)[0],
  ])
  return entries.length ? Object.fromEntries(entries) : null
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
