import assert from "node:assert/strict"
import { test } from "node:test"

import { canonical, contentHash, sha256 } from "../../static/app/canonical.js"

test("keys are sorted by UTF-16 code units (RFC 8785 §3.2.3)", () => {
  const value = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    1: "One",
    "\u{1f600}": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
  }
  const order = ["Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign"]
  const rest = ["Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh"]
  assert.deepEqual(Object.values(JSON.parse(canonical(value))).sort(), [...order, ...rest].sort())
  const found = [...canonical(value).matchAll(/:"([^"]+)"/g)].map((match) => match[1])
  assert.deepEqual(found, [...order, ...rest])
})

test("the example of RFC 8785 §3.2.2 comes out to the byte", () => {
  const value = {
    // biome-ignore lint/correctness/noPrecisionLoss: the standard's own example
    numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
    literals: [null, true, false],
  }
  const expected =
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
    '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
  assert.equal(canonical(value), expected)
})

test("numbers are written as RFC 8785 appendix B lists them", () => {
  const listed = new Map([
    [-0, "0"],
    [5e-324, "5e-324"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [9007199254740992, "9007199254740992"],
    [295147905179352830000, "295147905179352830000"],
    [1e23, "1e+23"],
    [0.000001, "0.000001"],
    [333333333.3333332, "333333333.3333332"],
  ])
  for (const [value, text] of listed) assert.equal(canonical(value), text)
})

test("what JSON cannot say is refused, not bent", () => {
  for (const bad of [NaN, Infinity, "\ud800", () => 1]) assert.throws(() => canonical(bad), TypeError)
})

test("absent and undefined are the same content", async () => {
  assert.equal(await contentHash({ a: 1, b: undefined }), await contentHash({ a: 1 }))
})

test("the hash is SHA-256 over UTF-8", async () => {
  assert.equal(await sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
})
