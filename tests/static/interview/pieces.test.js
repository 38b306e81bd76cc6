// Recordings that are written down as they come: which pieces a draft has, and the file that they make.
import assert from "node:assert/strict"
import { test } from "node:test"

import { piecesIn, replay } from "../../../static/app/engine/answers.js"
import { isJoinable, recordingOf } from "../../../static/app/interview/pieces.rare.js"

const WEBM = "audio/webm;codecs=opus"
const piece = (sha256, run = 0) => ({ sha256, type: WEBM, run, ms: 3000 })

test("pieces stand beside the answers until there is one, or they are discarded", () => {
  const events = [
    { op: "piece", path: "a", value: piece("1") },
    { op: "set", path: "b", value: "x" },
    { op: "piece", path: "a", value: piece("2") },
    { op: "piece", path: "c", value: piece("3") },
  ]
  const { answers, last } = replay({}, events)
  assert.deepEqual(answers, { b: "x" })
  assert.equal(last, "b")
  assert.deepEqual(piecesIn(events), { a: [piece("1"), piece("2")], c: [piece("3")] })
  const later = [...events, { op: "set", path: "a", value: "hash" }, { op: "piece", path: "c", value: null }]
  assert.deepEqual(piecesIn(later), {})
  assert.deepEqual(replay({}, later).answers, { a: "hash", b: "x" })
})

test("pieces of a member go with it, and those of later ones move up", () => {
  const events = [2, 3].map((number) => ({ op: "piece", path: `tv[${number}]/loi_ke`, value: piece(String(number)) }))
  assert.deepEqual(piecesIn([...events, { op: "remove", path: "tv[2]" }]), { "tv[2]/loi_ke": [piece("3")] })
})

// A file of WebM as a browser records one: segment and clusters of sizes that nobody knows yet.
const OPEN = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
const HEAD = [
  0x1a,
  0x45,
  0xdf,
  0xa3,
  0x84,
  0x42,
  0x86,
  0x81,
  0x01,
  0x18,
  0x53,
  0x80,
  0x67,
  ...OPEN,
  0x16,
  0x54,
  0xae,
  0x6b,
  0x82,
  0xae,
  0x80,
]
const cluster = (time, ...blocks) => [
  0x1f,
  0x43,
  0xb6,
  0x75,
  ...OPEN,
  0xe7,
  0x82,
  time >> 8,
  time & 255,
  ...blocks.flat(),
]
const block = (at, byte) => [0xa3, 0x85, 0x81, (at >> 8) & 255, at & 255, 0x80, byte]
const file = (...clusters) => new Blob([new Uint8Array([...HEAD, ...clusters.flat()])], { type: WEBM })

/** [when, byte] of each block, as a player reads them. */
function played(bytes) {
  const found = []
  let time = 0
  for (let at = 0; at < bytes.length; at++) {
    const is = (...signs) => signs.every((sign, place) => bytes[at + place] === sign)
    if (is(0x1f, 0x43, 0xb6, 0x75)) time = null
    if (time === null && is(0xe7)) {
      const size = bytes[at + 1] & 0x7f
      time = bytes.slice(at + 2, at + 2 + size).reduce((sum, byte) => sum * 256 + byte, 0)
      at += 1 + size
    } else if (is(0xa3, 0x85, 0x81)) {
      found.push([time + (((bytes[at + 3] << 24) >> 16) | bytes[at + 4]), bytes[at + 6]])
      at += 6
    }
  }
  return found
}

const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer())

test("the pieces of one recorder are its file, byte for byte", async () => {
  const all = await bytesOf(file(cluster(0, block(0, 1), block(60, 2))))
  const cut = [all.slice(0, 9), all.slice(9, 40), all.slice(40)].map((part) => ({ blob: new Blob([part]), run: 0 }))
  const made = await recordingOf(cut, WEBM)
  assert.deepEqual(await bytesOf(made), all)
  assert.equal(made.type, WEBM)
})

test("what was recorded on follows on what was there", async () => {
  const first = file(cluster(0, block(0, 1), block(60, 2)), cluster(5000, block(-20, 3), block(300, 4)))
  const second = file(cluster(0, block(0, 5), block(60, 6)), cluster(900, block(0, 7)))
  const third = file(cluster(0, block(0, 8)))
  const made = await recordingOf(
    [first, second, third].map((blob, run) => ({ blob, run })),
    WEBM,
  )
  const bytes = await bytesOf(made)
  assert.deepEqual(played(bytes), [
    [0, 1],
    [60, 2],
    [4980, 3],
    [5300, 4],
    [5360, 5],
    [5420, 6],
    [6260, 7],
    [6320, 8],
  ])
  const heads = bytes.filter((_, at) => bytes[at] === 0x1a && bytes[at + 1] === 0x45 && bytes[at + 2] === 0xdf)
  assert.equal(heads.length, 1)
})

test("clusters of known sizes, blocks in groups, and a file that breaks off in the middle of a block", async () => {
  const group = [0xa0, 0x88, 0xa1, 0x86, 0x81, 0x01, 0x00, 0x80, 9, 9]
  const known = new Blob([new Uint8Array([...HEAD, 0x1f, 0x43, 0xb6, 0x75, 0x8e, 0xe7, 0x82, 0, 0, ...group])])
  const cut = (await bytesOf(file(cluster(0, block(0, 5), block(60, 6))))).slice(0, -3)
  const bytes = await bytesOf(
    await recordingOf(
      [
        { blob: known, run: 0 },
        { blob: new Blob([cut]), run: 1 },
      ],
      WEBM,
    ),
  )
  assert.deepEqual(played(bytes), [[256 + 60, 5]])
})

test("of a kind that cannot be joined the longest part is the recording", async () => {
  assert.equal(isJoinable("audio/mp4"), false)
  const runs = [3, 9, 5].map((size, run) => ({ blob: new Blob([new Uint8Array(size)]), run }))
  assert.equal((await recordingOf(runs, "audio/mp4")).size, 9)
  assert.equal((await recordingOf([], WEBM)).size, 0)
})
