import assert from "node:assert/strict"
import { test } from "node:test"

import { fold, matches } from "../../static/app/search.js"

test("a household is found without typing tones", () => {
  assert.ok(matches(fold("Lò Văn Đức 03757-01-007"), "lo van duc"))
})

test("a name written with combining marks (NFD) is found like the composed one", () => {
  assert.equal(fold("Lò Văn Đức".normalize("NFD")), fold("Lò Văn Đức".normalize("NFC")))
})

test("đ and Đ are found by d", () => {
  assert.equal(fold("Đặng Thị Đào"), "dang thi dao")
})

test("words may come in any order, each by its beginning", () => {
  const key = fold("Quàng Thị Xuân")
  assert.ok(matches(key, "xu quang"))
  assert.ok(!matches(key, "uan"))
})

test("the number of a household finds it", () => {
  assert.ok(matches(fold("Lò Văn Đức 03757-01-007"), "007"))
  assert.ok(matches(fold("Lò Văn Đức 03757-01-007"), "03757-01-007"))
})

test("an empty search shows everybody", () => {
  assert.ok(matches(fold("Ai đó"), "  "))
})
