// Who of an interview stands in another household of this phone too: said at the doorstep, where it can be put right.
// Pure. What two persons agree in, as the office's search has it   ⇄ survey/register/likeness.py (its words of a
// likeness; tests/cases/likeness.json binds both). The office weighs it among a whole commune; here, among the few
// hundred households of a village, it is enough to agree in a number, or in a name and a birth.

const TONES = /[\u0300\u0301\u0303\u0309\u0323]/gu
const ALIKE = { ð: "đ", ɖ: "đ", "’": "'", "‘": "'", ʼ: "'", "`": "'", "´": "'" }
const NAMES = ["name", "name_tones", "name_order"]
// Fields of a person, as the household's list of members calls them.
const NAME = "ho_ten"

/** The syllable with its tone at the end: "hoà" and "hòa" are one. */
function syllable(word) {
  const letters = word.normalize("NFD")
  return letters.replace(TONES, "") + [...(letters.match(TONES) ?? [])].sort().join("")
}

/** The key under which a name is compared.   ⇄ survey/names.py */
export function nameKey(name) {
  const shown = String(name)
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .toLowerCase()
  const written = shown.replace(/[ðɖ’‘ʼ`´]/gu, (letter) => ALIKE[letter])
  return written.split(/\s+/u).filter(Boolean).map(syllable).join(" ")
}

/** A weaker key, of the key: without tones and marks. */
const bareOf = (key) => key.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/g, "d")

/** Anything that is no whole number is one that nobody knows: 0. */
const whole = (value) => (Number.isInteger(value) ? value : 0)

/** A member of a list as they are compared: {name, year, day, sex, number, …}; `day` within the year, 0 unknown. */
export function personOf(member) {
  const name = String(member[NAME] ?? "")
  const key = nameKey(name)
  const bare = bareOf(key)
  const [month, day] = [whole(member.thang_sinh), whole(member.ngay_sinh)]
  // The first of January stands for "not known" on many papers.
  const isKnown = month && day && (month !== 1 || day !== 1)
  const number = String(member.cccd ?? "")
  return {
    name,
    key,
    bare,
    order: bare.split(" ").sort().join(" "), // one of thousands is compared with everybody: worked out once
    year: whole(member.nam_sinh),
    day: isKnown ? month * 32 + day : 0,
    sex: member.gioi_tinh ?? "",
    number: /^\d{12}$/.test(number) ? number : "",
  }
}

/** The members in `answers` that have a name, wherever a form keeps them: those of its first list with any. */
export function membersIn(answers) {
  if (Array.isArray(answers)) return answers.filter((one) => one && typeof one === "object" && one[NAME])
  if (!answers || typeof answers !== "object") return []
  for (const one of Object.values(answers)) {
    const found = membersIn(one)
    if (found.length) return found
  }
  return []
}

/** One letter apart, or one syllable inside more: "lo van hoa" and "lo hoa". */
function isNear(one, other) {
  const [a, b] = [[...one], [...other]].sort((x, y) => x.length - y.length)
  if (b.length - a.length <= 1) {
    let at = 0
    while (at < a.length && a[at] === b[at]) at += 1
    return a.slice(at + (a.length === b.length ? 1 : 0)).join("") === b.slice(at + 1).join("")
  }
  const [few, many] = [one.split(" "), other.split(" ")].sort((x, y) => x.length - y.length)
  return many.length === few.length + 1 && few.length >= 2 && many[0] === few[0] && many.at(-1) === few.at(-1)
}

function nameOf(one, other) {
  if (!one.key || !other.key) return null
  if (one.key === other.key) return "name"
  if (one.bare === other.bare) return "name_tones"
  if (one.order === other.order) return "name_order"
  return isNear(one.bare, other.bare) ? "name_near" : null
}

/** The same, with day and month in each other's place, or one of them read wrongly. */
function isNearDay(day, other) {
  const [a, b] = [day, other].map((one) => [Math.floor(one / 32), one % 32])
  return a[0] === b[0] || a[1] === b[1] || (a[0] === b[1] && a[1] === b[0])
}

function birthOf(one, other) {
  if (!one.year || !other.year) return null
  const isWhole = one.day && other.day
  if (one.year === other.year && !isWhole) return "birth_year"
  if (one.year === other.year && one.day === other.day) return "birthday"
  const isClose = Math.abs(one.year - other.year) <= 1 && (!isWhole || isNearDay(one.day, other.day))
  return isClose ? "birth_near" : null
}

function numberOf(one, other) {
  if (!one.number || !other.number) return null
  if (one.number === other.number) return "number"
  const wrong = [...one.number].flatMap((digit, at) => (digit === other.number[at] ? [] : [at]))
  const [a, b] = wrong
  const isSwapped =
    wrong.length === 2 && b === a + 1 && one.number[a] === other.number[b] && one.number[b] === other.number[a]
  return wrong.length === 1 || isSwapped ? "number_near" : null
}

/** What two persons agree in, [name, birth, number] without what they do not; [] when nothing makes one of them. */
export function likenesses(one, other) {
  const [name, birth, number] = [nameOf(one, other), birthOf(one, other), numberOf(one, other)]
  return name || number === "number" ? [name, birth, number].filter((kind) => kind !== null) : []
}

/** Is it worth a person's look? `isNew`: the household was met now, so that a name alone is something. */
export function isAsked(one, other, { isNew = false } = {}) {
  const kinds = likenesses(one, other)
  if (kinds.includes("number")) return true
  if (!kinds.length || (one.sex && other.sex && one.sex !== other.sex)) return false
  if (kinds.includes("number_near")) return true
  const isNamed = kinds.some((kind) => NAMES.includes(kind))
  const [isBirthday, isBorn] = [kinds.includes("birthday"), kinds.some((kind) => kind.startsWith("birth"))]
  if (isBirthday || (isNamed && isBorn)) return true
  return isNew && kinds.includes("name") && !(one.year && other.year)
}

/** Two persons as one text, whichever is asked first: what was said of them is kept under it. */
export const pairKey = (household, one, other, theirs) =>
  [
    [household, one],
    [other, theirs],
  ]
    .map(([id, { key, year, number }]) => [id, key, year, number].join(" "))
    .sort()
    .join(" | ")

/**
 * The persons of `household` who stand in one of `others` too: [{key, person, other, theirs}], each at most once, a
 * number before a name. `household` and `others` are {id, isNew, members}; `isSaid(key)`: of this pair somebody has
 * said that it is two people.
 */
export function alikeIn(household, others, isSaid = (_) => false) {
  const people = household.members.map(personOf)
  const found = others
    .filter(({ id }) => id !== household.id)
    .flatMap((other) => other.members.map(personOf).map((theirs) => ({ other, theirs })))
    .flatMap(({ other, theirs }) =>
      people
        .filter((person) => isAsked(person, theirs, { isNew: household.isNew || other.isNew }))
        .map((person) => ({ key: pairKey(household.id, person, other.id, theirs), person, other, theirs })),
    )
    .filter(({ key }) => !isSaid(key))
  const isSure = ({ person, theirs }) => person.number && person.number === theirs.number
  return [...found.filter(isSure), ...found.filter((one) => !isSure(one))].filter(
    ({ person }, at, all) => all.findIndex((one) => one.person === person) === at,
  )
}
