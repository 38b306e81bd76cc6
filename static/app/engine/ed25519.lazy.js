// Signatures of the server (Ed25519, RFC 8032 §5.1.7) on browsers whose WebCrypto has none (Chrome before 137): what is
// handed to a phone by hand must be checked there, no line vouches for it. Only ever with public values: no secret
// passes through here, so it need not take equal time. Pure, but for the digest.

const P = 2n ** 255n - 19n
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n
const mod = (value, by = P) => ((value % by) + by) % by

function power(base, exponent) {
  let result = 1n
  for (let square = base, left = exponent; left; left >>= 1n, square = mod(square * square))
    if (left & 1n) result = mod(result * square)
  return result
}

const D = mod(-121665n * power(121666n, P - 2n))
const ROOT = power(2n, (P - 1n) / 4n) // of −1

/** A number in little-endian bytes. */
const numberIn = (bytes) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)

/** The point (x : y : z : t) that 32 bytes stand for (§5.1.3), or null. */
function pointIn(bytes) {
  const text = numberIn(bytes)
  const y = text & (2n ** 255n - 1n)
  if (y >= P) return null
  const [above, below] = [mod(y * y - 1n), mod(D * y * y + 1n)]
  let x = mod(above * below ** 3n * power(mod(above * below ** 7n), (P - 5n) / 8n))
  if (mod(below * x * x) !== above) x = mod(x * ROOT)
  if (mod(below * x * x) !== above) return null
  const isOdd = text >> 255n
  if (x === 0n && isOdd) return null
  if ((x & 1n) !== isOdd) x = P - x
  return [x, y, 1n, mod(x * y)]
}

/**
 * §5.1.4
 * @param {bigint[]} one
 * @param {bigint[]} other
 */
function sum([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const [a, b, c, d] = [
    mod((y1 - x1) * (y2 - x2)),
    mod((y1 + x1) * (y2 + x2)),
    mod(2n * D * t1 * t2),
    mod(2n * z1 * z2),
  ]
  const [e, f, g, h] = [b - a, d - c, d + c, b + a]
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)]
}

function times(factor, point) {
  let result = [0n, 1n, 1n, 0n]
  for (let doubled = point, left = factor; left; left >>= 1n, doubled = sum(doubled, doubled))
    if (left & 1n) result = sum(result, doubled)
  return result
}

/** @type {(one: bigint[], other: bigint[]) => boolean} */
const isSame = ([x1, y1, z1], [x2, y2, z2]) => mod(x1 * z2 - x2 * z1) === 0n && mod(y1 * z2 - y2 * z1) === 0n

const BASE = pointIn(Uint8Array.of(0x58, ...Array(31).fill(0x66)))

/** Is `signature` (64 bytes) of the holder of `key` (32 bytes) under `message`? All are Uint8Array. */
export async function verifies(signature, message, key) {
  if (signature.length !== 64 || key.length !== 32) return false
  const [holder, commitment, answer] = [
    pointIn(key),
    pointIn(signature.subarray(0, 32)),
    numberIn(signature.subarray(32)),
  ]
  if (!holder || !commitment || answer >= ORDER) return false
  const hashed = new Uint8Array(await new Blob([signature.subarray(0, 32), key, message]).arrayBuffer())
  const challenge = mod(numberIn(new Uint8Array(await crypto.subtle.digest("SHA-512", hashed))), ORDER)
  return isSame(times(answer, BASE), sum(commitment, times(challenge, holder)))
}
