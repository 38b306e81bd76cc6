import assert from "node:assert/strict"
import { test } from "node:test"

import { madeAt, uuidv7 } from "../../static/app/ids.js"

test("an id is a UUID of version 7 that holds the time (the example of RFC 9562 A.6)", () => {
  const random = (bytes) => {
    bytes.set([0, 0, 0, 0, 0, 0, 0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f])
    return bytes
  }
  assert.equal(uuidv7(0x017f22e279b0, random), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
  assert.equal(madeAt("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"), 0x017f22e279b0)
})

test("later ids sort later, and no two are the same", () => {
  const ids = Array.from({ length: 500 }, (_, index) => uuidv7(1_700_000_000_000 + index))
  assert.deepEqual([...ids].sort(), ids)
  assert.equal(new Set(ids).size, 500)
})
