import assert from "node:assert/strict"
import { test } from "node:test"

import { isAsked, screenOf, sectionsOf, stands, within } from "../../../static/app/interview/screens.js"
import { Record } from "../../../static/app/engine/record.js"

const q = (name, more = {}) => ({ name, type: "text", ...more })
const bundle = {
  title: "Thử",
  languages: ["vi"],
  default_language: "vi",
  children: [
    q("a"),
    q("b"),
    { name: "tinh", type: "calculate" },
    { name: "g", type: "group", children: [q("x"), { name: "trong", type: "group", children: [q("y")] }] },
    q("c"),
    {
      name: "r",
      type: "repeat",
      children: [q("ten"), { name: "h", type: "group", children: [{ name: "s", type: "repeat", children: [q("z")] }] }],
    },
    { name: "rong", type: "group", children: [{ name: "k", type: "calculate" }] },
  ],
  choices: {},
  tables: {},
  order: [],
}
const record = new Record(bundle, {
  answers: { r: [{ ten: "1" }, { h: { s: [{ z: "1" }] } }] },
  clock: { today: "2026-11-23", now: "2026-11-23T08:00:00.000+07:00" },
})

test("questions outside all groups are sections of their own, one for each run", () => {
  assert.deepEqual(
    sectionsOf(record).map(({ path, items }) => [path, items?.map((item) => item.path) ?? null]),
    [
      ["a", ["a", "b"]],
      ["g", null],
      ["c", ["c"]],
      ["r", null],
      ["rong", null],
    ],
  )
  assert.deepEqual(
    sectionsOf(record)
      .filter((one) => isAsked(record, one))
      .map((one) => one.path),
    ["a", "g", "c", "r"],
  )
})

test("each place has one screen: its instance's, its section's, its run's", () => {
  for (const [path, screen] of [
    ["b", "a"],
    ["c", "c"],
    ["g/trong/y", "g"],
    ["r", "r"],
    ["r[2]", "r"],
    ["r[2]/ten", "r[2]"],
    ["r[2]/h/s", "r[2]"],
    ["r[2]/h/s[1]", "r[2]"],
    ["r[2]/h/s[1]/z", "r[2]/h/s[1]"],
  ]) {
    assert.equal(screenOf(record, path), screen, path)
  }
})

test("a screen stands only while its place is there", () => {
  for (const path of ["a", "c", "g", "r", "r[2]", "r[2]/h/s[1]"]) assert.ok(stands(record, path), path)
  for (const path of ["b", "rong", "r[3]", "r[1]/h/s[1]", "r[2]/h", "tinh", "nothing"])
    assert.ok(!stands(record, path), path)
})

test("what a section counts is what lies in it", () => {
  assert.ok(within(record, "a")("b"))
  assert.ok(!within(record, "a")("c"))
  assert.ok(within(record, "r[2]")("r[2]/h/s[1]/z"))
  assert.ok(!within(record, "r[2]")("r[1]/ten"))
  assert.ok(within(record, "r")("r[1]/ten"))
})
