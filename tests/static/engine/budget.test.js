// What rules cost, counted as on the server.   ⇄ tests/form/test_metered.py, which counts whole records on both sides
import assert from "node:assert/strict"
import test from "node:test"
import { Meter, TooMuch, bearable, below, size } from "../../../static/app/engine/budget.js"
import { Record } from "../../../static/app/engine/record.js"
import { Node } from "../../../static/app/engine/values.js"

test("letters are counted as the server counts them, eight to a visit", () => {
  for (const [text, visits] of [
    ["", 0],
    ["bảy chữ", 0],
    ["tám chữ.", 1],
    ["𠮷".repeat(8), 1],
    ["𠮷".repeat(7), 0],
    ["\ud842".repeat(8), 1], // halves of letters, each of them one
  ])
    assert.equal(size(text), visits, text)
  assert.equal(size(12345678), 0)
  assert.equal(size([new Node(null, null, "tám chữ."), new Node(null, null, 12345678)]), 3)
})

test("a text that a function puts together has an end", () => {
  assert.equal(bearable("a".repeat(32_000)).length, 32_000)
  assert.equal(bearable("𠮷".repeat(32_000)).length, 64_000)
  assert.throws(() => bearable("a".repeat(32_001)), TooMuch)
})

test("what nodes hold is read with them", () => {
  const top = new Node(null, null)
  const inside = new Node(null, top, "tám chữ.")
  top.children.set("a", [inside, new Node(null, top)])
  assert.equal(below([top]), 3)
  assert.equal(below([inside]), 0)
})

test("beyond its visits a meter ends it", () => {
  const meter = new Meter(3)
  meter.spend(3)
  assert.throws(() => meter.spend(1), TooMuch)
})

const doubled = Array.from({ length: 24 }, (_, at) => ({
  name: `d${at + 1}`,
  type: "calculate",
  calculate: ["call", "concat", ["one", "/", ["child", `d${at}`]], ["one", "/", ["child", `d${at}`]]],
}))
const BOMB = {
  id: "bom",
  version: "1",
  title: "",
  languages: ["vi"],
  default_language: "vi",
  choices: {},
  tables: {},
  children: [{ name: "d0", type: "text" }, { name: "so", type: "integer" }, ...doubled],
  order: doubled.map(({ name }, at) => [name, [`d${at}`], []]),
}

test("a text that is doubled again and again stops no interview and is too much in the end", () => {
  const record = new Record(/** @type {any} */ (BOMB), { clock: { today: "2026-11-23", now: "2026-11-23T01:30:00Z" } })
  assert.equal(record.isTooMuch(), false)
  record.set("d0", "mười chữ ạ")
  record.set("so", 7)
  assert.deepEqual([record.get("so"), record.get("d24")], [7, ""])
  assert.equal(record.isTooMuch(), true)
  record.set("d0", null)
  assert.equal(record.isTooMuch(), false)
})
