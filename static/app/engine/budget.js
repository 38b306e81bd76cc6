// What is not run of a form's rules.   ⇄ survey/form/budget.py

/** A rule that could take without end, published by a release that took it: it is not run. */
export class TooMuch extends Error {}

// What a rule that is not run gives while somebody types: it stands in nobody's way.
const OTHERWISE = {
  relevant: true,
  constraint: true,
  warning: true,
  choice_filter: true,
  count: NaN,
  calculate: "",
  default: "",
}

const isUnknown = (tree) =>
  Array.isArray(tree) &&
  ((tree[0] === "call" && tree[1] === "regex" && !Array.isArray(tree[3])) || tree.some(isUnknown))

/** `rule`, the function of `tree`, so that one that is not run leaves word in its `env` and the interview going. */
export function bearing(key, tree, rule) {
  if (!isUnknown(tree)) return rule
  return (c) => {
    try {
      return rule(c)
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error
      c.env.isTooMuch = true
      return OTHERWISE[key] ?? false
    }
  }
}
