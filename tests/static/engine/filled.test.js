// What a form does by itself while a person fills it in: it counts members, follows triggers, remembers last time.
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import { Record } from "../../../static/app/engine/record.js"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const python = process.env.PYTHON ?? "python3"
const bundle = JSON.parse(
  execFileSync(python, ["-m", "flask", "--app", "app", "form", "bundle", "tests/cases/kinds_form.md"], {
    cwd: root,
    maxBuffer: 1e9,
  }),
)
const clock = { today: "2026-11-23", now: "2026-11-23T08:00:00.000+07:00" }
const open = (answers = {}, more = {}) => new Record(bundle, { answers, clock, isLive: true, ...more })

test("a counted list has as many members as the form says, and forgets none that was written down", () => {
  const record = open()
  assert.equal(record.isCounted("nguoi"), true)
  assert.deepEqual(record.instances("nguoi"), [])
  record.set("so_nguoi", 3)
  assert.deepEqual(record.instances("nguoi"), ["nguoi[1]", "nguoi[2]", "nguoi[3]"])
  record.set("nguoi[3]/ten", "Lò")
  record.set("so_nguoi", 1)
  assert.deepEqual(record.instances("nguoi"), ["nguoi[1]"])
  assert.deepEqual(record.submission().nguoi, [{}])
  assert.equal(record.isRelevant("nguoi[3]/ten"), false)
  record.set("so_nguoi", 3)
  assert.equal(record.get("nguoi[3]/ten"), "Lò")
  record.set("so_nguoi", null)
  assert.deepEqual(record.instances("nguoi"), [])
  record.set("so_nguoi", 1e9)
  assert.equal(record.instances("nguoi").length, 200, "an entry carries no more")
})

test("a list within a list belongs to its own member", () => {
  const record = open({ so_nguoi: 2 })
  record.set("nguoi[1]/ten", "A")
  record.set("nguoi[2]/ten", "B")
  for (const [at, age] of [
    ["nguoi[1]/con", 5],
    ["nguoi[1]/con", 7],
    ["nguoi[2]/con", 3],
  ])
    record.set(`${record.addInstance(at)}/tuoi`, age)
  // biome-ignore format: a table
  assert.deepEqual(record.values().nguoi, [
    { ten: "A", con: [{ tuoi: 5, thu: "A-1" }, { tuoi: 7, thu: "A-2" }], so_con: 2, tuoi_con: 12 },
    { ten: "B", con: [{ tuoi: 3, thu: "B-1" }], so_con: 1, tuoi_con: 3 },
  ])
  assert.deepEqual([record.get("tat_ca"), record.get("lon_nhat")], [3, 7])
  record.set("nguoi[1]/ten", null) // nobody: no children are asked for
  assert.deepEqual([record.get("tat_ca"), record.get("lon_nhat")], [1, 3])
  record.set("nguoi[1]/ten", "A")
  record.removeInstance("nguoi[1]/con[1]")
  assert.deepEqual(record.values().nguoi[0].con, [{ tuoi: 7, thu: "A-1" }])
})

test("a calculation with a trigger is made when that answer comes, and kept", () => {
  const record = open()
  record.set("vung", "a")
  assert.equal(record.get("luc_doi"), "")
  record.set("so_nguoi", 2)
  assert.equal(record.get("luc_doi"), "2-a")
  record.set("vung", "b")
  assert.equal(record.get("luc_doi"), "2-a", "nobody asked it again")
  assert.equal(record.submission().luc_doi, "2-a")
  const filled = [
    { path: "gap_doi", value: 4 },
    { path: "luc_doi", value: "2-a" },
  ]
  assert.deepEqual(
    record.takeFilled().sort((a, b) => (a.path < b.path ? -1 : 1)),
    filled,
  )
  assert.deepEqual(record.takeFilled(), [])
  assert.equal(record.get("gap_doi"), 4, "a number stays one")
  assert.equal(open(record.answers()).get("luc_doi"), "2-a", "opened again, it stands")
  assert.deepEqual(open(record.answers()).problems(), [])
})

test("choices of a file follow their filter", () => {
  const record = open({ vung: "a" })
  assert.deepEqual(
    record.choices("cho").map(({ name, label }) => [name, label.vi]),
    [
      ["c1", "Chợ Mường"],
      ["c3", "Chợ Phiên"],
    ],
  )
  record.set("cho", "c3")
  assert.deepEqual(record.problemsAt("cho"), [])
  assert.equal(record.displayValue("cho", "vi"), "Chợ Phiên")
  record.set("vung", "b")
  assert.deepEqual(
    record.problemsAt("cho").map(({ kind }) => kind),
    ["choice"],
  )
})

test("an order names each choice once", () => {
  const record = open()
  const kinds = (value) => (record.set("uu_tien", value), record.problemsAt("uu_tien").map(({ kind }) => kind))
  assert.deepEqual(kinds("gat cay cay_hai"), [])
  assert.deepEqual(kinds("gat cay"), ["choice"])
  assert.deepEqual(kinds("gat cay cay"), ["choice"])
})

test("another answer than those offered is asked for in words", () => {
  const record = open()
  assert.equal(record.isRelevant("lam_other"), false)
  record.set("lam", "cay other")
  assert.equal(record.isRelevant("lam_other"), true)
  assert.deepEqual(record.problemsAt("lam"), [])
})
