// The patterns of tests/cases/patterns.json, as the phone walks what the server compiled of them.
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import { TooMuch } from "../../../static/app/engine/budget.js"
import { Pattern } from "../../../static/app/engine/patterns.js"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const printed = execFileSync(process.env.PYTHON ?? "python3", ["-m", "tests.cases.programs"], { cwd: root })

for (const { pattern, program, matches, not } of JSON.parse(printed.toString())) {
  test(`${pattern} matches what Java matches`, () => {
    const made = new Pattern(program)
    assert.deepEqual(
      [...matches, ...not].filter((text) => made.matches(text)),
      matches,
    )
  })
}

test("a walk goes on when it has forgotten its sets", () => {
  const program = JSON.parse(printed.toString()).find(({ pattern }) => pattern === "[ab]*a[ab]{12}").program
  const made = new Pattern(program)
  const text = Array.from({ length: 4000 }, (_, n) => "ab"[((n * n + Math.floor(n / 3)) % 7) % 2]).join("")
  for (let length = 14; length < 4000; length += 97)
    assert.equal(made.matches(text.slice(0, length)), text[length - 13] === "a")
})

test("a pattern that is no program is never run", () => {
  for (const raw of ["(a+)+$", null, undefined]) assert.throws(() => new Pattern(raw).matches("aaa"), TooMuch)
})
