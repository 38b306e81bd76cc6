// The phone's evaluator as a process: a line of JSON in (a form, answers), a line of JSON out. Driven by tests/form/test_two_evaluators.py.
import { createInterface } from 'node:readline'
import { Record } from '../../static/app/record.js'

const bundles = new Map()

/** The same answers, given one at a time as a person would: what the incremental evaluation makes of them. */
function typedIn(bundle, answers, clock) {
  const record = new Record(bundle, { clock })
  const give = (path, given) => {
    for (const [name, value] of Object.entries(given)) {
      const below = path ? `${path}/${name}` : name
      if (Array.isArray(value)) value.forEach((one) => give(record.addInstance(below), one))
      else if (value !== null && typeof value === 'object') give(below, value)
      else record.set(below, value)
    }
  }
  give('', answers)
  return record
}

function outcome(record) {
  return { values: record.values(), relevant: record.relevance(), problems: record.problems(), assessment: record.assessment() }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, bundle, answers, clock, typing } = JSON.parse(line)
  if (bundle) bundles.set(id, bundle)
  const form = bundles.get(id)
  const record = typing ? typedIn(form, answers, clock) : new Record(form, { answers, clock })
  process.stdout.write(`${JSON.stringify(outcome(record))}\n`)
}
