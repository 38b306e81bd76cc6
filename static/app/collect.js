// count, sum, min, max over the instances of a repeat that a predicate lets through: each instance's part is kept and only
// worked out again after something in that instance changed. The parts are put together anew each time, in order, so that
// the result is to the last bit what the server finds.
import { nodeNumber, nodeText } from './values.js'

const COMPARISONS = new Set(['=', '!=', '<', '<=', '>', '>=', 'and', 'or'])
const TRUTHS = new Set(['not', 'boolean', 'selected', 'contains', 'starts-with', 'ends-with', 'regex', 'true', 'false'])
const PURE = new Set([
  ...TRUTHS, 'if', 'coalesce', 'number', 'string', 'int', 'round', 'floor', 'ceiling', 'abs', 'concat', 'substr', 'string-length',
  'count-selected', 'date', 'decimal-date-time', 'format-date', 'normalize-space', 'translate', 'pow', 'sqrt',
]) // prettier-ignore
const NOTHING = Symbol('not counted')
let calls = 0

const PARTS = {
  count: () => 1,
  'count-non-empty': (node) => (nodeText(node) === '' ? NOTHING : 1),
  sum: nodeNumber,
  min: nodeNumber,
  max: nodeNumber,
}
const WHOLES = {
  count: (parts) => parts.length,
  'count-non-empty': (parts) => parts.length,
  sum: (parts) => parts.reduce((a, b) => a + b, 0),
  min: (parts) => extreme(parts, (a, b) => a <= b),
  max: (parts) => extreme(parts, (a, b) => a >= b),
}

function extreme(parts, first) {
  return !parts.length || parts.some(Number.isNaN) ? NaN : parts.reduce((a, b) => (first(a, b) ? a : b))
}

/** The function for a call such as count(${members}[age < 16]); null when the call is not of that kind. */
export function collected(tree, build, truth) {
  const [, name, path] = tree
  if (tree.length !== 3 || !(name in PARTS) || !Array.isArray(path) || path[0] !== 'path' || path[1] !== '/') return null
  const shape = shapeOf(path.slice(2))
  if (!shape) return null
  const predicates = shape.predicates.map(truth)
  const part = PARTS[name]
  const whole = WHOLES[name]
  const slot = calls++
  const partsOf = (instance, c) => {
    const own = { node: instance, current: c.current, env: c.env, position: 1, size: 1 }
    if (!predicates.every((holds) => holds(own))) return []
    const found = shape.leaf === null ? instance : (instance.children.get(shape.leaf) ?? [])
    return [found].flat().filter((node) => node.relevant).map(part).filter((one) => one !== NOTHING)
  }
  return (c) => {
    const parts = []
    for (const instance of instancesOf(c.env.root, shape.names)) {
      if (!instance.relevant) continue
      const kept = (instance.kept ??= new Map())
      let own = kept.get(slot)
      if (!own || own.stamp !== instance.stamp) {
        own = { stamp: instance.stamp, parts: partsOf(instance, c) }
        kept.set(slot, own)
      }
      for (const part of own.parts) parts.push(part)
    }
    return whole(parts)
  }
}

/** names to the repeat, its predicates, the question within it: null when the path is of another shape. */
function shapeOf(steps) {
  const names = []
  const predicates = []
  let leaf = null
  for (const [axis, name, ...own] of steps) {
    const filters = axis === 'self' && !predicates.length && leaf === null
    if (axis !== 'child' && !filters) return null
    if (axis === 'child' && predicates.length) {
      if (leaf !== null || own.length) return null
      leaf = name
    } else {
      if (axis === 'child') names.push(name)
      predicates.push(...own)
    }
  }
  const plain = !names.includes('*') && leaf !== '*'
  return plain && predicates.length && predicates.every((tree) => isTruth(tree) && isOwn(tree)) ? { names, predicates, leaf } : null
}

const isTruth = (tree) => Array.isArray(tree) && (COMPARISONS.has(tree[0]) || (tree[0] === 'call' && TRUTHS.has(tree[1])))

/** Whether a predicate looks at nothing but the instance itself. */
function isOwn(tree) {
  if (!Array.isArray(tree)) return true
  const [head, ...rest] = tree
  if (head === 'one') return rest[0] === '.' && rest.slice(1).every(([axis, , ...own]) => axis !== 'parent' && !own.length)
  if (head === 'path') return false
  if (head === 'call') return PURE.has(rest[0]) && rest.slice(1).every(isOwn)
  return rest.every(isOwn)
}

function instancesOf(root, names) {
  let nodes = [root]
  for (const name of names) {
    if (nodes.length === 1) {
      const found = nodes[0].children.get(name)
      nodes = Array.isArray(found) ? found : found ? [found] : []
    } else nodes = nodes.flatMap((node) => node.children.get(name) ?? [])
  }
  return nodes
}
