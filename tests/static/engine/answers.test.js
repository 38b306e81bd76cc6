import assert from "node:assert/strict"
import { test } from "node:test"

import { afterRemoval, originalPath, putAt, replay, valueAt } from "../../../static/app/engine/answers.js"

const set = (path, value) => ({ op: "set", path, value })

test("answers are found and put by path, through groups and repeats", () => {
  const answers = {}
  putAt(answers, "nha_o/tuong", "go")
  putAt(answers, "thanh_vien[2]/the_bhyt", "co")
  assert.deepEqual(answers, { nha_o: { tuong: "go" }, thanh_vien: [{}, { the_bhyt: "co" }] })
  assert.equal(valueAt(answers, "thanh_vien[2]/the_bhyt"), "co")
  assert.equal(valueAt(answers, "thanh_vien[9]/the_bhyt"), undefined)
  putAt(answers, "nha_o/tuong", null)
  assert.deepEqual(answers.nha_o, {})
})

test("after a crash the journal gives back every answer, the last one last", () => {
  const { answers, last } = replay({ a: 1 }, [set("b", "x"), set("b", "xy"), set("a", null)])
  assert.deepEqual(answers, { b: "xy" })
  assert.equal(last, "a")
})

test("the draft's beginning is not changed by replaying", () => {
  const start = { thanh_vien: [{ ten: "A" }] }
  replay(start, [set("thanh_vien[1]/ten", "B")])
  assert.deepEqual(start, { thanh_vien: [{ ten: "A" }] })
})

test("removing a member moves the later ones up, with their confirmations", () => {
  const start = { thanh_vien: [{ ten: "A" }, { ten: "B" }, { ten: "C" }] }
  const { answers, confirmed, origins } = replay(start, [
    { op: "confirm", path: "thanh_vien[3]/cccd", value: "đã xem giấy" },
    { op: "confirm", path: "thanh_vien[2]/cccd", value: "mất giấy" },
    { op: "remove", path: "thanh_vien[2]" },
    { op: "add", path: "thanh_vien[3]", value: { ten: "D" } },
  ])
  assert.deepEqual(
    answers.thanh_vien.map((one) => one.ten),
    ["A", "C", "D"],
  )
  assert.deepEqual(confirmed, { "thanh_vien[2]/cccd": "đã xem giấy" })
  assert.deepEqual(origins.thanh_vien, [0, 2, null])
})

test("a member keeps being compared with himself of last year after another left", () => {
  const origins = { thanh_vien: [0, 2, null] }
  assert.equal(originalPath("thanh_vien[2]/hoc", origins), "thanh_vien[3]/hoc")
  assert.equal(originalPath("thanh_vien[3]/hoc", origins), null)
  assert.equal(originalPath("nha_o/tuong", origins), "nha_o/tuong")
})

test("a path after a removal", () => {
  assert.equal(afterRemoval("thanh_vien[3]/x", "thanh_vien[2]"), "thanh_vien[2]/x")
  assert.equal(afterRemoval("thanh_vien[2]/x", "thanh_vien[2]"), null)
  assert.equal(afterRemoval("thanh_vien[1]/x", "thanh_vien[2]"), "thanh_vien[1]/x")
  assert.equal(afterRemoval("thanh_vien_khac[3]/x", "thanh_vien[2]"), "thanh_vien_khac[3]/x")
})

test("lists within lists keep their beginning when an outer one leaves", () => {
  const start = { nha: [{ phong: [{ a: 1 }, { a: 2 }] }, { phong: [{ a: 3 }, { a: 4 }] }] }
  const { answers, origins } = replay(start, [
    { op: "add", path: "nha[2]/phong[3]", value: { a: 5 } },
    { op: "remove", path: "nha[2]/phong[1]" },
    { op: "remove", path: "nha[1]" },
  ])
  assert.deepEqual(answers, { nha: [{ phong: [{ a: 4 }, { a: 5 }] }] })
  assert.equal(originalPath("nha[1]/phong[1]/a", origins), "nha[2]/phong[2]/a")
  assert.equal(originalPath("nha[1]/phong[2]/a", origins), null)
})
