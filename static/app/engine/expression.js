// An expression tree, parsed on the server, → a function that evaluates it. ⇄ survey/form/expression.py (the tree's
// shape)
import { collected } from "./aggregates.js"
import { lookedAt } from "./budget.js"
import { FUNCTIONS } from "./functions.js"
import { Pattern } from "./patterns.js"
import { Context, nodeNumber, nodeText, toBoolean, toNumber, toString } from "./values.js"

const MIRROR = { "=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" }

export const ARITHMETIC = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  div: (a, b) => a / b,
  mod: (a, b) => a % b,
}

/** XPath 1.0 §3.4: with node-sets a comparison holds when it holds for some node. */
export function compare(operator, a, b) {
  if (Array.isArray(a)) {
    if (typeof b === "boolean") return compareAtoms(operator, a.length > 0, b)
    if (Array.isArray(b)) return a.some((m) => b.some((n) => compareAtoms(operator, nodeText(m), nodeText(n))))
    if (typeof b === "number") return a.some((m) => compareAtoms(operator, nodeNumber(m), b))
    return a.some((m) => compareAtoms(operator, nodeText(m), b))
  }
  return Array.isArray(b) ? compare(MIRROR[operator], b, a) : compareAtoms(operator, a, b)
}

function compareAtoms(operator, a, b) {
  if (operator === "=" || operator === "!=") {
    let equal
    if (typeof a === "boolean" || typeof b === "boolean") equal = toBoolean(a) === toBoolean(b)
    else if (typeof a === "number" || typeof b === "number") equal = toNumber(a) === toNumber(b)
    else equal = a === b
    return equal === (operator === "=")
  }
  const x = toNumber(a)
  const y = toNumber(b)
  if (operator === "<") return x < y
  if (operator === "<=") return x <= y
  return operator === ">" ? x > y : x >= y
}

/** The function that evaluates `tree`; built once a form, called often. */
export function build(tree) {
  if (!Array.isArray(tree)) return () => tree
  const [head] = tree
  if (head === "call") return buildCall(tree)
  if (head === "path" || head === "one") return buildPath(tree)
  if (head === "neg") {
    const inner = number(tree[1])
    return (c) => -inner(c)
  }
  if (head === "or" || head === "and") return truth(tree)
  if (head === "|") {
    const [left, right] = [build(tree[1]), build(tree[2])]
    return (c) => union(left(c), right(c))
  }
  const operate = ARITHMETIC[head]
  if (operate) {
    const [left, right] = [number(tree[1]), number(tree[2])]
    return (c) => operate(left(c), right(c))
  }
  return buildComparison(/** @type {[any, any, any]} */ (tree))
}

function buildCall(tree) {
  const body = FUNCTIONS[tree[1]]
  const args = tree.slice(2).map(build)
  if (tree[1] === "regex") {
    const pattern = new Pattern(tree[3])
    args[1] = () => pattern
  }
  const walk = (c) => body(c, args)
  return collected(tree, truth, walk) ?? walk
}

/** The function that gives a tree's number. */
function number(tree) {
  if (typeof tree === "number") return () => tree
  const single = one(tree)
  if (single) {
    return (c) => {
      const node = single(c)
      return node ? nodeNumber(node) : NaN
    }
  }
  const inner = build(tree)
  return (c) => toNumber(inner(c))
}

/** The function that gives a tree's truth. */
function truth(tree) {
  if (Array.isArray(tree) && (tree[0] === "and" || tree[0] === "or")) {
    const [left, right] = [truth(tree[1]), truth(tree[2])]
    return tree[0] === "and" ? (c) => left(c) && right(c) : (c) => left(c) || right(c)
  }
  const inner = build(tree)
  return (c) => toBoolean(inner(c))
}

/** Comparisons of one place with a literal are most of what a questionnaire asks: they need no lists. */
function buildComparison([head, a, b]) {
  const single = one(a)
  const literal = typeof b
  const equality = head === "=" || head === "!="
  if (single && (literal === "number" || (literal === "string" && equality))) {
    const read = literal === "number" ? nodeNumber : nodeText
    return (c) => {
      const node = single(c)
      return node ? compareAtoms(head, read(node), b) : false
    }
  }
  const left = build(a)
  const right = build(b)
  return (c) => compare(head, left(c), right(c))
}

/** The function that gives the one node of a ["one", …] path; null for any other tree. */
function one(tree) {
  if (!Array.isArray(tree) || tree[0] !== "one") return null
  const [, start, ...steps] = tree
  if (typeof start !== "string" || steps.some((step) => step.length > 2 || step[1] === "*")) return null
  const up = steps.filter(([axis]) => axis === "parent").length
  const names = steps.filter(([axis]) => axis === "child").map(([, name]) => name)
  // Written as a person writes them: first up, then down.
  if (steps.some(([axis], i) => axis === "parent" && steps.slice(0, i).some(([before]) => before === "child")))
    return null
  return (c) => {
    let node = start === "/" ? c.env.root : start === "." ? c.node : c.current
    for (let i = 0; i < up && node; i += 1) node = node.parent
    for (const name of names) node = node?.children.get(name)
    return Array.isArray(node) ? undefined : node
  }
}

