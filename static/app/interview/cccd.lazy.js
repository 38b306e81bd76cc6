// The square code of a Vietnamese citizen card: number|old number|name|birth|sex|address|day of issue. Pure.
// From memory, by what cards are seen to carry; newer cards may have more fields, which are passed over. Digits of the
// number: NĐ 137/2015 Đ13 and TT 07/2016/TT-BCA Đ7 (1-3 where registered, 4 century and sex, 5-6 year of birth).

const toneless = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()

const clean = (text = "") => text.normalize("NFC").replace(/\s+/gu, " ").trim()

/**
 * "01021990" → {day: 1, month: 2, year: 1990, date: "1990-02-01"}; a card may know the year only; {} for no such day.
 */
function dayOf(text) {
  const [, day, month, year] = /^(\d{2})[/.-]?(\d{2})[/.-]?(\d{4})$/.exec(text) ?? []
  if (!year) return /^\d{4}$/.test(text) && text > "1850" ? { year: Number(text) } : {}
  if (day === "00" || month === "00") return { year: Number(year) }
  const date = `${year}-${month}-${day}`
  const at = new Date(`${date}T00:00:00Z`)
  if (Number.isNaN(at.getTime()) || !at.toISOString().startsWith(date)) return {}
  return { day: Number(day), month: Number(month), year: Number(year), date }
}

/** What the number itself says: {sex: "nam"|"nu", century, year}; null when it is not 12 digits. */
export function numberSays(number) {
  if (!/^\d{12}$/.test(number)) return null
  const sign = Number(number[3])
  return { sex: sign % 2 ? "nu" : "nam", year: 1900 + Math.floor(sign / 2) * 100 + Number(number.slice(4, 6)) }
}

/** Where the number and what is known of the person disagree: of "sex" and "birth", those that do. */
export function doubts({ number, sex, year }) {
  const says = numberSays(number ?? "")
  if (!says) return []
  return [...(sex && sex !== says.sex ? ["sex"] : []), ...(year && year !== says.year ? ["birth"] : [])]
}

/**
 * What a code holds: {number, old, name, birth, day, month, year, sex, address, issued}, only what could be read; null
 * when it is no citizen card's code. 12 digits alone are a number (an older card's bar code).
 */
export function readCard(text) {
  const fields = String(text).split("|").map(clean)
  const number = fields[0].replace(/[\s.]/g, "")
  if (!/^\d{12}$/.test(number) || fields.length === 2) return null
  const [, old = "", name = "", birth = "", sex = "", address = "", issued = ""] = fields
  const { date, ...parts } = dayOf(birth)
  const read = {
    number,
    old: /^\d{9}(\d{3})?$/.test(old) ? old : "",
    name: /\d/.test(name) ? "" : name,
    birth: date,
    ...parts,
    sex: { nam: "nam", nu: "nu" }[toneless(sex)],
    address,
    issued: dayOf(issued).date,
  }
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value))
}

// Which question of the same person takes what: the parameters name them; else these, where the form has them.
const USUAL = {
  name: "ho_ten",
  birth: "ngay_sinh",
  day: "ngay_sinh",
  month: "thang_sinh",
  year: "nam_sinh",
  sex: "gioi_tinh",
}
const TYPES = { birth: ["date"], day: ["integer"], month: ["integer"], year: ["integer"] }
const SEXES = { nam: ["nam", "male", "m"], nu: ["nu", "female", "f"] }

/** The name under which `choices` ([{name, label}]) offer a sex; undefined when none is recognised. */
function offeredSex(sex, choices) {
  const speaks = (text) => typeof text === "string" && SEXES[sex].includes(toneless(text))
  return choices.find(({ name, label }) => speaks(name) || Object.values(label ?? {}).some(speaks))?.name
}

/**
 * The answers a card gives: [{name, value}] by the names of questions. `typeOf(name)` is a question's type or
 * undefined, `choicesOf(name)` what a choice offers. The address, the old number and the day of issue go only where a
 * parameter says.
 */
export function answersOf(card, parameters, { typeOf, choicesOf }) {
  const targets = { ...USUAL, ...parameters }
  return ["name", "birth", "day", "month", "year", "sex", "old", "address", "issued"].flatMap((field) => {
    const name = targets[field]
    const type = name && typeOf(name)
    let value = card[field]
    if (!type || value === undefined || value === "") return []
    if (TYPES[field] && !parameters?.[field] && !TYPES[field].includes(type)) return []
    if (field === "sex" && type === "select_one") value = offeredSex(value, choicesOf(name))
    else if (type === "integer" && typeof value !== "number") return []
    else if (type !== "integer") value = String(value)
    return value === undefined ? [] : [{ name, value }]
  })
}

/** Do an answer and the card say the same? Capitals and spaces of a name do not matter. */
export const isSame = (one, other) => clean(String(one)).toLowerCase() === clean(String(other)).toLowerCase()
