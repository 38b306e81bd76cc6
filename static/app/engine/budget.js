// How much the rules of a form may cost: what is counted, and the end of it.   ⇄ survey/form/budget.py

export const MOST_VISITS = 500_000 // of all rules of a record together
const MOST_TEXT = 32_000 // letters of what a function puts together
const LETTERS = 8 // letters that are read in about the time of a visit
/** Functions that work longer than for a visit and the letters of their arguments: visits beside. */
export const WEIGHTS = { pow: 64, digest: 64, randomize: 64, "extract-signed": 20_000 }
/** Of their first arguments, so many: what nodes hold is not read. */
export const UNREAD = { count: 1, position: 1, boolean: 1, not: 1, randomize: 1, once: 1, if: 3 }
const MOST_LOOKED_AT = 2_000_000 // by predicates, for one answer: while somebody types nothing else is counted

/** Rules cost more than a phone or the office can bear, or one could take without end: it is not run. */
export class TooMuch extends Error {}

export class Meter {
  constructor(most = MOST_VISITS) {
    this.most = most
    this.spent = 0
  }

  spend(visits) {
    this.spent += visits
    if (this.spent > this.most) throw new TooMuch()
  }
}

/** Letters as the server counts them: code points. */
function lettersIn(text) {
  let found = text.length
  for (let at = 0; at < text.length; at += 1) if (text.codePointAt(at) > 0xffff) found -= (at++, 1)
  return found
}

/** The text that a function put together; throws where it is too long to go on with. */
export function bearable(text) {
  if (text.length > MOST_TEXT && lettersIn(text) > MOST_TEXT) throw new TooMuch()
  return text
}

const reading = (text) => (text.length < LETTERS ? 0 : Math.floor(lettersIn(text) / LETTERS))

/** What reading a value takes: letters of a text, of nodes each with its own. */
export function size(value) {
  if (typeof value === "string") return reading(value)
  if (!Array.isArray(value)) return 0
  return value.reduce((found, node) => found + (typeof node.value === "string" ? reading(node.value) : 0), value.length)
}

/** What reading the text of nodes takes that hold others (XPath 1.0 §5.2), beside their own. */
export function below(value) {
  if (!Array.isArray(value)) return 0
  const waiting = value.filter((node) => node.children.size)
  let found = 0
  while (waiting.length) {
    const inside = [.../** @type {any} */ (waiting.pop()).children.values()].flat()
    found += size(inside)
    waiting.push(...inside.filter((node) => node.children.size))
  }
  return found
}

/** Whether a tree is a literal, or reckons with literals alone: it is free. */
export const isConstant = (tree) =>
  !Array.isArray(tree) || (!["call", "path", "one"].includes(tree[0]) && tree.slice(1).every(isConstant))

/** While somebody types: predicates look at `places` more. */
export function lookedAt(env, places) {
  env.lookedAt = (env.lookedAt ?? 0) + places
  if (env.lookedAt > MOST_LOOKED_AT) throw new TooMuch()
}

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

/** `rule`, so that where it is not run the interview goes on. */
export function bearing(key, rule) {
  return (c) => {
    try {
      return rule(c)
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error
      return OTHERWISE[key] ?? false
    }
  }
}
