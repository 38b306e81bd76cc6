import assert from "node:assert/strict"
import { test } from "node:test"

import { isGenuine, isIntroduced, spelled } from "../../../static/app/sync/keys.lazy.js"

const base64 = (bytes) => Buffer.from(bytes).toString("base64")

async function server() {
  const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"])
  const key = base64(await crypto.subtle.exportKey("raw", pair.publicKey))
  const sign = async (body) => {
    const text = JSON.stringify(body)
    return {
      body: text,
      signature: base64(await crypto.subtle.sign("Ed25519", pair.privateKey, new TextEncoder().encode(text))),
    }
  }
  return {
    key,
    sign,
    introduces: (other) => sign({ made_at: "2026-11-23T02:00:00.000Z", next: other.key, previous: key }),
  }
}

const [one, two, three, stranger] = await Promise.all([server(), server(), server(), server()])

test("a key that the known one introduced is believed, also over several changes and back again", async () => {
  const chain = [await one.introduces(two), await two.introduces(one), await one.introduces(three)]
  assert.equal(await isIntroduced(one.key, two.key, chain), true)
  assert.equal(await isIntroduced(two.key, three.key, chain), true)
  assert.equal(await isIntroduced(two.key, one.key, chain), true)
})

test("a key that nobody introduced, or that a stranger did, is not", async () => {
  const forged = { ...(await one.introduces(stranger)), signature: (await stranger.introduces(stranger)).signature }
  const lying = await stranger.sign({ made_at: "", next: stranger.key, previous: one.key })
  for (const chain of [[], [forged], [lying], [await stranger.introduces(two)], [null, {}, { body: "x" }]]) {
    assert.equal(await isIntroduced(one.key, stranger.key, chain), false)
  }
  // Whoever has a key that was given up cannot lead a phone away from the one that follows it.
  assert.equal(
    await isIntroduced(two.key, stranger.key, [await one.introduces(two), await one.introduces(stranger)]),
    false,
  )
})

test("a receipt is right under any key that was trusted, and wrong under none", async () => {
  const receipt = await one.sign({ entry_id: "e" })
  assert.equal(await isGenuine(receipt, [one.key, two.key]), true)
  assert.equal(await isGenuine(receipt, [two.key]), false)
  assert.equal(await isGenuine({ ...receipt, body: receipt.body.replace("e", "f") }, [one.key]), false)
  assert.equal(await isGenuine(receipt, []), null)
})

test("a browser without Ed25519 says that it cannot say", async (t) => {
  t.mock.method(crypto.subtle, "importKey", () => Promise.reject(new DOMException("no", "NotSupportedError")))
  assert.equal(await isGenuine(await one.sign({}), [one.key]), null)
  assert.equal(await isIntroduced(one.key, two.key, [await one.introduces(two)]), null)
  assert.equal(await isIntroduced(one.key, stranger.key, [await one.introduces(two)]), false)
})

test("a key is read aloud as four times four digits", async () => {
  assert.match(await spelled(one.key), /^[0-9a-f]{4}( [0-9a-f]{4}){3}$/)
})
