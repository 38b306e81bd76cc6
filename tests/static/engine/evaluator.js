// The phone's evaluator as a process: a line of JSON in (a form, answers), a line of JSON out. Driven by
// tests/form/test_two_evaluators.py.
import { createInterface } from "node:readline"
import "../../../static/app/engine/digest.rare.js"
import { assess } from "../../../static/app/engine/assessment.js"
import { pathOf } from "../../../static/app/engine/evaluation.js"
import { Record } from "../../../static/app/engine/record.js"
import { typed } from "../../../static/app/engine/values.js"

const bundles = new Map()

/** The same answers, given one at a time as a person would: what the incremental evaluation makes of them. */
function typedIn(bundle, answers, clock) {
  const record = new Record(bundle, { clock })
  const give = (path, given) => {
    for (const [name, value] of Object.entries(given)) {
      const below = path ? `${path}/${name}` : name
      if (Array.isArray(value)) value.forEach((one) => give(record.addInstance(below), one))
      else if (value !== null && typeof value === "object") give(below, value)
      else record.set(below, value)
    }
  }
  give("", answers)
  return record
}

/** Every list of instances, also those within instances. */
function lists(record, path = "") {
  return record.items(path).flatMap(({ path: below, node }) => {
    if (node.type === "group") return lists(record, below)
    return node.type === "repeat" ? [below, ...record.instances(below).flatMap((one) => lists(record, one))] : []
  })
}

/** Somebody changes their mind: each step answers another question, adds a member or removes one. */
function unsettle(record, steps) {
  const values = [
    0,
    1,
    5,
    15,
    16,
    31,
    140,
    1.5,
    1990,
    2020,
    "co",
    "khong",
    "nam",
    "chu_ho",
    "dang_lam",
    "2026-10-01",
    "x",
    null,
  ]
  for (const [kind, where, what] of steps) {
    const repeats = lists(record)
    const repeat = repeats[where % repeats.length]
    const instances = record.instances(repeat)
    if (kind === 0) record.addInstance(repeat)
    else if (kind === 1 && instances.length) record.removeInstance(instances[what % instances.length])
    else if (kind > 1) {
      const questions = [...record.questions()].filter((node) => !node.definition.rules.calculate)
      const node = questions[where % questions.length]
      if (!questions.length) continue
      const choices = record.bundle.choices[node.definition.node.list]
      const value = choices ? choices[what % choices.length].name : values[what % values.length]
      if (value === null || typed(node.definition.node.type, value) !== null) record.set(pathOf(node), value)
    }
  }
}

function outcome(record, counting = false) {
  return {
    values: record.values(),
    relevant: record.relevance(),
    problems: record.problems(),
    assessment: assess(record),
    ...(record.isTooMuch() && { isTooMuch: true }),
    ...(counting && { visits: record.visits(1e12), submission: record.submission() }),
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, bundle, answers, clock, typing, steps, counting } = JSON.parse(line)
  if (bundle) bundles.set(id, bundle)
  const form = bundles.get(id)
  const record = typing ? typedIn(form, answers, clock) : new Record(form, { answers, clock })
  if (steps) unsettle(record, steps)
  const again = steps && outcome(new Record(form, { answers: record.answers(), clock }))
  process.stdout.write(`${JSON.stringify(steps ? [outcome(record), again] : outcome(record, counting))}\n`)
}
