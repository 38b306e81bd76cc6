// QR codes (ISO/IEC 18004:2015, model 2) of capital letters, digits and a few signs: versions 1 to 20, error correction
// L and M, alphanumeric mode. Pure. tests/carry/test_qr.py holds the matrices, bit for bit, against another
// encoder's.

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
const ALPHANUMERIC = 2 // Table 2
const MOST = 20
// Table 9: for each version, the error correction codewords of a block and how many blocks there are.
const CORRECTION = {
  L: [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28],
  M: [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26],
}
const BLOCKS = {
  L: [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8],
  M: [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16],
}
const LEVEL_BITS = { L: 1, M: 0 } // Table 12
// Table 10: when a module at (row, column) is turned over.
const MASKS = [
  (r, c) => (r + c) % 2 === 0,
  (r) => r % 2 === 0,
  (_, c) => c % 3 === 0,
  (r, c) => (r + c) % 3 === 0,
  (r, c) => (Math.floor(r / 2) + Math.floor(c / 3)) % 2 === 0,
  (r, c) => ((r * c) % 2) + ((r * c) % 3) === 0,
  (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2 === 0,
  (r, c) => (((r + c) % 2) + ((r * c) % 3)) % 2 === 0,
]

const sizeOf = (version) => 17 + 4 * version

/** Rows and columns at which alignment patterns have their centres (Annex E). */
function alignments(version) {
  if (version === 1) return []
  const count = Math.floor(version / 7) + 2
  const last = sizeOf(version) - 7
  const step = 2 * Math.ceil((last - 6) / (2 * (count - 1)))
  const found = Array.from({ length: count - 1 }, (_, index) => last - index * step).reverse()
  return [6, ...found]
}

// Arithmetic in GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1 (§7.5.2)
const EXP = new Uint8Array(510)
const LOG = new Uint8Array(256)
for (let power = 0, value = 1; power < 255; power++) {
  EXP[power] = EXP[power + 255] = value
  LOG[value] = power
  value = value & 128 ? (value << 1) ^ 0x11d : value << 1
}
const times = (one, other) => (one && other ? EXP[LOG[one] + LOG[other]] : 0)

function generator(degree) {
  let factors = [1]
  for (let root = 0; root < degree; root++) {
    const longer = [...factors, 0]
    for (let index = 0; index < factors.length; index++) longer[index + 1] ^= times(factors[index], EXP[root])
    factors = longer
  }
  return factors.slice(1)
}

function correctionOf(data, factors) {
  const rest = new Uint8Array(factors.length)
  for (const byte of data) {
    const lead = byte ^ rest[0]
    rest.copyWithin(0, 1)
    rest[rest.length - 1] = 0
    for (let index = 0; index < rest.length; index++) rest[index] ^= times(factors[index], lead)
  }
  return rest
}

class Bits {
  list = []

  add(value, length) {
    for (let at = length - 1; at >= 0; at--) this.list.push((value >> at) & 1)
  }
}

const lengthBits = (version) => (version < 10 ? 9 : 11) // Table 3

/** Modules that are left for data and their correction, in bytes. */
function capacity(version) {
  const size = sizeOf(version)
  const centres = alignments(version).length
  const aligned = centres ? 25 * (centres ** 2 - 3) - 10 * (centres - 2) : 0
  const taken = 3 * 64 + 2 * (size - 16) + 31 + aligned + (version >= 7 ? 36 : 0)
  return Math.floor((size * size - taken) / 8)
}

const dataBytes = (version, level) => capacity(version) - CORRECTION[level][version - 1] * BLOCKS[level][version - 1]

/** How many letters a code of this version holds. */
export function letters(version, level = "L") {
  const room = 8 * dataBytes(version, level) - 4 - lengthBits(version)
  return 2 * Math.floor(room / 11) + (room % 11 >= 6 ? 1 : 0)
}

function fitting(count, level) {
  for (let version = 1; version <= MOST; version++) if (count <= letters(version, level)) return version
  throw new RangeError("too long for a code")
}

/** All codewords in the order in which they are placed (§7.5, §7.6). */
function codewords(text, version, level) {
  const bits = new Bits()
  bits.add(ALPHANUMERIC, 4)
  bits.add(text.length, lengthBits(version))
  for (let at = 0; at < text.length; at += 2) {
    const first = LETTERS.indexOf(text[at])
    if (at + 1 < text.length) bits.add(first * 45 + LETTERS.indexOf(text[at + 1]), 11)
    else bits.add(first, 6)
  }
  const room = 8 * dataBytes(version, level)
  bits.add(0, Math.min(4, room - bits.list.length))
  bits.add(0, (8 - (bits.list.length % 8)) % 8)
  for (let pad = 0xec; bits.list.length < room; pad ^= 0xec ^ 0x11) bits.add(pad, 8)
  const data = Array.from({ length: room / 8 }, (_, at) =>
    bits.list.slice(8 * at, 8 * at + 8).reduce((sum, bit) => 2 * sum + bit, 0),
  )

  const count = BLOCKS[level][version - 1]
  const short = Math.floor(data.length / count)
  const shorts = count - (data.length % count)
  const factors = generator(CORRECTION[level][version - 1])
  const blocks = []
  for (let index = 0, at = 0; index < count; index++) {
    const length = short + (index < shorts ? 0 : 1)
    blocks.push(data.slice(at, at + length))
    at += length
  }
  const corrections = blocks.map((block) => correctionOf(block, factors))
  const woven = []
  for (let at = 0; at <= short; at++) for (const block of blocks) if (at < block.length) woven.push(block[at])
  for (let at = 0; at < factors.length; at++) for (const one of corrections) woven.push(one[at])
  return woven
}

/** The remainder of `value` shifted up, by a BCH generator of `degree`. */
function bch(value, polynomial, degree) {
  let rest = value << degree
  for (let at = 31 - Math.clz32(rest); rest && at >= degree; at = 31 - Math.clz32(rest))
    rest ^= polynomial << (at - degree)
  return (value << degree) | rest
}

class Matrix {
  constructor(version) {
    this.version = version
    this.size = sizeOf(version)
    this.dark = Array.from({ length: this.size }, () => new Uint8Array(this.size))
    this.fixed = Array.from({ length: this.size }, () => new Uint8Array(this.size))
  }

  set(row, column, isDark) {
    this.dark[row][column] = isDark ? 1 : 0
    this.fixed[row][column] = 1
  }

  drawPatterns() {
    const { size } = this
    for (let at = 8; at < size - 8; at++) {
      this.set(6, at, at % 2 === 0)
      this.set(at, 6, at % 2 === 0)
    }
    for (const [top, left] of [
      [0, 0],
      [0, size - 7],
      [size - 7, 0],
    ])
      this.#finder(top, left)
    const centres = alignments(this.version)
    for (const row of centres) for (const column of centres) this.#alignment(row, column)
    this.format(0, 0) // keeps its place
    if (this.version >= 7) this.#versionBits()
  }

  #finder(top, left) {
    for (let row = -1; row <= 7; row++) {
      for (let column = -1; column <= 7; column++) {
        const [r, c] = [top + row, left + column]
        if (r < 0 || c < 0 || r >= this.size || c >= this.size) continue
        const ring = Math.max(Math.abs(row - 3), Math.abs(column - 3))
        this.set(r, c, ring !== 2 && ring !== 4)
      }
    }
  }

  #alignment(row, column) {
    const end = this.size - 7
    if ((row === 6 && (column === 6 || column === end)) || (row === end && column === 6)) return // a finder is there
    for (let r = -2; r <= 2; r++)
      for (let c = -2; c <= 2; c++) this.set(row + r, column + c, Math.max(Math.abs(r), Math.abs(c)) !== 1)
  }

  /** Level and mask, twice (§7.9). */
  format(levelBits, mask) {
    const bits = bch((levelBits << 3) | mask, 0x537, 10) ^ 0x5412
    const bit = (at) => (bits >> at) & 1
    const { size } = this
    for (let at = 0; at < 8; at++) {
      this.set(at < 6 ? at : at + 1, 8, bit(at)) // beside the upper left finder, downwards …
      this.set(8, size - 1 - at, bit(at)) // … and below the upper right one, leftwards
    }
    for (let at = 8; at < 15; at++) {
      this.set(8, at === 8 ? 7 : 14 - at, bit(at))
      this.set(size - 15 + at, 8, bit(at))
    }
    this.set(size - 8, 8, true)
  }

  #versionBits() {
    const bits = bch(this.version, 0x1f25, 12)
    for (let at = 0; at < 18; at++) {
      const [far, near] = [this.size - 11 + (at % 3), Math.floor(at / 3)]
      this.set(far, near, (bits >> at) & 1)
      this.set(near, far, (bits >> at) & 1)
    }
  }

  /** Two columns at a time from the right, up and down by turns, around what is fixed (§7.7.3). */
  place(bytes) {
    let at = 0
    for (let right = this.size - 1, isUp = true; right > 0; right -= 2, isUp = !isUp) {
      if (right === 6) right-- // the timing pattern's column is passed over
      for (let step = 0; step < this.size; step++) {
        const row = isUp ? this.size - 1 - step : step
        for (const column of [right, right - 1]) {
          if (this.fixed[row][column]) continue
          this.dark[row][column] = (bytes[at >> 3] >> (7 - (at & 7))) & 1 // beyond the last byte: undefined >> n is 0
          at++
        }
      }
    }
  }

  turn(mask) {
    for (let row = 0; row < this.size; row++) {
      for (let column = 0; column < this.size; column++) {
        if (!this.fixed[row][column] && MASKS[mask](row, column)) this.dark[row][column] ^= 1
      }
    }
  }

  /** How hard this is to read (§7.8.3). */
  penalty() {
    const { size, dark } = this
    let points = 0
    let darks = 0
    for (let row = 0; row < size; row++) {
      points += lineOf(dark[row]) + lineOf(dark.map((one) => one[row]))
      for (let column = 0; column < size; column++) {
        darks += dark[row][column]
        if (
          row &&
          column &&
          new Set([dark[row][column], dark[row - 1][column], dark[row][column - 1], dark[row - 1][column - 1]]).size ===
            1
        )
          points += 3
      }
    }
    return points + 10 * Math.floor(Math.abs((20 * darks) / size ** 2 - 10))
  }
}

