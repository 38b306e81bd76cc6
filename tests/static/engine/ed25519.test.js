import assert from "node:assert/strict"
import { createHash, generateKeyPairSync, sign } from "node:crypto"
import { test } from "node:test"

import { verifies } from "../../../static/app/engine/ed25519.lazy.js"

const hex = (text) => Uint8Array.from(Buffer.from(text, "hex"))

// RFC 8032 §7.1: [public key, message, signature]
const VECTORS = [
  [
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
]

test("the standard's own examples", async () => {
  for (const [key, message, signature] of VECTORS) {
    assert.equal(await verifies(hex(signature), hex(message), hex(key)), true)
    assert.equal(await verifies(hex(signature), hex(`${message}00`), hex(key)), false)
  }
})

test("what another implementation signs is known, and any change of it is not", async () => {
  for (let round = 0; round < 8; round++) {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519")
    const key = Uint8Array.from(publicKey.export({ format: "der", type: "spki" }).subarray(-32))
    const message = Uint8Array.from(
      createHash("sha512")
        .update(String(round))
        .digest()
        .subarray(0, 7 * round),
    )
    const signature = Uint8Array.from(sign(null, message, privateKey))
    assert.equal(await verifies(signature, message, key), true)
    for (const at of [0, 31, 32, 62]) {
      const changed = Uint8Array.from(signature)
      changed[at] ^= 1
      assert.equal(await verifies(changed, message, key), false)
    }
  }
})

test("a signature that was made a second one of by adding the order is refused", async () => {
  const [key, message, signature] = VECTORS[1].map(hex)
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  let answer = signature.subarray(32).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n) + order
  const other = Uint8Array.from(signature)
  for (let at = 32; at < 64; at++, answer >>= 8n) other[at] = Number(answer & 255n)
  assert.equal(await verifies(other, message, key), false)
})

test("what is no key, no point or too short is no signature", async () => {
  const [key, message, signature] = VECTORS[0].map(hex)
  assert.equal(await verifies(signature.subarray(1), message, key), false)
  assert.equal(await verifies(signature, message, key.subarray(1)), false)
  assert.equal(await verifies(signature, message, new Uint8Array(32).fill(255)), false)
  assert.equal(await verifies(new Uint8Array(64), message, key), false)
})
