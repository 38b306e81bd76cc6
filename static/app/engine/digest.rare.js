// digest(), base64-decode() and extract-signed() for expressions, which cannot wait: WebCrypto only promises. MD5 (RFC
// 1321), SHA-1 and SHA-2 (FIPS 180-4), Ed25519 (RFC 8032 §5.1.7). ⇄ hashlib, survey/form/ed25519.py

import { base64Of, bytesOf, hexOf } from "../bytes.js"
import { FUNCTIONS, text } from "./functions.js"

const M64 = (1n << 64n) - 1n
const rotate = (x, n) => (x << n) | (x >>> (32 - n))
const PRIMES = [2]
for (let n = 3; PRIMES.length < 80; n += 2) if (PRIMES.every((prime) => n % prime)) PRIMES.push(n)

/** The first 64 bits behind the point of the `power`th root of a prime: where SHA-2 has its constants from. */
function fraction(prime, power) {
  const wanted = BigInt(prime) << BigInt(64 * power)
  let root = BigInt(Math.floor(prime ** (1 / power) * 2 ** 52)) << 12n
  const n = BigInt(power)
  for (let before = 0n; before !== root; ) {
    before = root
    root = (root * (n - 1n) + wanted / root ** (n - 1n)) / n
    if (root > before && root - before < 2n) break
  }
  while (root ** n > wanted) root -= 1n
  return root & M64
}

/** @type {{ cubes: bigint[]; squares: bigint[] } | null} */
let tables = null
const constants = () =>
  (tables ??= {
    cubes: PRIMES.map((prime) => fraction(prime, 3)),
    squares: PRIMES.slice(0, 16).map((prime) => fraction(prime, 2)),
  })
const high = (x) => Number(x >> 32n) | 0

/** The bytes, a 1 bit, noughts and the length in bits, as a whole number of blocks. */
function padded(bytes, block, littleEndian) {
  const field = block / 8
  const whole = new Uint8Array(Math.ceil((bytes.length + 1 + field) / block) * block)
  whole.set(bytes)
  whole[bytes.length] = 128
  const view = new DataView(whole.buffer)
  view.setBigUint64(whole.length - 8, BigInt(bytes.length) * 8n, littleEndian)
  return view
}

function bytesOfWords(words, littleEndian = false) {
  const view = new DataView(new ArrayBuffer(words.length * 4))
  words.forEach((word, i) => view.setInt32(i * 4, word, littleEndian))
  return new Uint8Array(view.buffer)
}

function md5(bytes) {
  const view = padded(bytes, 64, true)
  // biome-ignore format: a table
  const shifts = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]]
  const state = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476]
  for (let at = 0; at < view.byteLength; at += 64) {
    let [a, b, c, d] = state
    for (let i = 0; i < 64; i += 1) {
      const round = i >> 4
      const mixed = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round]
      const word = view.getInt32(at + 4 * ([i, 5 * i + 1, 3 * i + 5, 7 * i][round] % 16), true)
      const sum = (a + mixed + word + Math.floor(2 ** 32 * Math.abs(Math.sin(i + 1)))) | 0
      ;[a, d, c, b] = [d, c, b, (b + rotate(sum, shifts[round][i % 4])) | 0]
    }
    ;[a, b, c, d].forEach((x, i) => (state[i] = (state[i] + x) | 0))
  }
  return bytesOfWords(state, true)
}

function sha1(bytes) {
  const view = padded(bytes, 64)
  const state = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0]
  const keys = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc | 0, 0xca62c1d6 | 0]
  for (let at = 0; at < view.byteLength; at += 64) {
    const w = Array.from({ length: 16 }, (_, i) => view.getInt32(at + i * 4))
    let [a, b, c, d, e] = state
    for (let i = 0; i < 80; i += 1) {
      if (i > 15) w.push(rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1))
      const round = Math.floor(i / 20)
      const mixed = round === 0 ? (b & c) | (~b & d) : round === 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d
      ;[e, d, c, b, a] = [d, c, rotate(b, 30), a, (rotate(a, 5) + mixed + e + keys[round] + w[i]) | 0]
    }
    ;[a, b, c, d, e].forEach((x, i) => (state[i] = (state[i] + x) | 0))
  }
  return bytesOfWords(state)
}

function sha256(bytes) {
  const view = padded(bytes, 64)
  const { squares, cubes } = constants()
  const state = squares.slice(0, 8).map(high)
  const turn = (x, n) => rotate(x, 32 - n)
  for (let at = 0; at < view.byteLength; at += 64) {
    const w = Array.from({ length: 16 }, (_, i) => view.getInt32(at + i * 4))
    let [a, b, c, d, e, f, g, h] = state
    for (let i = 0; i < 64; i += 1) {
      if (i > 15) {
        const [x, y] = [w[i - 15], w[i - 2]]
        w.push(
          (w[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + w[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10))) |
            0,
        )
      }
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + high(cubes[i]) + w[i]) | 0
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
      ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0]
    }
    ;[a, b, c, d, e, f, g, h].forEach((x, i) => (state[i] = (state[i] + x) | 0))
  }
  return bytesOfWords(state)
}

