// Reads tests/cases/households.md: the reference household and what each case changes.   ⇄ tests/poverty/households.py
const EMPTY = "(trống)"
const CLASSES = {
  "Hộ nghèo": "ho_ngheo",
  "Hộ cận nghèo": "ho_can_ngheo",
  "Không nghèo": "khong_ngheo",
  "chưa rõ": null,
}
const AREAS = { "Nông thôn": "nong_thon", "Thành thị": "thanh_thi", [EMPTY]: null }
const B1 = [
  ["thu nhập các khoản", "thu_nhap", null],
  ["thu nhập ", "thu_nhap", "thu_nhap/thu_nhap_nguoi"],
  ["bảng ", "bang_diem", null],
  ["", "nhap_tong", "thu_nhap/b1_nhap"],
]

/** Every table of the page: a list of rows, each by the words of the table's head. */
function tables(text) {
  const found = [[]]
  for (const line of text.split("\n")) {
    if (line.startsWith("|"))
      found.at(-1).push(
        line
          .trim()
          .slice(1, -1)
          .split("|")
          .map((cell) => cell.trim()),
      )
    else if (found.at(-1).length) found.push([])
  }
  return found
    .filter((rows) => rows.length)
    .map(([head, , ...rows]) => rows.map((row) => Object.fromEntries(head.map((word, i) => [word, row[i]]))))
}

const number = (said) => Number(said.replaceAll(".", "").replace(",", "."))
const split = (text, by) => text.split(by).filter(Boolean)

/**
 * The cases: {name, answers, expected: {class, b1, b2, deprived: [true|false|null × 12], quoted: [names],
 * illustrative}}.
 */
export function readCases(bundle, text) {
  const rows = tables(text).flat()
  const words = Object.fromEntries(
    rows.filter((row) => row["Từ"]).map((row) => [row["Từ"], row["Câu hỏi của phiếu"].split(" ")]),
  )

  const nodeAt = (path) =>
    path.split("/").reduce((node, name) => node.children.find((child) => child.name === name), bundle)

  function value(path, said) {
    if (said === EMPTY) return null
    const { type, list } = nodeAt(path)
    if (type.startsWith("select"))
      return said
        .split(" + ")
        .map((label) => bundle.choices[list].find((choice) => choice.label.vi === label).name)
        .join(" ")
    if (type === "integer" || type === "decimal") return number(said)
    const [day, month, year] = said.split("/")
    return `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`
  }

  function change(household, text) {
    if (text.startsWith("bỏ ")) delete household[text.slice(3)]
    else if (text.startsWith("thêm ")) {
      const [added, like] = text.slice(5).split(" như ")
      household[added] = { ...household[like] }
    } else {
      const [question, answer] = text.split(" = ")
      const [word, who = "hộ"] = question.split(": ").reverse()
      const given = answer === EMPTY ? [] : words[word].length === 1 ? [answer] : answer.split("/")
      words[word].forEach((path, i) => {
        household[who][path] = value(path, given[i - words[word].length + given.length] ?? EMPTY)
      })
    }
  }

  const reference = {}
  for (const row of rows.filter((row) => row["Trả lời"])) {
    reference[row.Ai] = {}
    for (const said of row["Trả lời"].split("; ")) change(reference, `${row.Ai}: ${said}`)
  }

  return rows
    .filter((row) => row["Trường hợp"])
    .map((row) => {
      const household = structuredClone(reference)
      for (const said of split(row["Khác hộ mẫu"], "; ")) change(household, said)
      const [prefix, method, keyed] = B1.find(([prefix]) => row.B1.startsWith(prefix))
      const figure = row.B1.slice(prefix.length)
      const said = figure === EMPTY || figure === "" ? null : number(figure)
      if (method === "thu_nhap" && !("thu_nhap/cach_thu_nhap" in household["hộ"]))
        household["hộ"]["thu_nhap/cach_thu_nhap"] = keyed ? "giay" : "cac_khoan"
      if (keyed) household["hộ"][keyed] = said
      const parts = split(row["Thiếu hụt"], ", ")
      return {
        name: row["Trường hợp"],
        answers: {
          ...nested(household),
          ma_ho: "03757-01-001",
          vung: "mien_nui_phia_bac",
          khu_vuc: AREAS[row["Khu vực"]],
          cach_b1: method,
        },
        expected: {
          class: CLASSES[row["Xếp loại"]],
          b1: method === "thu_nhap" ? null : said,
          b2: row.B2 === "–" ? null : number(row.B2),
          illustrative: method === "bang_diem",
          deprived: Array.from({ length: 12 }, (_, i) =>
            parts.includes(`${i + 1}?`) ? null : parts.includes(`${i + 1}`),
          ),
          quoted: split(row["Do ai"], ", ").sort(),
        },
      }
    })
}

/** Answers as the form has them: groups nest, the persons are the list `thanh_vien`. */
function nested({ hộ: household, ...persons }) {
  const answers = {}
  for (const [path, answer] of Object.entries(household)) {
    const [name, group] = path.split("/").reverse()
    ;(group ? (answers[group] ??= {}) : answers)[name] = answer
  }
  answers.thanh_vien = Object.entries(persons).map(([ho_ten, given]) => ({
    ho_ten,
    ...Object.fromEntries(Object.entries(given).map(([path, answer]) => [path.split("/")[1], answer])),
  }))
  return answers
}
