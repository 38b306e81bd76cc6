// What the interview's screens rely on: an answer settles what depends on it, members come and go, words are filled in.
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import { numberWords } from "../../../static/app/engine/display.js"
import { pathOf } from "../../../static/app/engine/evaluation.js"
import { Record } from "../../../static/app/engine/record.js"
import { Node } from "../../../static/app/engine/values.js"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const python = process.env.PYTHON ?? "python3"
const bundleOf = (file) =>
  JSON.parse(
    execFileSync(python, ["-m", "flask", "--app", "app", "form", "bundle", file], { cwd: root, maxBuffer: 1e9 }),
  )
const bundle = bundleOf("tests/cases/interview_form.md")
const clock = { today: "2026-11-23", now: "2026-11-23T08:00:00.000+07:00" }
let ids = 0
const open = (answers) => new Record(bundle, { answers, clock, newId: () => `id-${(ids += 1)}` })

test("the fixture is the one the tests speak of", () => {
  assert.match(readFileSync(`${root}/tests/cases/interview_form.md`, "utf8"), /begin_repeat/)
})

test("an answer opens and closes what depends on it at once", () => {
  const record = open()
  assert.equal(record.isRelevant("nha/so_tang"), false)
  record.set("nha/co_nha", "co")
  assert.equal(record.isRelevant("nha/so_tang"), true)
  record.set("nha/so_tang", 2)
  assert.equal(record.get("tong"), 2)
  record.set("nha/co_nha", "khong")
  assert.equal(record.get("tong"), 0)
  assert.deepEqual(record.submission(), { nha: { co_nha: "khong" } })
  assert.equal(record.answers().nha.so_tang, 2, "what is hidden is kept in the draft")
})

test("members are added, counted, named and removed", () => {
  const record = open()
  assert.equal(record.addInstance("tv"), "tv[1]")
  assert.equal(record.addInstance("tv", { ten: "Lò Thị B", tuoi: 30 }), "tv[2]")
  assert.match(record.get("tv[1]/ma"), /^id-/)
  assert.equal(record.get("so_tre"), 0)
  record.set("tv[1]/ten", "Lò Văn A")
  record.set("tv[1]/tuoi", 5)
  assert.equal(record.get("so_tre"), 1)
  assert.deepEqual(
    record.instances("tv").map((path) => record.instanceLabel(path)),
    ["Lò Văn A", "Lò Thị B"],
  )
  record.removeInstance("tv[1]")
  assert.equal(record.get("so_tre"), 0)
  assert.equal(record.instanceLabel("tv[1]"), "Lò Thị B")
  assert.equal(record.get("tv[1]/thu_tu"), 1)
})

test("who joins is counted by those who were there", () => {
  const record = open({
    tv: [
      { ten: "An", tuoi: 5 },
      { ten: "Ba", tuoi: 30 },
    ],
  })
  assert.deepEqual([record.get("tv[1]/lon_hon"), record.get("tv[2]/lon_hon")], [1, 0])
  record.addInstance("tv", { ten: "Bà", tuoi: 70 })
  assert.deepEqual([record.get("tv[1]/lon_hon"), record.get("tv[2]/lon_hon"), record.get("tv[3]/lon_hon")], [2, 1, 0])
  record.removeInstance("tv[2]")
  assert.deepEqual([record.get("tv[1]/lon_hon"), record.get("tv[2]/lon_hon")], [1, 0])
})

test("labels, hints and messages quote the answers", () => {
  const record = open({ tv: [{ ten: "An", tuoi: 200 }] })
  assert.equal(record.label("tv[1]/tuoi", "vi"), "An bao nhiêu tuổi?")
  assert.equal(record.label("tv[1]/tuoi", "en"), "How old is An?")
  assert.equal(record.label("tv", "vi"), "Thành viên")
  assert.deepEqual(
    record.problemsAt("tv[1]/tuoi"),
    [
      { path: "tv[1]/tuoi", kind: "constraint", severity: "error", message: { vi: "Tuổi của An không đúng", en: "" } },
    ].map((problem) => ({ ...problem, message: { vi: "Tuổi của An không đúng" } })),
  )
})

test("choices follow their filter, and an answer that is no longer offered is named", () => {
  const record = open({ tinh: "14", xa: "03757" })
  assert.deepEqual(
    record.choices("xa").map((choice) => choice.name),
    ["03757"],
  )
  assert.deepEqual(record.problemsAt("xa"), [])
  record.set("tinh", "11")
  assert.deepEqual(
    record.problemsAt("xa").map((problem) => problem.kind),
    ["choice"],
  )
})

test("sections, their questions and how far they have come", () => {
  const record = open({ nha: { co_nha: "co" } })
  assert.deepEqual(
    record.sections.map((section) => section.path),
    ["nha", "tv"],
  )
  assert.deepEqual(
    record.items("nha").map(({ path, relevant }) => [path, relevant]),
    [
      ["nha/co_nha", true],
      ["nha/so_tang", true],
    ],
  )
  assert.deepEqual(record.progress("nha"), { asked: 2, answered: 1, errors: 1, warnings: 0 })
  assert.deepEqual(record.progress("tv"), { asked: 0, answered: 0, errors: 0, warnings: 0 })
  assert.deepEqual(
    record.problems().map(({ path, kind }) => [path, kind]),
    [["nha/so_tang", "required"]],
  )
})