// Like a finder: 1:1:3:1:1 with four light modules at one side.
const LOOKALIKE = /(?=10111010000|00001011101)/g

function lineOf(line) {
  const text = Array.from(line).join("")
  const runs = (text.match(/0{5,}|1{5,}/g) ?? []).reduce((sum, run) => sum + run.length - 2, 0)
  return runs + 40 * [...text.matchAll(LOOKALIKE)].length
}

/**
 * The modules of a text's code: rows of 0 (light) and 1 (dark), without the quiet zone of four modules that must stand
 * around it. The smallest version that fits, `version` at least; the best mask unless `mask` says one.
 * Throws RangeError for a text that is too long or has other letters.
 */
export function qr(text, { level = "L", version = 1, mask = null } = {}) {
  if (![...text].every((letter) => LETTERS.includes(letter))) throw new RangeError("a letter that has no code")
  const chosen = Math.max(version, fitting(text.length, level))
  const bytes = codewords(text, chosen, level)
  const draw = (one) => {
    const matrix = new Matrix(chosen)
    matrix.drawPatterns()
    matrix.place(bytes)
    matrix.turn(one)
    matrix.format(LEVEL_BITS[level], one)
    return matrix
  }
  const drawn = (mask === null ? [0, 1, 2, 3, 4, 5, 6, 7] : [mask]).map(draw)
  const scores = drawn.length > 1 ? drawn.map((one) => one.penalty()) : [0]
  return drawn[scores.indexOf(Math.min(...scores))].dark
}
