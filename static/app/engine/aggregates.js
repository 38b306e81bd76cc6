// count, sum, min, max over the instances of a repeat that a predicate lets through: each instance's part is kept, and
// only instances that changed since are looked at again. So the cost does not grow with the roster. Where an order of
// additions could be seen in the last bit, the parts are put together anew, in order: the result is what the server
// finds.
import { Context, nodeNumber, nodeText } from "./values.js"

const COMPARISONS = new Set(["=", "!=", "<", "<=", ">", ">=", "and", "or"])
const TRUTHS = new Set(["not", "boolean", "selected", "contains", "starts-with", "ends-with", "regex", "true", "false"])
// biome-ignore format: a table
const PURE = new Set([
  ...TRUTHS, "if", "coalesce", "number", "string", "int", "round", "floor", "ceiling", "abs", "concat", "substr", "string-length",
  "count-selected", "date", "decimal-date-time", "format-date", "normalize-space", "translate", "pow", "sqrt",
])
const NOTHING = Symbol("not counted")
const MOST = 40 // changes of each instance that are followed one by one
let slots = 0

const PARTS = {
  count: () => 1,
  "count-non-empty": (node) => (nodeText(node) === "" ? NOTHING : 1),
  sum: nodeNumber,
  min: nodeNumber,
  max: nodeNumber,
}
const WHOLES = {
  count: (parts) => parts.length,
  "count-non-empty": (parts) => parts.length,
  sum: (parts) => parts.reduce((a, b) => a + b, 0),
  min: (parts) => extreme(parts, (a, b) => a <= b),
  max: (parts) => extreme(parts, (a, b) => a >= b),
}
const counted = (whole, before, after) =>
  whole - /** @type {any} */ (before !== NOTHING) + /** @type {any} */ (after !== NOTHING)

/** The whole after one part became another; undefined where only all parts together can tell. */
const STEPS = {
  count: counted,
  "count-non-empty": counted,
  // Sums of whole numbers are exact in any order.
  sum(whole, before, after) {
    const exact = [whole, before, after].every((one) => one === NOTHING || Number.isSafeInteger(one))
    return exact ? whole - (before === NOTHING ? 0 : before) + (after === NOTHING ? 0 : after) : undefined
  },
  min: (whole, before, after) =>
    (before === NOTHING || before > whole) && (after === NOTHING || after >= whole) ? whole : undefined,
  max: (whole, before, after) =>
    (before === NOTHING || before < whole) && (after === NOTHING || after <= whole) ? whole : undefined,
}

function extreme(parts, first) {
  return !parts.length || parts.some(Number.isNaN) ? NaN : parts.reduce((a, b) => (first(a, b) ? a : b))
}

/**
 * The function for a call such as count(${members}[age < 16]), `walk` where there is none; null when the call is not of
 * that kind.
 */
export function collected(tree, truth, walk) {
  const [, name, path] = tree
  if (tree.length !== 3 || !(name in PARTS) || !Array.isArray(path) || path[0] !== "path" || path[1] !== "/")
    return null
  const shape = shapeOf(path.slice(2))
  if (!shape) return null
  const predicates = shape.predicates.map(truth)
  const [part, step, put] = [PARTS[name], STEPS[name], WHOLES[name]]
  const slot = slots++

  const partOf = (instance, within, env) => {
    if (!instance.relevant) return NOTHING
    if (predicates.length) {
      const own = new Context(instance, instance, env)
      for (const holds of predicates) if (!holds(own)) return NOTHING
    }
    let found = instance
    for (const name of within) found = found?.children.get(name)
    return found?.relevant ? part(found) : NOTHING
  }
  const names = new Set([...shape.names, ...namesIn(shape.predicates)])
  /** Whether a place that changed can matter here: it is named, or what holds it is, or it is the instance itself. */
  const sees = (node, instance) => {
    for (let at = node; at !== instance; at = at.parent) if (names.has(at.definition.node.name)) return true
    return node === instance || node.children.size > 0
  }
  const together = (parts) => put(parts.filter((one) => one !== NOTHING))

  return (c) => {
    const { env } = c
    const found = listOf(env.root, shape)
    if (!found) return walk(c)
    const { list, within } = found
    const { changes } = /** @type {Instances} */ (list)
    let kept = env.kept[slot]
    if (kept?.changes !== changes || changes.length - kept.seen > MOST * list.length) {
      // The first time, after an instance was removed, or when it is as quick as to follow what changed.
      const parts = list.map((instance) => partOf(instance, within, env))
      kept = env.kept[slot] = { changes, seen: changes.length, parts, whole: together(parts) }
    }
    for (; kept.seen < changes.length; kept.seen += 2) {
      const instance = changes[kept.seen]
      if (!sees(changes[kept.seen + 1], instance)) continue
      const at = instance.index - 1
      const before = at < kept.parts.length ? kept.parts[at] : NOTHING
      const after = (kept.parts[at] = partOf(instance, within, env))
      if (before !== after) kept.whole = step(kept.whole, before, after) ?? together(kept.parts)
    }
    return kept.whole
  }
}

function namesIn(tree) {
  return Array.isArray(tree) ? tree.flatMap(namesIn) : typeof tree === "string" ? [tree] : []
}

/**
 * A path's names, after how many of them its predicates stand (-1: nowhere), and these: null when it is of another
 * shape.
 */
function shapeOf(steps) {
  const names = []
  const predicates = []
  let filtered = -1
  for (const [axis, name, ...own] of steps) {
    const isFilter = axis === "self" && names.length === filtered
    if (axis !== "child" && !isFilter && !(axis === "self" && filtered < 0)) return null
    if (axis === "child") names.push(name)
    if (!own.length) continue
    if (filtered >= 0 && !isFilter) return null
    filtered = names.length
    predicates.push(...own)
  }
  const isPlain = !names.includes("*") && predicates.every((tree) => isTruth(tree) && isOwn(tree))
  return isPlain ? { names, filtered, predicates } : null
}

const isTruth = (tree) =>
  Array.isArray(tree) && (COMPARISONS.has(tree[0]) || (tree[0] === "call" && TRUTHS.has(tree[1])))

/** Whether a predicate looks at nothing but the instance itself. */
function isOwn(tree) {
  if (!Array.isArray(tree)) return true
  const [head, ...rest] = tree
  if (head === "one")
    return rest[0] === "." && rest.slice(1).every(([axis, , ...own]) => axis !== "parent" && !own.length)
  if (head === "path") return false
  if (head === "call") return PURE.has(rest[0]) && rest.slice(1).every(isOwn)
  return rest.every(isOwn)
}

/**
 * The instances on the way, and the names that go on in each; undefined when there are none, or several of them in one.
 */
function listOf(root, { names, filtered }) {
  let found = root
  let at = 0
  while (at < names.length && found && !Array.isArray(found)) found = found.children.get(names[at++])
  if (!Array.isArray(found) || (filtered >= 0 && filtered !== at)) return undefined
  const within = names.slice(at)
  let [inside] = found
  for (const name of within) {
    inside = inside?.children.get(name)
    if (Array.isArray(inside)) return undefined
  }
  return { list: found, within }
}