test("a wrong type is refused and the answer before it stays", () => {
  const record = open({ nha: { co_nha: "co", so_tang: 3 } })
  assert.throws(() => record.set("nha/so_tang", "ba"), TypeError)
  assert.equal(record.get("nha/so_tang"), 3)
  record.set("nha/so_tang", null)
  assert.equal(record.get("nha/so_tang"), "")
})

test("defaults fill blanks of a new record only", () => {
  const record = open({ ngay: "2026-10-01" })
  assert.deepEqual(record.applyDefaults(), ["hom_nay"])
  assert.equal(record.get("hom_nay"), "2026-11-23")
  assert.equal(record.get("ngay"), "2026-10-01")
})

test("answers are read in words", () => {
  const record = open({ ngay: "2026-10-01", tinh: "14", nha: { co_nha: "co" } })
  assert.equal(record.displayValue("ngay", "vi"), "01/10/2026")
  assert.equal(record.displayValue("tinh", "vi"), "Sơn La")
  assert.equal(record.displayValue("nha/co_nha", "en"), "Yes")
  assert.equal(numberWords(1500000.5, "vi"), "1.500.000,5")
  assert.equal(numberWords(-12345, "en"), "-12,345")
  assert.equal(numberWords(1954, "vi"), "1954", "a year")
  assert.equal(numberWords(0.00001, "vi"), "0,00001")
})

test("an answer runs only the rules that depend on it", () => {
  const record = open({ tv: Array.from({ length: 40 }, () => ({ ten: "A", tuoi: 3 })) }).settle()
  const ran = []
  const apply = record.apply.bind(record)
  record.apply = (node, item) => {
    ran.push(pathOf(node))
    return apply(node, item)
  }
  record.set("nha/co_nha", "co")
  assert.deepEqual(ran, ["nha/so_tang", "tong"])
  ran.length = 0
  record.set("tv[7]/tuoi", 4)
  assert.deepEqual(
    new Set(ran.filter((path) => !/lon_hon|nguoi_khac/.test(path))),
    new Set(["tv[7]/tre_em"]),
    "of one member only",
  )
  record.set("tv[7]/tuoi", 44)
  assert.deepEqual(
    ran.slice(1).filter((path) => !/lon_hon|nguoi_khac/.test(path)),
    ["tv[7]/tre_em", "so_tre"],
  )
  assert.equal(record.get("so_tre"), 39)
})

test("what waits can be worked out a moment at a time, with answers in between", () => {
  const tv = Array.from({ length: 12 }, (_, at) => ({ ten: "A", tuoi: at * 5 }))
  const [record, whole] = [open({ tv }), open({ tv })]
  let slices = 0
  for (let left = 1; !record.settleWhile(() => left-- > 0); left = 1) {
    slices += 1
    if (slices === 1) record.set("tv[3]/tuoi", 70) // settles all: what is in line again after it is done in slices too
    if (slices === 1) record.changed(record.node("tv[4]/tuoi"))
  }
  assert.ok(slices > 1, `${slices} slices`)
  whole.set("tv[3]/tuoi", 70)
  assert.deepEqual(record.values(), whole.values())
})

test("what no screen shows is worked out when somebody asks, and not before", () => {
  // biome-ignore format: a table
  const bundle = {
    id: "f", version: "1", title: "f", languages: ["vi"], default_language: "vi", choices: {}, tables: {},
    children: [
      { name: "tuoi", type: "integer" },
      { name: "gap_doi", type: "calculate", calculate: ["*", ["one", "/", ["child", "tuoi"]], 2] },
      { name: "hoi", type: "text", relevant: [">", ["one", "/", ["child", "gap_doi"]], 10] },
      { name: "ket_qua", type: "calculate", calculate: ["+", ["one", "/", ["child", "gap_doi"]], 1] },
    ],
    order: [["gap_doi", ["tuoi"], []], ["hoi", ["gap_doi"], []], ["ket_qua", ["gap_doi"], []]],
  }
  const make = () =>
    new Record(bundle, { answers: { tuoi: 7 }, clock: { today: "2026-11-24", now: "2026-11-24T08:00:00.000+07:00" } })
  const record = make()
  assert.equal(record.node("gap_doi").value, 14, "a question hangs on it")
  assert.equal(record.isRelevant("hoi"), true)
  assert.equal(record.node("ket_qua").value, "")
  assert.equal(record.get("ket_qua"), 15)
  const other = make()
  other.set("tuoi", 1)
  assert.deepEqual(other.values(), { tuoi: 1, gap_doi: 2, ket_qua: 3 })
})

