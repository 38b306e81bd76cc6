// What a questionnaire needs beyond the shell.
import assert from "node:assert/strict"
import { test } from "node:test"
import { needs } from "../../static/app/delivery.js"

const form = (children, choices = {}) => ({ children, choices })
const names = (bundle) => needs(bundle).map((address) => address.split("/").at(-1))

test("plain questions need nothing", () => {
  assert.deepEqual(needs(form([{ type: "text", name: "ten", label: { vi: "Họ tên chủ hộ (ghi đủ)?" } }])), [])
})

test("a kind is found in a list within a group, once", () => {
  const inside = [
    { type: "rank", name: "a" },
    { type: "rank", name: "b" },
  ]
  const bundle = form([{ type: "group", name: "g", children: [{ type: "repeat", name: "r", children: inside }] }])
  assert.deepEqual(names(bundle), ["rank.rare.js", "kinds.html", "kinds.css"])
})

test("signs of Markdown in a label, a message or a choice", () => {
  assert.deepEqual(names(form([{ type: "text", name: "a", label: { vi: "**Đậm**" } }])), ["markdown.rare.js"])
  assert.deepEqual(names(form([{ type: "text", name: "a", hint: { vi: "một\nhai" } }])), ["markdown.rare.js"])
  assert.deepEqual(
    names(form([{ type: "text", name: "a", label: { vi: ["Chào ", ["one", "/", ["child", "b"]], " _x_"] } }])),
    ["markdown.rare.js"],
  )
  assert.deepEqual(names(form([], { l: [{ name: "x", label: { vi: "[x](https://a.vn)" } }] })), ["markdown.rare.js"])
})

test("pictures of a question or a choice", () => {
  assert.ok(names(form([{ type: "note", name: "a", media: { image: { vi: "a.png" } } }])).includes("enclosed.rare.js"))
  assert.ok(names(form([], { l: [{ name: "x", media: { image: { vi: "a.png" } } }] })).includes("enclosed.rare.js"))
})

test("a digest anywhere in a rule or a text", () => {
  const call = ["call", "digest", "a", "MD5"]
  assert.deepEqual(names(form([{ type: "calculate", name: "a", calculate: ["call", "concat", call, "b"] }])), [
    "digest.rare.js",
  ])
  assert.deepEqual(names(form([{ type: "text", name: "a", label: { vi: ["x", call] } }])), ["digest.rare.js"])
})
