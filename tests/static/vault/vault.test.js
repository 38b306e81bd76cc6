import assert from "node:assert/strict"
import { test } from "node:test"

import { changePin, forOffice, isOld, recovered } from "../../../static/app/vault/rings.lazy.js"
import { WrongPin, faultOfPin, makeRing, openRing, seal, unseal } from "../../../static/app/vault/vault.js"

const { subtle } = globalThis.crypto
const NAMES = "Lò Văn Đức 014079000123"
const RSA = { name: "RSA-OAEP", hash: "SHA-256", modulusLength: 3072, publicExponent: new Uint8Array([1, 0, 1]) }
const text = new TextEncoder()
const pair = await subtle.generateKey(RSA, true, ["encrypt", "decrypt"])
const escrow = { id: "office", key: Buffer.from(await subtle.exportKey("spki", pair.publicKey)).toString("base64") }
const made = { id: "ring-1", account: "account-1", pin: "482915", escrow, now: new Date(0) }
const ring = await makeRing(made)
const key = await openRing(ring, "482915")

const openAtOffice = async (account, wrapped = forOffice(ring)) =>
  Buffer.from(
    await subtle.decrypt(
      { name: "RSA-OAEP", label: text.encode(`so-ho vault ${account}`) },
      pair.privateKey,
      Buffer.from(wrapped, "base64"),
    ),
  ).toString("base64")

test("what is sealed is read again with its PIN, and cannot be read out as a key", async () => {
  const box = await seal(key, "ring-1 households ho-1", text.encode(NAMES))
  const again = await openRing(ring, "482915")
  assert.equal(new TextDecoder().decode(await unseal(again, "ring-1 households ho-1", box)), NAMES)
  assert.equal(Buffer.from(box).includes("Đức"), false)
  await assert.rejects(subtle.exportKey("raw", again))
})

test("the same words are never sealed to the same bytes", async () => {
  const boxes = await Promise.all([1, 2].map(() => seal(key, "a", text.encode(NAMES))))
  assert.notDeepEqual(boxes[0], boxes[1])
})

test("a sealed row put in another's place, or with one bit changed, does not open", async () => {
  const box = await seal(key, "ring-1 households ho-1", text.encode(NAMES))
  await assert.rejects(unseal(key, "ring-1 households ho-2", box))
  for (const place of [0, 12, box.length - 1]) {
    const bent = box.slice()
    bent[place] ^= 1
    await assert.rejects(unseal(key, "ring-1 households ho-1", bent))
  }
})

test("a wrong PIN is told from a right one by nothing but the key that does not come out", async () => {
  await assert.rejects(openRing(ring, "482916"), WrongPin)
  await assert.rejects(openRing({ ...ring, id: "ring-2" }, "482915"), WrongPin)
  assert.ok(ring.rounds >= 600_000)
  assert.equal(ring.salt.length, 16)
})

test("letters typed as two signs or as one are the same passphrase", async () => {
  const spoken = await makeRing({ ...made, pin: "nhà sàn đẹp" })
  assert.ok(await openRing(spoken, "nhà sàn đẹp".normalize("NFD")))
})

test("a new PIN opens the same records, the old one nothing", async () => {
  const box = await seal(key, "a", text.encode(NAMES))
  const changed = await changePin(ring, "482915", "730264", escrow)
  assert.equal(new TextDecoder().decode(await unseal(await openRing(changed, "730264"), "a", box)), NAMES)
  await assert.rejects(openRing(changed, "482915"), WrongPin)
  await assert.rejects(changePin(ring, "000000", "730264", escrow), WrongPin)
  assert.notDeepEqual(changed.salt, ring.salt)
})

test("who forgot the PIN reads every record again through the office, under its own account only", async () => {
  const box = await seal(key, "a", text.encode(NAMES))
  const renewed = await recovered(ring, await openAtOffice("account-1"), "730264", escrow)
  assert.equal(new TextDecoder().decode(await unseal(await openRing(renewed, "730264"), "a", box)), NAMES)
  await assert.rejects(openAtOffice("account-2"))
})

test("a key that is not the ring's own never takes its place", async () => {
  await assert.rejects(recovered(ring, Buffer.alloc(32).toString("base64"), "730264", escrow))
})

test("a ring wrapped to a former escrow key, or with fewer rounds, is known as old", () => {
  assert.equal(isOld(ring, escrow), false)
  assert.equal(isOld(ring, undefined), false)
  assert.equal(isOld(ring, { ...escrow, id: "new office" }), true)
  assert.equal(isOld({ ...ring, rounds: 1000 }, escrow), true)
})

for (const [pin, fault] of [
  ["12345", "short"],
  ["", "short"],
  ["nhà sàn", "short"],
  ["111111", "guessed"],
  ["123456", "guessed"],
  ["654321", "guessed"],
  ["890123", "guessed"],
  ["121212", "guessed"],
  ["123123", "guessed"],
  ["aaaaaaaaaa", "guessed"],
  ["112233", "guessed"],
  ["ban-na-ca", "name"],
  ["Lò Văn Demo", "name"],
  ["482915", null],
  ["nhà sàn đẹp", null],
]) {
  test(`a PIN "${pin}" is ${fault ?? "taken"}`, () =>
    assert.equal(faultOfPin(pin, ["ban-na-ca", "Lò Văn Demo", ""]), fault))
}
