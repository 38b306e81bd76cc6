import assert from "node:assert/strict"
import { test } from "node:test"

import { Interview } from "../../../static/app/interview/interview.js"

const required = ["call", "true"]
const bundle = {
  id: "f",
  version: "1",
  title: "Thôn",
  languages: ["vi"],
  default_language: "vi",
  children: [
    { name: "a", type: "text", required },
    { name: "b", type: "text", required },
    {
      name: "r",
      type: "repeat",
      children: [
        { name: "ten", type: "text", required },
        { name: "con", type: "repeat", children: [{ name: "x", type: "text" }] },
      ],
    },
  ],
  choices: {},
  tables: {},
  files: { "nha.png": { sha256: "ab", size: 3, type: "image/png" } },
  order: [],
}
const begun = () => ({
  id: "d",
  name: "",
  visited: [],
  comments: [],
  start: {},
  last: null,
  form: { id: "f", version: "1" },
})

function opened(draft = begun(), files = {}) {
  const events = []
  const store = {
    append: async (_, more) => void events.push(...more),
    visit: async () => {},
    file: async (sha256) => files[sha256],
  }
  return { interview: new Interview(store, bundle, draft, [], { now: new Date("2026-11-23T01:00:00Z") }), events }
}

test("questions outside all groups are counted as one section", () => {
  const { interview } = opened()
  interview.visit("a")
  assert.equal(interview.state("a").missing, 2)
  interview.set("b", "x")
  assert.deepEqual([interview.state("a").state, interview.state("a").missing], ["begun", 1])
  interview.set("a", "y")
  assert.equal(interview.state("a").state, "done")
  assert.equal(interview.state("r").missing, 0)
})

test("a remark on a person follows the person, also in a list within a list", () => {
  const draft = {
    ...begun(),
    start: {
      r: [
        { ten: "A", con: [{ x: "1" }] },
        { ten: "B", con: [{ x: "2" }, { x: "3" }] },
      ],
    },
  }
  draft.comments = [{ path: "r[2]/con[2]/x", text: "xem lại" }]
  const { interview } = opened(draft)
  assert.equal(interview.state("r[2]").comments, 1)
  interview.remove("r[2]/con[1]")
  interview.remove("r[1]")
  assert.equal(interview.comments("r[1]/con[1]/x").length, 1)
  assert.equal(interview.state("r[1]").comments, 1)
  assert.equal(interview.state("r[1]/con[1]").comments, 1)
})

test("a form without outcomes decides no class", () => {
  assert.equal(opened().interview.isAssessed, false)
})

test("a file of the form is had by its name, and missed without a fuss", async () => {
  assert.equal(await opened(begun(), { ab: { blob: "bytes" } }).interview.formFile("nha.png"), "bytes")
  assert.equal(await opened().interview.formFile("nha.png"), null)
  assert.equal(await opened().interview.formFile("khong-co.png"), null)
})