const over = (name, leaf, least) => {
  const step = ["child", "tv", ...(least === null ? [] : [[">=", ["one", ".", ["child", "tuoi"]], least]])]
  return ["call", name, ["path", "/", step, ...(leaf ? [["child", leaf]] : [])]]
}
// biome-ignore format: a table
const COUNTS = [
  ["count", "", 10], ["sum", "luong", 20], ["min", "tuoi", 15], ["max", "tuoi", null], ["sum", "luong", null],
  ["count-non-empty", "luong", null], ["count", "", null], ["max", "luong", 30],
]
// biome-ignore format: a table
const roster = {
  id: "f", version: "1", title: "f", languages: ["vi"], default_language: "vi", choices: {}, tables: {},
  children: [
    { name: "tv", type: "repeat", children: [{ name: "tuoi", type: "integer" }, { name: "luong", type: "decimal" }] },
    ...COUNTS.map((one, i) => ({ name: `c${i}`, type: "calculate", calculate: over(...one) })),
  ],
  order: COUNTS.map((_, i) => [`c${i}`, ["tv", "tv/tuoi", "tv/luong"], []]),
}

/** Which members were looked at while `run` ran. */
function lookedAt(run) {
  const looked = new Set()
  const own = Object.getOwnPropertyDescriptor(Node.prototype, "relevant")
  Object.defineProperty(Node.prototype, "relevant", {
    configurable: true,
    get() {
      if (this.index) looked.add(this.index)
      return own.get.call(this)
    },
  })
  try {
    run()
  } finally {
    Object.defineProperty(Node.prototype, "relevant", own)
  }
  return [...looked]
}

test("counts over a hundred members look at the member that changed, and at no other", () => {
  const tv = Array.from({ length: 100 }, (_, i) => ({ tuoi: (i * 37) % 50, luong: i }))
  const record = new Record(roster, { answers: { tv }, clock }).settle()
  assert.deepEqual(
    lookedAt(() => record.set("tv[7]/luong", 12)),
    [7],
  )
  assert.deepEqual(
    lookedAt(() => record.addInstance("tv", { tuoi: 3 })),
    [101],
  )
  assert.deepEqual(
    lookedAt(() => record.set("tv[101]/tuoi", 12)),
    [101],
  )
})

test("counts that follow the changes are those of a fresh start, whatever is done in whatever order", () => {
  let seed = 20261124
  const random = (most) => (seed = (seed * 48271) % 2147483647) % most
  const record = new Record(roster, { answers: {}, clock })
  for (let step = 0; step < 1500; step += 1) {
    const size = record.instances("tv").length
    const place = `tv[${1 + random(Math.max(size, 1))}]`
    const done = random(size ? 12 : 1)
    if (done === 0) record.addInstance("tv", random(2) ? { tuoi: random(60) } : {})
    else if (done === 1) record.removeInstance(place)
    else if (random(2)) record.set(`${place}/tuoi`, random(4) ? random(60) : null)
    else record.set(`${place}/luong`, random(4) ? random(60) / 4 : null)
    if (random(3))
      assert.deepEqual(
        record.values(),
        new Record(roster, { answers: record.answers(), clock }).values(),
        `step ${step}`,
      )
  }
})

test("a table by column has the same rows as one by row", () => {
  const lookup = [
    "path",
    ["call", "instance", "xa"],
    ["child", "root"],
    ["child", "item", ["=", ["one", ".", ["child", "ma"]], ["one", "/", ["child", "chon"]]]],
    ["child", "ten"],
  ]
  // biome-ignore format: a table
  const form = (xa) => ({
    id: "f", version: "1", title: "f", languages: ["vi"], default_language: "vi", choices: {}, tables: { xa },
    children: [
      { name: "chon", type: "select_one", list: "xa", from_file: { value: "ma", label: "ten" } },
      { name: "ten_xa", type: "calculate", calculate: lookup },
      { name: "co_ghi", type: "calculate", calculate: ["call", "count", ["path", ["call", "instance", "xa"], ["child", "root"], ["child", "item"], ["child", "ghi"]]] },
    ],
    order: [["ten_xa", ["chon"], []], ["co_ghi", [], []]],
  })
  const rows = [{ ma: "1", ten: "Một" }, { ma: "2" }, { ma: "3", ten: "", ghi: "x" }]
  const columns = { ma: ["1", "2", "3"], ten: ["Một", null, ""], ghi: [null, null, "x"] }
  const clock = { today: "2026-11-24", now: "2026-11-24T08:00:00.000+07:00" }
  const [one, other] = [rows, columns].map((xa) => new Record(form(xa), { answers: { chon: "1" }, clock }))
  assert.deepEqual(other.values(), one.values())
  assert.deepEqual(other.values(), { chon: "1", ten_xa: "Một", co_ghi: 1 })
  assert.deepEqual(other.choices("chon"), one.choices("chon"))
  assert.equal(other.choices("chon").length, 3)
  assert.deepEqual(new Record(form({}), { clock }).choices("chon"), [])
})

test("a record is never called by a number that cannot be told", () => {
  const named = (answers) => {
    const naming = ["*", ["one", "/", ["child", "nha"], ["child", "so_tang"]], 2]
    return new Record({ ...bundle, instance_name: naming }, { answers, clock }).instanceName()
  }
  assert.equal(named({}), "")
  assert.equal(named({ nha: { co_nha: "co", so_tang: 2 } }), "4")
})
