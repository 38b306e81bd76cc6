import assert from "node:assert/strict"
import { test } from "node:test"
import { bytesOf } from "../../../static/app/bytes.js"
import { makeProof, prove } from "../../../static/app/vault/proof.js"

const PAIR = { name: "ECDSA", namedCurve: "P-256" }
const SIGNED = { name: "ECDSA", hash: "SHA-256" }
const isOver = async (key, signature, said) =>
  crypto.subtle.verify(
    SIGNED,
    await crypto.subtle.importKey("spki", bytesOf(key), PAIR, false, ["verify"]),
    bytesOf(signature),
    new TextEncoder().encode(said),
  )

test("the signature is over the label, the origin, the sign-in and the nonce, and over nothing else", async () => {
  const made = await makeProof("s-1")
  assert.equal(made.session, "s-1")
  const signature = await prove(made, "1.a.b", "https://so-ho.vn")
  assert.equal(bytesOf(signature).length, 64)
  assert.equal(await isOver(made.key, signature, "so-ho-open-1\nhttps://so-ho.vn\ns-1\n1.a.b"), true)
  for (const said of ["https://so-ho.vn\ns-1\n1.a.c", "https://khac.vn\ns-1\n1.a.b", "https://so-ho.vn\ns-2\n1.a.b"])
    assert.equal(await isOver(made.key, signature, `so-ho-open-1\n${said}`), false)
  const other = await makeProof("s-1")
  assert.notEqual(other.key, made.key)
  assert.equal(await isOver(other.key, signature, "so-ho-open-1\nhttps://so-ho.vn\ns-1\n1.a.b"), false)
})