/** SHA-512; SHA-384 begins with other words and leaves out the last two. */
function sha512(bytes, isShort = false) {
  const view = padded(bytes, 128)
  const { squares, cubes } = constants()
  const state = isShort ? squares.slice(8) : squares.slice(0, 8)
  /** @type {(x: bigint, n: bigint) => bigint} */
  const turn = (x, n) => ((x >> n) | (x << (64n - n))) & M64
  for (let at = 0; at < view.byteLength; at += 128) {
    const w = Array.from({ length: 16 }, (_, i) => view.getBigUint64(at + i * 8))
    let [a, b, c, d, e, f, g, h] = state
    for (let i = 0; i < 80; i += 1) {
      if (i > 15) {
        const [x, y] = [w[i - 15], w[i - 2]]
        w.push(
          (w[i - 16] + (turn(x, 1n) ^ turn(x, 8n) ^ (x >> 7n)) + w[i - 7] + (turn(y, 19n) ^ turn(y, 61n) ^ (y >> 6n))) &
            M64,
        )
      }
      const one = h + (turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n)) + ((e & f) ^ (~e & M64 & g)) + cubes[i] + w[i]
      const two = (turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c))
      ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + one) & M64, c, b, a, (one + two) & M64]
    }
    ;[a, b, c, d, e, f, g, h].forEach((x, i) => (state[i] = (state[i] + x) & M64))
  }
  return bytesOfWords(state.slice(0, isShort ? 6 : 8).flatMap((x) => [high(x), Number(x & 0xffffffffn) | 0]))
}

const HASHES = {
  MD5: md5,
  "SHA-1": sha1,
  "SHA-256": sha256,
  "SHA-384": (bytes) => sha512(bytes, true),
  "SHA-512": sha512,
}

/** ODK XForms digest(); blank for an algorithm or an encoding that is none. */
export function digest(text, algorithm, encoding = "base64") {
  const hash = Object.hasOwn(HASHES, algorithm) && HASHES[algorithm]
  const written = { base64: base64Of, hex: hexOf }[encoding]
  return hash && written ? written(hash(new TextEncoder().encode(text))) : ""
}

/** The bytes of Base64; null when it is none. */
function decoded(text) {
  const plain = text.replace(/[ \t\r\n]/g, "")
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(plain)) return null
  return bytesOf(plain)
}

function textOf(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return ""
  }
}

/** ODK XForms base64-decode(): UTF-8 text; blank for what is none. */
export const fromBase64 = (text) => textOf(decoded(text) ?? new Uint8Array())

/**
 * ODK extract-signed(): the text of a message of 64 bytes of Ed25519 signature and its contents; blank unless the key
 * signed it.
 */
export function extractSigned(message, key) {
  const [signed, open] = [decoded(message), decoded(key)]
  if (!signed || open?.length !== 32 || signed.length < 64) return ""
  return verifies(open, signed.slice(64), signed.slice(0, 64)) ? textOf(signed.slice(64)) : ""
}

// Ed25519: points in extended coordinates [X, Y, Z, T], x = X/Z, y = Y/Z, xy = T/Z.
const P = 2n ** 255n - 19n
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n
const mod = (x, m = P) => ((x % m) + m) % m

function power(base, exponent) {
  let product = 1n
  for (let x = mod(base), n = exponent; n; n >>= 1n, x = (x * x) % P) if (n & 1n) product = (product * x) % P
  return product
}

const inverse = (x) => power(x, P - 2n)
const D = mod(-121665n * inverse(121666n))

/**
 * @param {bigint[]} one
 * @param {bigint[]} other
 */
function plus([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const [a, b, c, d] = [
    mod((y1 - x1) * (y2 - x2)),
    mod((y1 + x1) * (y2 + x2)),
    mod(2n * t1 * t2 * D),
    mod(2n * z1 * z2),
  ]
  const [e, f, g, h] = [b - a, d - c, d + c, b + a]
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)]
}

function times(scalar, point) {
  let sum = [0n, 1n, 1n, 0n]
  for (let n = scalar, q = point; n; n >>= 1n, q = plus(q, q)) if (n & 1n) sum = plus(sum, q)
  return sum
}

/** The point with this y and sign of x (RFC 8032 §5.1.3); null when there is none. */
function pointOf(number) {
  const y = number & ((1n << 255n) - 1n)
  const sign = number >> 255n
  if (y >= P) return null
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n))
  let x = power(square, (P + 3n) / 8n)
  if (mod(x * x) !== square) x = mod(x * power(2n, (P - 1n) / 4n))
  if (mod(x * x) !== square || (x === 0n && sign)) return null
  if ((x & 1n) !== sign) x = P - x
  return [x, y, 1n, mod(x * y)]
}

const whole = (bytes) => BigInt(`0x${hexOf(Uint8Array.from(bytes).reverse())}`)

function verifies(key, message, signature) {
  const base = pointOf(mod(4n * inverse(5n)))
  const [a, r, s] = [pointOf(whole(key)), pointOf(whole(signature.slice(0, 32))), whole(signature.slice(32))]
  if (!a || !r || s >= ORDER) return false
  const hash = whole(sha512(Uint8Array.from([...signature.slice(0, 32), ...key, ...message]))) % ORDER
  const [[x1, y1, z1], [x2, y2, z2]] = [times(s, base), plus(r, times(hash, a))]
  return mod(x1 * z2) === mod(x2 * z1) && mod(y1 * z2) === mod(y2 * z1)
}

Object.assign(FUNCTIONS, {
  digest: text(digest),
  "base64-decode": text(fromBase64),
  "extract-signed": text(extractSigned),
})
