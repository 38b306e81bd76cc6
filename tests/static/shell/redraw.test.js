import assert from "node:assert/strict"
import { test } from "node:test"

import { inTurn } from "../../../static/app/shell/redraw.js"

/** A drawing that a test ends: `ends[n]()` ends the n-th. What each read when it began is kept. */
function drawing(read) {
  const ends = []
  const began = []
  const draw = inTurn(() => {
    began.push(read())
    return new Promise((resolve, reject) => ends.push((error) => (error ? reject(error) : resolve())))
  })
  return { draw, ends, began }
}

/** Everything that can go on without one of `ends` has gone on. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

test("who asks while it is drawn gets one more, that reads what is there then", async () => {
  let stored = "old"
  const { draw, ends, began } = drawing(() => stored)
  const first = draw()
  stored = "new"
  const others = [draw(), draw(), draw()]
  await settled()
  assert.deepEqual(began, ["old"])
  stored = "newest"
  ends[0]()
  await first
  await settled()
  assert.deepEqual(began, ["old", "newest"])
  ends[1]()
  await Promise.all(others)
  const last = draw()
  ends[2]()
  await last
  assert.equal(began.length, 3)
})

test("nobody's wish ends before a drawing that began after it", async () => {
  const { draw, ends } = drawing(() => null)
  draw()
  let isDrawn = false
  const wish = draw().then(() => (isDrawn = true))
  ends[0]()
  await settled()
  assert.equal(isDrawn, false)
  ends[1]()
  await wish
})

test("asked again after the second began, a third follows", async () => {
  let at = 0
  const { draw, ends, began } = drawing(() => at++)
  draw()
  const second = draw()
  ends[0]()
  await settled()
  const third = draw()
  ends[1]()
  await second
  await settled()
  ends[2]()
  await third
  assert.deepEqual(began, [0, 1, 2])
})

test("a drawing that fails is told to who asked for it, and the next one is drawn", async () => {
  const { draw, ends } = drawing(() => null)
  const [first, second] = [draw(), draw()]
  ends[0](new Error("locked"))
  await assert.rejects(first, /locked/)
  await settled()
  ends[1]()
  await second
  const third = draw()
  ends[2](new Error("full"))
  await assert.rejects(third, /full/)
  const fourth = draw()
  ends[3]()
  await fourth
})

test("whoever asks between two drawings waits with who waits: there are never two at once", async () => {
  let underWay = 0
  let most = 0
  const ends = []
  const draw = inTurn(async () => {
    most = Math.max(most, (underWay += 1))
    await new Promise((resolve) => ends.push(resolve))
    underWay -= 1
  })
  const asked = [draw(), draw()]
  ends[0]()
  for (let moment = 0; moment < 20; moment += 1) {
    asked.push(draw())
    await Promise.resolve()
  }
  for (let at = 1; at < 4; at += 1) {
    await settled()
    ends[at]?.()
  }
  await Promise.all(asked)
  assert.equal(most, 1)
})