export const union = (a, b) => [...new Set([a, b].filter(Array.isArray).flat())]

export const STARTS = { "/": (c) => [c.env.root], ".": (c) => [c.node], current: (c) => [c.current] }

function buildPath(tree) {
  const single = one(tree)
  if (single) {
    return (c) => {
      const node = single(c)
      return node ? [node] : []
    }
  }
  return buildLookup(tree) ?? buildWalk(tree)
}

function buildWalk(tree) {
  const begin = typeof tree[1] === "string" ? STARTS[tree[1]] : build(tree[1])
  const steps = tree.slice(2).map((step) => stepping(step, build, lookedAtNow))
  const several = tree[0] === "path"
  return (c) => {
    let nodes = begin(c)
    if (!steps.length) return nodes
    if (!Array.isArray(nodes)) return []
    for (const step of steps) nodes = step(c, nodes)
    // Of several, those not asked do not exist (JavaRosa); a single one reads as blank.
    return several ? nodes.filter((node) => node.relevant) : nodes
  }
}

// While somebody types, only what predicates look at is counted, and not the places that a step comes to.
const lookedAtNow = (c, nodes, by) => by && lookedAt(c.env, nodes.length)

/**
 * The function that takes a step from nodes, its predicates made by `make`; `seen` is told what it comes to, and again
 * what each predicate (its third argument) looks at.
 */
export function stepping([axis, name, ...rest], make, seen) {
  const predicates = rest.map(make)
  const walk = (nodes) => {
    if (axis === "self") return nodes
    if (axis === "parent") return [...new Set(nodes.map((node) => node.parent).filter(Boolean))]
    return nodes.flatMap((node) => {
      if (name === "*") return [...node.children.values()].flat()
      return node.children.get(name) ?? []
    })
  }
  return (c, nodes) => {
    let found = walk(nodes)
    seen(c, found, null)
    for (const predicate of predicates) {
      // Only what is asked takes part in a predicate, so that positions count what a person sees.
      found = found.filter((node) => node.relevant)
      seen(c, found, predicate)
      const size = found.length
      found = found.filter((node, i) => {
        const value = predicate(new Context(node, c.current, c.env, i + 1, size))
        return typeof value === "number" ? value === i + 1 : toBoolean(value)
      })
    }
    return found
  }
}

/**
 * Of `instance('t')/root/item[a = X and b = Y]…/c`: the table, the columns asked for, their values, the predicates that
 * judge what is found, and the column that is wanted; null for any other tree.
 */
export function lookupOf(tree) {
  const [head, start, root, item, column] = tree
  if (head !== "path" || tree.length !== 5 || start[0] !== "call" || start[1] !== "instance") return null
  if (typeof start[2] !== "string" || root[0] !== "child" || root[1] !== "root" || root.length !== 2) return null
  if (item[0] !== "child" || item[1] !== "item" || item.length < 3 || column[0] !== "child" || column.length !== 2)
    return null
  const pairs = equalities(item[2])
  if (!pairs) return null
  const [names, values] = [0, 1].map((at) => pairs.map((pair) => pair[at]))
  return { table: start[2], names, values, more: item.slice(3), column: column[1] }
}

/** Through an index; null where the walk is needed. */
function buildLookup(tree) {
  const wanted = lookupOf(tree)
  if (!wanted) return null
  const { table, names, column } = wanted
  const values = wanted.values.map(build)
  const walk = buildWalk(tree)
  const judge = stepping(["self", null, ...wanted.more], build, lookedAtNow)
  return (c) => {
    const key = []
    for (const value of values) {
      const found = value(c)
      if (typeof found === "number" || typeof found === "boolean" || (Array.isArray(found) && found.length > 1))
        return walk(c)
      key.push(toString(found))
    }
    return judge(c, c.env.lookup(table, names, key)).flatMap((row) => row.children.get(column) ?? [])
  }
}

/**
 * What a predicate asks of a row's columns, [[column, tree], …]; null when it is not only equalities with what is
 * outside the row.
 */
export function equalities(tree) {
  if (!Array.isArray(tree)) return null
  if (tree[0] === "and") {
    const left = equalities(tree[1])
    const right = equalities(tree[2])
    return left && right && [...left, ...right]
  }
  if (tree[0] !== "=") return null
  for (const [column, value] of [
    [tree[1], tree[2]],
    [tree[2], tree[1]],
  ]) {
    const named = Array.isArray(column) && column[0] === "path" && column[1] === "." && column.length === 3
    if (named && column[2][0] === "child" && column[2].length === 2 && independent(value))
      return [[column[2][1], value]]
  }
  return null
}

/** Whether a value is the same for every row. */
function independent(tree) {
  if (typeof tree === "string") return true
  const path = Array.isArray(tree) && (tree[0] === "path" || tree[0] === "one")
  return path && (tree[1] === "/" || tree[1] === "current") && tree.slice(2).every((step) => step.length <= 2)
}
