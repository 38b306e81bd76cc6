// The expressions of tests/cases/expressions.md, as the phone evaluates them.
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import "../../../static/app/engine/digest.rare.js"
import { Record } from "../../../static/app/engine/record.js"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const python = process.env.PYTHON ?? "python3"
const printed = execFileSync(python, ["-m", "tests.cases.compile_expressions"], { cwd: root, maxBuffer: 1e9 })

for (const { expression, inside, gives, bundle, answers, clock } of JSON.parse(printed)) {
  test(`${inside} ${expression}`, () => {
    const values = new Record(bundle, { answers, clock }).values()
    const found = inside ? values.tv.map((member) => member.ket_qua ?? null) : (values.ket_qua ?? null)
    assert.deepEqual(found, gives)
  })
}
