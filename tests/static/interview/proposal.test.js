// What is proposed of a household, before it is sent; tests/cases/proposals.json is asked of the server too
// (tests/web/phone/test_proposals.py).

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import {
  WHAT,
  baseOf,
  faultIn,
  membersIn,
  offeredOf,
  proposalOf,
  proposedOf,
} from "../../../static/app/interview/proposal.lazy.js"

const { cases, today, members } = JSON.parse(readFileSync("tests/cases/proposals.json", "utf8"))
const NOW = new Date("2026-11-23T02:00:00Z")
const household = {
  round_id: "dot-2026",
  household_id: "ho-1",
  village_id: "ban-1",
  head_name: "Lò Văn Đông",
  last_class: "ho_ngheo",
  last_answers: {
    thong_tin_ho: { dia_chi: "Nhà số 1" },
    nguoi: {
      thanh_vien: [
        { ho_ten: "Lò Văn Đông", quan_he: "chu_ho", ma_nk: "a" },
        { ho_ten: "Quàng Thị Ước", cccd: "014188000001", gioi_tinh: "nu", nam_sinh: 1988 },
      ],
    },
  },
}

for (const { why, said, fault } of cases)
  test(`the phone finds what the server finds: ${why}`, () => {
    assert.equal(faultIn({ person: null, ...said }, { today, members }), fault)
  })

test("who nobody chose, and nobody who would be left", () => {
  const said = { kind: "died", person: null, effective_on: today, given: {}, reason: "x" }
  assert.equal(faultIn(said, { today, members }), "person_unclear")
  const [one] = members
  assert.equal(faultIn({ ...said, person: one.id }, { today, members: [one] }), "person_last_goes")
})

test("a day is held against the birth that the list knows, and what the list says already is not sent", () => {
  const people = membersIn(household.last_answers)
  const [, { id: person }] = people
  const said = { kind: "died", person, effective_on: "1987-05-01", given: {}, reason: "x" }
  assert.equal(faultIn(said, { today, members: people }), "person_before_birth")
  assert.equal(faultIn({ ...said, effective_on: "1988-05-01" }, { today, members: people }), null)
  const now = { ...said, effective_on: today }
  const sex = { ...now, kind: "person", base: { name: "x", sex: "nu" } }
  assert.equal(faultIn({ ...sex, given: { sex: "nu" } }, { today, members: people }), "register_changes_nothing")
  assert.equal(faultIn({ ...sex, given: { sex: "nam" } }, { today, members: people }), null)
  const born = { ...now, kind: "person", base: { name: "x", year: "1988" } }
  assert.equal(
    faultIn({ ...born, given: { year: 1988, month: "" } }, { today, members: people }),
    "register_changes_nothing",
  )
  assert.equal(faultIn({ ...born, given: { year: 1988, month: 4 } }, { today, members: people }), null)
})

test("members are the first list of people with names, each by the code or the name", () => {
  const unknown = { number: "", sex: "", relation: "", day: "", month: "", year: "" }
  assert.deepEqual(membersIn(household.last_answers), [
    { ...unknown, id: "a", name: "Lò Văn Đông", isHead: true, relation: "chu_ho" },
    {
      ...{ ...unknown, id: "Quàng Thị Ước", name: "Quàng Thị Ước", isHead: false, number: "014188000001" },
      ...{ sex: "nu", year: "1988" },
    },
  ])
  for (const no of ["014188000001", "mã có dấu", "", null])
    assert.equal(membersIn([{ ho_ten: "Ai", ma_nk: no }])[0].id, "Ai")
  for (const none of [null, undefined, "x", {}, { a: [] }, { a: [{ tuoi: 3 }] }, { a: [null] }])
    assert.deepEqual(membersIn(none), [])
})

test("what may be chosen hangs on what is known", () => {
  const known = offeredOf(members, 2)
  assert.ok(known.includes("head") && known.includes("village") && !known.includes("head_name"))
  assert.deepEqual(offeredOf([], 1), ["born", "joined", "married_in", "head_name", "address"])
  const alone = offeredOf(members.slice(0, 1), 1)
  assert.ok(!alone.includes("head") && !alone.includes("relation") && alone.includes("transferred"))
  // Last year's class is another one while this year's is not decided; between two rounds there is none to be mended.
  assert.ok(!known.includes("class") && offeredOf(members, 2, true).includes("class"))
  for (const what of known) assert.ok(WHAT[what].kind)
})

