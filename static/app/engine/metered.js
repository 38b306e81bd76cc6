// An expression tree → a function that evaluates it and counts what that takes.   ⇄ survey/form/metered.py
// The tree is walked as it stands: none of the short cuts of expression.js, apart from the index over a table. It gives
// the same values and is slower: it runs once, when an interview is finished.
import { UNREAD, WEIGHTS, below, isConstant, size } from "./budget.js"
import { ARITHMETIC, STARTS, build, compare, lookupOf, stepping, union } from "./expression.js"
import { FUNCTIONS } from "./functions.js"
import { Pattern } from "./patterns.js"
import { toBoolean, toNumber, toString } from "./values.js"

/** The function that evaluates `tree` at the expense of its context's `env.meter`. */
export function metered(tree) {
  if (isConstant(tree)) return build(tree)
  const inner = kind(tree)
  return (c) => {
    const value = inner(c)
    c.env.meter.spend(1 + size(value))
    return value
  }
}

function kind(tree) {
  const [head] = tree
  if (head === "call") return call(tree)
  if (head === "path" || head === "one") return lookup(tree) ?? walk(tree)
  if (head === "neg") {
    const operand = read(tree[1])
    return (c) => -toNumber(operand(c))
  }
  const make = head === "|" || head === "and" || head === "or" ? metered : read
  const [left, right] = [make(tree[1]), make(tree[2])]
  if (head === "|") return (c) => union(left(c), right(c))
  if (head === "and") return (c) => toBoolean(left(c)) && toBoolean(right(c))
  if (head === "or") return (c) => toBoolean(left(c)) || toBoolean(right(c))
  const operate = ARITHMETIC[head]
  if (operate) return (c) => operate(toNumber(left(c)), toNumber(right(c)))
  return (c) => {
    const [a, b] = [left(c), right(c)]
    const [ofA, ofB] = [a, b].map((value) => (Array.isArray(value) ? value.length : 1))
    c.env.meter.spend(size(a) * ofB + ofA * size(b))
    return compare(head, a, b)
  }
}

/** The function that evaluates a tree of which more is wanted than its nodes. */
function read(tree) {
  const inner = metered(tree)
  return (c) => {
    const value = inner(c)
    c.env.meter.spend(below(value))
    return value
  }
}

function call(tree) {
  const [, name, ...trees] = tree
  if (name === "regex") return regex(trees)
  const args = trees.map((one, at) => (at < (UNREAD[name] ?? 0) ? metered(one) : read(one)))
  const [body, weight] = [FUNCTIONS[name], WEIGHTS[name] ?? 0]
  return (c) => {
    c.env.meter.spend(weight + (name === "jr:choice-name" ? c.env.rows(trees[1]).length : 0))
    return body(c, args)
  }
}

function regex([value, made]) {
  const text = read(value)
  const pattern = new Pattern(made)
  return (c) => {
    const found = toString(text(c))
    c.env.meter.spend(pattern.placesIn(found))
    return pattern.matches(found)
  }
}

const spend = (c, nodes) => c.env.meter.spend(nodes.length)

function walk(tree) {
  const begin = typeof tree[1] === "string" ? STARTS[tree[1]] : metered(tree[1])
  const steps = tree.slice(2).map((step) => stepping(step, metered, spend))
  const several = tree[0] === "path"
  return (c) => {
    let nodes = begin(c)
    if (!steps.length) return nodes
    if (!Array.isArray(nodes)) return []
    for (const step of steps) nodes = step(c, nodes)
    return several ? nodes.filter((node) => node.relevant) : nodes
  }
}

function lookup(tree) {
  const found = lookupOf(tree)
  if (!found) return null
  const values = found.values.map(metered)
  const [through, judge] = [walk(tree), stepping(["self", null, ...found.more], metered, spend)]
  return (c) => {
    const key = []
    for (const value of values) {
      const said = value(c)
      if (typeof said === "number" || typeof said === "boolean" || (Array.isArray(said) && said.length > 1))
        return through(c)
      key.push(toString(said))
    }
    const rows = judge(c, c.env.lookup(found.table, found.names, key))
    return rows.flatMap((row) => row.children.get(found.column) ?? [])
  }
}
