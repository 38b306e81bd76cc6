import assert from "node:assert/strict"
import { test } from "node:test"

import { clockOf } from "../../../static/app/interview/begin.js"
import { entryOf, filesIn } from "../../../static/app/interview/entry.js"

const children = [
  { name: "anh_nha", type: "image" },
  { name: "xac_nhan", type: "group", children: [{ name: "chu_ky", type: "image" }] },
  {
    name: "thanh_vien",
    type: "repeat",
    children: [
      { name: "ho_ten", type: "text" },
      { name: "anh", type: "image" },
    ],
  },
]

test("every photo and signature is named with its place, in groups and of members", () => {
  const answers = { anh_nha: "a1", xac_nhan: { chu_ky: "b2" }, thanh_vien: [{ ho_ten: "Lò Văn A" }, { anh: "c3" }] }
  assert.deepEqual(filesIn(children, answers), [
    { path: "anh_nha", sha256: "a1" },
    { path: "xac_nhan/chu_ky", sha256: "b2" },
    { path: "thanh_vien[2]/anh", sha256: "c3" },
  ])
})

test("sound, films, documents and the log of the interview are files too; a text that looks like a hash is none", () => {
  const hash = "a".repeat(64)
  const kinds = ["audio", "video", "file", "audit", "text"].map((type) => ({ name: type, type }))
  const answers = Object.fromEntries(kinds.map(({ name }) => [name, hash]))
  assert.deepEqual(
    filesIn(kinds, answers).map(({ path }) => path),
    ["audio", "video", "file", "audit"],
  )
})

const draft = {
  commune_id: "03757",
  round_id: "r",
  household_id: "h",
  form: { id: "f", version: "1" },
  started_at: "2026-11-23T01:10:00.000Z",
  replaces: null,
  new_household: null,
  name: "Hộ mới",
}
const assessment = {
  class: "ho_ngheo",
  b1: 132,
  b2: 40,
  headName: "Lò Văn A",
  indicators: [
    { key: "bhyt", deprived: true },
    { key: "nuoc", deprived: false },
    { key: "nha_tieu", deprived: null },
  ],
}
const made = (more) =>
  entryOf({ draft: { ...draft, ...more }, answers: {}, confirmed: {}, assessment, files: [], now: new Date(0) })

test("the outcome says deprived, not deprived and not known as 1, 0 and null", () => {
  assert.deepEqual(made().outcome, {
    class: "ho_ngheo",
    b1: 132,
    b2: 40,
    indicators: { bhyt: 1, nuoc: 0, nha_tieu: null },
  })
})

test("a household found in the field is named after its head", () => {
  assert.equal(made().new_household, null)
  const found = made({ new_household: { village_id: "03757-01" } })
  assert.deepEqual(found.new_household, { village_id: "03757-01", head_name: "Lò Văn A" })
})

test("the clock of an interview is the phone's own day with its offset", () => {
  const { today, now } = clockOf(new Date(2026, 10, 3, 4, 5, 6))
  assert.equal(today, "2026-11-03")
  assert.match(now, /^2026-11-03T04:05:06\.000[+-]\d\d:\d\d$/)
})
