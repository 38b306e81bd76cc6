// Every household of tests/cases/households.md gets its class, points, indicators and reasons on the phone.
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"

import { assess } from "../../../static/app/engine/assessment.js"
import { Record } from "../../../static/app/engine/record.js"
import { readCases } from "./households.js"

const root = new URL("../../..", import.meta.url).pathname
const installed = `${process.env.VENV ?? `${root}.venv`}/bin/python`
const python = process.env.PYTHON ?? (existsSync(installed) ? installed : "python3")
const made = spawnSync(
  python,
  ["-m", "flask", "--app", "app", "form", "bundle", "survey/form/questionnaires/ra_soat_ho.md"],
  {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  },
)
assert.equal(made.status, 0, made.stderr)
const bundle = JSON.parse(made.stdout)
const cases = readCases(bundle, readFileSync(`${root}tests/cases/households.md`, "utf8"))
// Another day than any review of the table: the class must follow the day of the interview, not of the evaluation.
const clock = { today: "2027-05-01", now: "2027-05-01T09:00:00.000+07:00" }
const assessed = (answers) => assess(new Record(bundle, { answers, clock, newId: () => "x" }))

test("the table has its households", () => assert.ok(cases.length >= 60))

for (const { name, answers, expected } of cases) {
  test(name, () => {
    const { class: householdClass, b1, b2, illustrative, indicators } = assessed(answers)
    const deprived = indicators.map((indicator) => indicator.deprived)
    const quoted = [
      ...new Set(indicators.flatMap(({ because }) => because.flatMap(({ member }) => member ?? []))),
    ].sort()
    assert.deepEqual({ class: householdClass, b1, b2, illustrative, deprived, quoted }, expected)
    for (const { deprived, because } of indicators) assert.equal(because.length > 0, deprived === true)
  })
}