test("the base is what the phone showed of that which changes", () => {
  const [, member] = membersIn(household.last_answers)
  assert.deepEqual(baseOf({ what: "address", household, member: undefined }), { address: "Nhà số 1" })
  const { name } = member
  assert.deepEqual(baseOf({ what: "number", household, member }), { name, number: "014188000001" })
  assert.deepEqual(baseOf({ what: "head", household, member }), { head: "Lò Văn Đông", name })
  assert.deepEqual(baseOf({ what: "died", household, member }), { name })
  assert.deepEqual(baseOf({ what: "born", household, member: undefined }), {})
  assert.deepEqual(baseOf({ what: "class", household, member: undefined }), { class: "ho_ngheo" })
  assert.deepEqual(baseOf({ what: "birth", household, member }), { name, year: "1988" })
  assert.deepEqual(baseOf({ what: "sex", household, member }), { name, sex: "nu" })
  const there = { head_name: "Cà Thị Đôi", code: "03757-01-002" }
  const shown = { name, household: "Cà Thị Đôi · 03757-01-002" }
  assert.deepEqual(baseOf({ what: "transferred", household, member, there }), shown)
  assert.deepEqual(baseOf({ what: "transferred", household, member }), { name })
})

test("an entry holds what was said, without half letters and empty fields", () => {
  const said = {
    kind: "person",
    person: "a",
    effective_on: today,
    given: { name: " Lò Văn Đồng\ud83d ", number: "" },
    reason: " thẻ \ud83d",
  }
  const entry = proposalOf({ household, commune: "03757", said, base: { name: "x" }, now: NOW })
  assert.match(entry.id, /^[0-9a-f-]{36}$/)
  assert.deepEqual(entry.proposal, {
    kind: "person",
    person: "a",
    effective_on: today,
    given: { name: "Lò Văn Đồng" },
    base: { name: "x" },
    reason: "thẻ",
  })
  assert.deepEqual([entry.commune_id, entry.round_id, entry.household_id], ["03757", "dot-2026", "ho-1"])
  assert.deepEqual([entry.files, entry.finalised_at], [[], NOW.toISOString()])
  // Of a household that no round asks for it names none.
  const free = proposalOf({ household: { ...household, round_id: "" }, commune: "03757", said, base: {}, now: NOW })
  assert.equal("round_id" in free, false)
})

test("what was proposed: what waits here and what the server knows, each once", () => {
  const item = (id, more) => ({
    id,
    state: "waiting",
    problem: null,
    result: null,
    entry: { household_id: "ho-1", finalised_at: `2026-11-2${id}`, proposal: { kind: "died" } },
    ...more,
  })
  const reason = { code: "person_dead", title: "t", next: "n" }
  const told = { kind: "left", state: "refused", at: "2026-11-23", by: "Cán bộ", words: "không" }
  const found = proposedOf(
    {
      ...household,
      proposals: [
        { ...told, entry_id: "1" },
        { ...told, entry_id: "0" },
      ],
    },
    [
      item("1", { state: "received" }),
      item("2", {}),
      item("3", { state: "received", result: { outcome: "held", reason } }),
      item("4", { problem: { code: "too_large" } }),
      item("5", { state: "received" }),
      { ...item("6"), entry: { household_id: "ho-1", no_interview: {} } },
      { ...item("7"), entry: { household_id: "ho-2", proposal: { kind: "died" } } },
    ],
  )
  assert.deepEqual(
    found.map(({ id, state }) => [id, state]),
    [
      ["5", "received"],
      ["4", "refused_here"],
      ["3", "held"],
      ["2", "unsent"],
      ["1", "refused"],
      ["0", "refused"],
    ],
  )
  assert.deepEqual([found[2].held, found[4].words, found[5].entry], [reason, "không", null])
})
