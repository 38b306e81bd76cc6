import assert from "node:assert/strict"
import { test } from "node:test"

import { answersOf, doubts, isSame, numberSays, readCard } from "../../../static/app/interview/cccd.lazy.js"

// No real person: the number's last six digits are 000000, which no card carries.
const CARD = "014079000000|050000000|Lò Văn Thử Nghiệm|02011979|Nam|Bản Thử, Mường Khiêng, Thuận Châu, Sơn La|01052021"

test("a card's code is read field by field", () => {
  assert.deepEqual(readCard(CARD), {
    number: "014079000000",
    old: "050000000",
    name: "Lò Văn Thử Nghiệm",
    birth: "1979-01-02",
    day: 2,
    month: 1,
    year: 1979,
    sex: "nam",
    address: "Bản Thử, Mường Khiêng, Thuận Châu, Sơn La",
    issued: "2021-05-01",
  })
})

test("missing, blank and surplus fields, spaces and two ways of writing a letter do no harm", () => {
  assert.deepEqual(readCard("014079000000||Lò Văn Thử||Nam||"), {
    number: "014079000000",
    name: "Lò Văn Thử",
    sex: "nam",
  })
  assert.deepEqual(readCard(" 014079000000 | | Lò  Văn\tThử ".normalize("NFD")), {
    number: "014079000000",
    name: "Lò Văn Thử",
  })
  assert.equal(readCard(`${CARD}||thêm|nữa`).issued, "2021-05-01")
  assert.deepEqual(readCard("014079000000"), { number: "014079000000" })
  assert.equal(readCard("014182000000||Quàng Thị Thử|01011982|Nữ".normalize("NFD")).sex, "nu")
})

test("a birthday that is none is left out; a year alone is kept", () => {
  const born = (text) => readCard(`014079000000||Thử|${text}|Nam`)
  assert.deepEqual([born("31021979").birth, born("31021979").year], [undefined, undefined])
  assert.deepEqual([born("00001979").birth, born("00001979").year], [undefined, 1979])
  assert.equal(born("1979").year, 1979)
  assert.equal(born("29022000").birth, "2000-02-29")
  assert.equal(born("02/01/1979").birth, "1979-01-02")
  assert.equal(born("không rõ").year, undefined)
})

test("what is no card is none", () => {
  for (const text of [
    "",
    "https://example.org",
    "12345",
    "050000000",
    "014079000000|x",
    "a|b|c|d|e|f|g",
    "0140790000001||Thử",
    "01407900000",
  ]) {
    assert.equal(readCard(text), null, text)
  }
  assert.equal(readCard("|".repeat(1000)), null)
})

test("an old number that is none and a name with digits are left out", () => {
  const card = readCard("014079000000|12|0123|02011979|?|")
  assert.deepEqual(Object.keys(card).sort(), ["birth", "day", "month", "number", "year"])
})

test("the number knows century, sex and year", () => {
  assert.deepEqual(numberSays("014079000000"), { sex: "nam", year: 1979 })
  assert.deepEqual(numberSays("014182000000"), { sex: "nu", year: 1982 })
  assert.deepEqual(numberSays("014204000000"), { sex: "nam", year: 2004 })
  assert.deepEqual(numberSays("014311000000"), { sex: "nu", year: 2011 })
  assert.equal(numberSays("050000000"), null)
  assert.deepEqual(doubts({ number: "014079000000", sex: "nu", year: 1980 }), ["sex", "birth"])
  assert.deepEqual(doubts({ number: "014079000000", sex: "nam", year: 2079 }), ["birth"])
  assert.deepEqual(doubts({ number: "014079000000" }), [])
})

const TYPES = {
  ho_ten: "text",
  gioi_tinh: "select_one",
  ngay_sinh: "integer",
  thang_sinh: "integer",
  nam_sinh: "integer",
  noi: "text",
}
const form = (types) => ({ typeOf: (name) => types[name], choicesOf: () => [{ name: "nam" }, { name: "nu" }] })
const filled = (card, parameters, types = TYPES) =>
  Object.fromEntries(answersOf(readCard(card), parameters, form(types)).map(({ name, value }) => [name, value]))

test("the usual questions of the same person are filled, and nothing that nobody asks", () => {
  assert.deepEqual(filled(CARD), {
    ho_ten: "Lò Văn Thử Nghiệm",
    ngay_sinh: 2,
    thang_sinh: 1,
    nam_sinh: 1979,
    gioi_tinh: "nam",
  })
  assert.deepEqual(filled(CARD, {}, { ngay_sinh: "date" }), { ngay_sinh: "1979-01-02" })
  assert.deepEqual(filled(CARD, {}, {}), {})
})

test("parameters name other questions, and let the address in", () => {
  assert.deepEqual(filled(CARD, { address: "noi", name: "khong_co" }), {
    ngay_sinh: 2,
    thang_sinh: 1,
    nam_sinh: 1979,
    gioi_tinh: "nam",
    noi: "Bản Thử, Mường Khiêng, Thuận Châu, Sơn La",
  })
})

test("a choice of sex is recognised by its name or its label, and otherwise left alone", () => {
  const sex = (choices) => answersOf({ sex: "nu" }, {}, { typeOf: () => "select_one", choicesOf: () => choices })
  assert.deepEqual(
    sex([
      { name: "1", label: { vi: "Nam" } },
      { name: "2", label: { vi: "Nữ" } },
    ]),
    [{ name: "gioi_tinh", value: "2" }],
  )
  assert.deepEqual(sex([{ name: "1" }, { name: "2" }]), [])
})

test("capitals and spaces make no difference between a card and an answer", () => {
  assert.ok(isSame("LÒ VĂN THỬ", "Lò Văn  Thử".normalize("NFD")))
  assert.ok(isSame(1979, "1979"))
  assert.ok(!isSame("Lò Văn Thử", "Lò Văn Thư"))
})
