import assert from "node:assert/strict"
import { test } from "node:test"

import { areaOf, lengthOf, pointsOf, sketch, textOf } from "../../../static/app/engine/lines.rare.js"

// A field of about 100 m by 100 m near Sơn La.
const FIELD = ["21.4 103.7 600 5", "21.4009 103.7 600 5", "21.4009 103.70096 600 5", "21.4 103.70096 600 5"]

test("an area is closed as soon as it is one, and its last point is the first one again", () => {
  assert.equal(textOf(FIELD.slice(0, 2), "geoshape"), FIELD.slice(0, 2).join("; "))
  const closed = textOf(FIELD, "geoshape")
  assert.equal(closed, [...FIELD, FIELD[0]].join("; "))
  assert.deepEqual(pointsOf(closed), FIELD)
  assert.deepEqual(pointsOf(textOf(FIELD, "geotrace")), FIELD)
  assert.deepEqual(pointsOf(""), [])
  assert.deepEqual(pointsOf(" 1 2 0 0;3 4 0 0; "), ["1 2 0 0", "3 4 0 0"]) // as ODK Collect ends its lines
})

test("length and area are those of the form's own functions", () => {
  assert.ok(Math.abs(lengthOf(FIELD) - 300) < 3)
  assert.ok(Math.abs(areaOf(FIELD) - 10000) < 100)
  assert.equal(lengthOf(FIELD.slice(0, 1)), 0)
  assert.equal(areaOf(FIELD.slice(0, 2)), 0)
})

test("the sketch keeps north up, true to scale, within its box", () => {
  const { places, bar } = sketch(FIELD, 320, 200, 24)
  const [south, north, , east] = places
  assert.ok(north[1] < south[1] && east[0] > south[0])
  for (const [x, y] of places) assert.ok(x >= 23 && x <= 297 && y >= 23 && y <= 177)
  assert.ok(Math.abs(south[1] - north[1] - (east[0] - south[0])) < 2) // a square is a square
  assert.equal(bar.metres, 50)
  assert.ok(bar.width <= 320 / 3)
  const single = sketch(FIELD.slice(0, 1), 320, 200, 24)
  assert.deepEqual(single.places, [[160, 100]])
})
