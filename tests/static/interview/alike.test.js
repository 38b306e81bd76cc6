// Two entries of one person, and two people: as the server's search has it (tests/cases/likeness.json), and what of it
// is asked at the doorstep.

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"

import { alikeIn, isAsked, likenesses, membersIn, nameKey, personOf } from "../../../static/app/interview/alike.lazy.js"

const { names, person, others } = JSON.parse(readFileSync("tests/cases/likeness.json", "utf-8"))
const HOA = personOf(person)

test("a name has one key however it is written; a tone or a letter makes another", () => {
  for (const [one, other] of names.one) assert.equal(nameKey(one), nameKey(other), `${one} ${other}`)
  for (const [one, other] of names.bare) {
    assert.notEqual(nameKey(one), nameKey(other))
    assert.equal(personOf({ ho_ten: one }).bare, personOf({ ho_ten: other }).bare)
  }
})

for (const { is, alike, asked, asked_when_new: whenNew = asked } of others) {
  test(`${JSON.stringify(is)} is ${asked ? "" : "not "}asked about`, () => {
    const other = personOf({ ...person, ...is })
    for (const [one, theirs] of [
      [HOA, other],
      [other, HOA],
    ]) {
      if (alike) assert.deepEqual(likenesses(one, theirs).sort(), [...alike].sort())
      assert.equal(isAsked(one, theirs), asked)
      assert.equal(isAsked(one, theirs, { isNew: true }), whenNew)
    }
  })
}

test("what nobody wrote down, or wrote strangely, is no likeness and breaks nothing", () => {
  const odd = [
    {},
    { ho_ten: null },
    { ho_ten: 7, nam_sinh: "1970", cccd: 14070123456 },
    { ho_ten: "  ", nam_sinh: NaN },
  ]
  for (const member of odd) assert.equal(isAsked(HOA, personOf(member)), false)
  for (const one of odd) assert.equal(isAsked(personOf(one), personOf(one), { isNew: true }), one.ho_ten === 7)
  for (const answers of [null, "x", 7, [], [null], {}, { a: [{}] }, { a: [{ ho_ten: "" }] }])
    assert.deepEqual(membersIn(answers), [])
})

const lives = (id, ...members) => ({ id, isNew: false, members })

test("the household's own people are compared with those of the others, each told once", () => {
  const wife = { ho_ten: "Quàng Thị Pỏm", nam_sinh: 1972, gioi_tinh: "nu" }
  const here = lives("a", person, wife)
  const found = alikeIn(here, [
    here,
    lives("b", { ...person, cccd: "" }),
    lives("c", { ho_ten: "Ai Khác", cccd: person.cccd }, wife),
    lives("d"),
  ])
  assert.deepEqual(
    found.map(({ person: one, other }) => [one.name, other.id]),
    [
      ["Lò Văn Hoà", "c"], // a number before a name
      ["Quàng Thị Pỏm", "c"],
    ],
  )
})

test("what was said of two persons is known again from the other household, until one of them is written anew", () => {
  const [here, there] = [lives("a", person), lives("b", { ...person, ho_ten: "Lo Van Hoa" })]
  const [one] = alikeIn(here, [there])
  const [other] = alikeIn(there, [here])
  assert.equal(one.key, other.key)
  assert.deepEqual(
    alikeIn(here, [there, lives("c", person)], (key) => key === one.key).map(({ other: { id } }) => id),
    ["c"], // who is somebody else than in one household may still be the one of the next
  )
  const [later] = alikeIn(here, [lives("b", { ...person, ho_ten: "Lo Van Hoa", nam_sinh: 1971 })])
  assert.notEqual(later.key, one.key)
})

test("the members are found wherever a form keeps them", () => {
  assert.deepEqual(membersIn({ thong_tin_ho: { dia_chi: "x" }, nguoi: { thanh_vien: [person] } }), [person])
})
