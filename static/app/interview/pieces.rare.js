// A recording out of the pieces in which it was written down. What one recorder gave is one file once its pieces are
// laid end to end; where it was gone on with later, the second file's clusters follow the first's, later by as much as
// that one lasts (WebM: RFC 9559, EBML: RFC 8794). Pure.

const SEGMENT = 0x18538067
const CLUSTER = 0x1f43b675
const TIME = 0xe7
const BLOCKS = [0xa3, 0xa0] // SimpleBlock, BlockGroup
const BLOCK = 0xa1
const FRAME = 60 // milliseconds of the last block, at most: browsers write 20 or 60
const UNKNOWN = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]

/**
 * A number of EBML at `at`: {value, next}; with `isId` its marker belongs to it. All ones is a size that is not known:
 * Infinity.
 */
function numberAt(bytes, at, isId = false) {
  const first = bytes[at]
  const length = Math.clz32(first) - 23
  if (!first || at + length > bytes.length) return null
  let value = isId ? first : first & (0xff >> length)
  let isOpen = value === 0xff >> length
  for (let place = 1; place < length; place++) {
    isOpen &&= bytes[at + place] === 0xff
    value = value * 256 + bytes[at + place]
  }
  return { value: !isId && isOpen ? Infinity : value, next: at + length }
}

/**
 * The elements of a file one after the other, stepping into segments and clusters; ends where something is not whole.
 */
function* elements(bytes) {
  for (let at = 0; at < bytes.length; ) {
    const id = numberAt(bytes, at, true)
    const size = id && numberAt(bytes, id.next)
    if (!size) return
    const isOpened = id.value === SEGMENT || id.value === CLUSTER
    const end = isOpened ? size.next : size.next + size.value
    if (!(end <= bytes.length)) return
    yield { id: id.value, at, from: size.next, end }
    at = end
  }
}

const whole = (bytes) => bytes.reduce((sum, byte) => sum * 256 + byte, 0)

/** When a block begins, within its cluster: a signed number of 16 bits after the number of its track. */
function timeOf(bytes, { id, from, end }) {
  let at = from
  if (id !== BLOCKS[0]) {
    for (const inner of elements(bytes.subarray(from, end))) if (inner.id === BLOCK) at = from + inner.from
  }
  const { next } = /** @type {{ next: number }} */ (numberAt(bytes, at))
  return ((bytes[next] << 24) >> 16) | bytes[next + 1]
}

/** How many milliseconds a file of WebM lasts. */
function lasts(bytes) {
  let cluster = 0
  let last = 0
  for (const one of elements(bytes)) {
    if (one.id === TIME) cluster = whole(bytes.subarray(one.from, one.end))
    if (BLOCKS.includes(one.id)) last = Math.max(last, cluster + timeOf(bytes, one) + FRAME)
  }
  return last
}

/** The time of a cluster as an element of eight bytes. */
const timed = (time) =>
  new Uint8Array([TIME, 0x88, ...Array.from({ length: 8 }, (_, place) => Math.floor(time / 256 ** (7 - place)) % 256)])

/** The parts of the file in which `second` follows on `first`; both WebM of the same recorder. */
function joined(first, second) {
  const later = lasts(first)
  const parts = []
  for (const one of elements(first)) {
    // Of a size that is not known: what follows belongs to it.
    if (one.id === SEGMENT || one.id === CLUSTER)
      parts.push(first.subarray(one.at, one.at + 4), new Uint8Array(UNKNOWN))
    else parts.push(first.subarray(one.at, one.end))
  }
  let isInside = false
  for (const one of elements(second)) {
    isInside ||= one.id === CLUSTER
    if (!isInside) continue
    if (one.id === CLUSTER) parts.push(second.subarray(one.at, one.at + 4), new Uint8Array(UNKNOWN))
    else if (one.id === TIME) parts.push(timed(whole(second.subarray(one.from, one.end)) + later))
    else if (BLOCKS.includes(one.id)) parts.push(second.subarray(one.at, one.end))
  }
  return parts
}

/** Can a recording of this media type be gone on with? */
export const isJoinable = (type) => /^audio\/webm\b/.test(type)

/** One Blob of pieces [{blob, run}], each of the recorder's `run`; of what cannot be joined the longest run. */
export async function recordingOf(pieces, type) {
  const runs = [...new Set(pieces.map(({ run }) => run))].map(
    (run) =>
      new Blob(
        pieces.filter((one) => one.run === run).map(({ blob }) => blob),
        { type },
      ),
  )
  if (!isJoinable(type)) return runs.sort((one, other) => other.size - one.size)[0] ?? new Blob([], { type })
  /** @type {Blob | null} */
  let made = null
  for (const run of runs) {
    if (!made) made = run
    else {
      const [first, second] = await Promise.all(
        [made, run].map(async (blob) => new Uint8Array(await blob.arrayBuffer())),
      )
      made = new Blob(joined(first, second), { type })
    }
  }
  return made ?? new Blob([], { type })
}
