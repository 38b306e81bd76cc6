import assert from "node:assert/strict"
import { test } from "node:test"

import { replay } from "../../../static/app/engine/answers.js"
import { auditOf } from "../../../static/app/interview/entry.js"
import { auditCsv } from "../../../static/app/interview/audit.rare.js"

const at = (seconds) => new Date(seconds * 1000).toISOString()
const made = { started: at(1), finalised: at(60) }

test("the log tells which screens were seen and which answers were given, with their times", () => {
  const events = [
    { op: "seen", path: "thong_tin", at: at(2) },
    { op: "set", path: "thong_tin/ho_ten", value: "L", at: at(3) },
    { op: "set", path: "thong_tin/ho_ten", value: "Lò", at: at(5) },
    { op: "set", path: "thong_tin/tuoi", value: 40, at: at(9) },
    { op: "confirm", path: "thong_tin/tuoi", value: "đã xem", at: at(10) },
    { op: "resume", path: "", at: at(30) },
    { op: "add", path: "nguoi[1]", value: {}, at: at(31) },
    { op: "seen", path: "nguoi[1]", at: at(32) },
    { op: "remove", path: "nguoi[1]", at: at(40) },
  ]
  assert.equal(
    auditCsv(events, made),
    [
      "event,node,start,end",
      "form start,,1000,",
      "group questions,/data/thong_tin,2000,9000",
      "question,/data/thong_tin/ho_ten,2000,5000",
      "question,/data/thong_tin/tuoi,5000,9000",
      "form resume,,30000,",
      "add repeat,/data/nguoi[1],31000,",
      "group questions,/data/nguoi[1],32000,60000",
      "delete repeat,/data/nguoi[1],40000,",
      "form save,,60000,",
      "form finalize,,60000,",
      "form exit,,60000,",
      "",
    ].join("\n"),
  )
})

test("with track-changes the old and the new answer are told, quoted as CSV wants it", () => {
  const events = [
    { op: "set", path: "a", value: 'nói "có", rồi', at: at(2) },
    { op: "seen", path: "b", at: at(3) },
    { op: "set", path: "a", value: null, at: at(4) },
  ]
  const lines = auditCsv(events, {
    ...made,
    isTracked: true,
    user: "ban-thu",
    old: (path) => (path === "a" ? "trước" : ""),
  }).split("\n")
  assert.equal(lines[0], "event,node,start,end,old-value,new-value,user")
  assert.equal(lines[2], 'question,/data/a,1000,2000,trước,"nói ""có"", rồi",ban-thu')
  assert.equal(lines[4], 'question,/data/a,3000,4000,"nói ""có"", rồi",,ban-thu')
})

test("the question of type audit is found in groups, and not in repeats", () => {
  const audit = { name: "audit", type: "audit" }
  assert.deepEqual(auditOf([{ name: "meta", type: "group", children: [audit] }]), { path: "meta/audit", node: audit })
  assert.equal(auditOf([{ name: "r", type: "repeat", children: [audit] }]), null)
})

test("what tells how an interview went changes no answer", () => {
  const events = [
    { op: "seen", path: "a[1]" },
    { op: "resume", path: "" },
    { op: "set", path: "b", value: 1 },
    { op: "seen", path: "a" },
  ]
  assert.deepEqual(replay({ a: [] }, events), { answers: { a: [], b: 1 }, confirmed: {}, origins: {}, last: "b" })
})
