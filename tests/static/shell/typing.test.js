import assert from "node:assert/strict"
import { test } from "node:test"

import {
  onRange,
  partsOf,
  rangeOf,
  readDate,
  readDegrees,
  readMoment,
  readNumber,
  writeMoment,
} from "../../../static/app/shell/typing.js"

const NOW = new Date("2026-11-23T08:00:00+07:00")

test("a whole number may be parted in thousands, and not in decimals", () => {
  for (const text of ["1500000", "1.500.000", "1,500,000", "1 500 000"]) assert.equal(readNumber(text, false), 1500000)
  assert.equal(readNumber("-12", false), -12)
  assert.equal(readNumber("1.500", false), 1500)
  for (const text of ["", "-", "1,5", "1.50", "1.500,000", "12a", "--1", "9999999999999999"])
    assert.equal(readNumber(text, false), null)
})

test("a decimal's comma and point are one sign, and thousands are understood beside it", () => {
  for (const text of ["1500,5", "1500.5", "1.500,5", "1,500.5"]) assert.equal(readNumber(text, true), 1500.5)
  assert.equal(readNumber("1.500.000", true), 1500000)
  assert.equal(readNumber("-0,25", true), -0.25)
  assert.equal(readNumber("21.0285123", true), 21.0285123)
  assert.equal(readNumber("12,", true), 12)
  for (const text of ["", ",", "1.50.2", "1,2,3", "1.5.0,2", "-"]) assert.equal(readNumber(text, true), null, text)
})

test("degrees are typed with a comma or a point and stay on the globe", () => {
  assert.equal(readDegrees("21,4", 90), 21.4)
  assert.equal(readDegrees(" -103.7123456 ", 180), -103.7123456)
  for (const text of ["", "91", "21.4.1", "N21"]) assert.equal(readDegrees(text, 90), null)
})

test("the fields of a date are those that its appearance asks for", () => {
  const has =
    (...looks) =>
    (look) =>
      looks.includes(look)
  assert.deepEqual(partsOf("date", has("no-calendar")), ["day", "month", "year"])
  assert.deepEqual(partsOf("date", has("month-year")), ["month", "year"])
  assert.deepEqual(partsOf("date", has("year")), ["year"])
  assert.deepEqual(partsOf("time", has()), ["hour", "minute"])
  assert.equal(readMoment("date", { month: "2", year: "2026" }, NOW), "2026-02-01")
  assert.equal(readMoment("date", { year: "1979" }, NOW), "1979-01-01")
})

test("a day that is none, an hour that is none: no answer", () => {
  assert.equal(readDate("31", "2", "2026"), null)
  assert.equal(readDate("29", "2", "2024"), "2024-02-29")
  assert.equal(readMoment("time", { hour: "24", minute: "00" }, NOW), null)
  assert.equal(readMoment("time", { hour: "14", minute: "" }, NOW), null)
  assert.equal(readMoment("dateTime", { day: "31", month: "4", year: "2026", hour: "1", minute: "1" }, NOW), null)
})

test("a time carries the phone's zone, and comes back into the fields as it was typed", () => {
  const time = readMoment("time", { hour: "9", minute: "5" }, NOW)
  assert.match(time, /^09:05:00\.000[+-]\d\d:\d\d$/)
  assert.deepEqual(writeMoment(time), { day: "", month: "", year: "", hour: "09", minute: "05" })
  const moment = readMoment("dateTime", { day: "3", month: "2", year: "2026", hour: "14", minute: "05" }, NOW)
  assert.match(moment, /^2026-02-03T14:05:00\.000[+-]\d\d:\d\d$/)
  assert.deepEqual(writeMoment(moment), { day: "03", month: "02", year: "2026", hour: "14", minute: "05" })
  const here = new Date(moment).toISOString() // what older drafts hold
  assert.deepEqual(writeMoment(here), writeMoment(moment))
  assert.deepEqual(writeMoment("09:05"), writeMoment(time))
  assert.deepEqual(writeMoment(""), { day: "", month: "", year: "", hour: "", minute: "" })
})

test("a range has the decimals of its sheet, also downwards", () => {
  const tenths = rangeOf({ start: "0", end: "1", step: "0.1" })
  assert.equal(tenths.count, 11)
  assert.equal(tenths.at(3), 0.3)
  assert.equal(onRange(tenths, 0.34), 0.3)
  assert.equal(onRange(tenths, 7), 1)
  const turned = rangeOf({ start: "10", end: "-10", step: "5" })
  assert.deepEqual([turned.low, turned.high, turned.isTurned, turned.count], [-10, 10, true, 5])
  assert.deepEqual([rangeOf().low, rangeOf().high, rangeOf().step], [1, 10, 1])
  assert.equal(rangeOf({ start: "0", end: "10", step: "0" }).count, 11)
})
