// What a new interview begins with, and what is only suggested. Pure.
// The `preload` column decides: `copy` (identity of members) is taken over from last year, `context` comes with the
// household; every other answer of last year is shown in grey and never taken silently.

import { originalPath, valueAt } from "../engine/answers.js"

const isEmpty = (value) => value === undefined || value === null || value === ""

function copied(children, last, context) {
  const answers = {}
  for (const node of children) {
    const preload = node.columns?.preload
    const before = last?.[node.name]
    if (node.type === "group") {
      const inner = copied(node.children, before, context)
      if (Object.keys(inner).length) answers[node.name] = inner
    } else if (node.type === "repeat") {
      // An instance without a copied answer would be an empty card: such repeats begin empty.
      const list = Array.isArray(before) ? before.map((instance) => copied(node.children, instance, {})) : []
      if (list.some((instance) => Object.keys(instance).length)) answers[node.name] = list
    } else if (preload === "context" && !isEmpty(context?.[node.name])) answers[node.name] = context[node.name]
    else if (preload === "copy" && !isEmpty(before)) answers[node.name] = before
  }
  return answers
}

/** The answers a new interview starts from: `household` is a register entry with `last_answers` and `context`. */
export function startingAnswers(bundle, household) {
  return copied(bundle.children, household.last_answers, household.context)
}

const SUGGESTED = new Set(["text", "integer", "decimal", "date", "time", "select_one", "select_multiple"])

/**
 * Last year's answer for the question at `path`, or undefined when there is none to suggest.
 * `origins` says which member of last year an instance is (answers.js `replay`).
 */
export function suggestion(node, path, last, origins) {
  if (!last || !SUGGESTED.has(node.type) || node.columns?.preload) return undefined
  const before = originalPath(path, origins)
  const value = before === null ? undefined : valueAt(last, before)
  if (isEmpty(value) || typeof value === "object") return undefined
  return value
}

/** Is every name in `value` still among the choices [{name}] of today's question? */
export function isOffered(value, choices) {
  const names = new Set(choices.map((choice) => choice.name))
  return String(value)
    .split(" ")
    .every((name) => names.has(name))
}
