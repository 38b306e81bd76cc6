// A support that was given is written down at the door, with or without network; and, on the household's page, what was
// given to it and what became of what was sent.

import { HOME, ofHousehold, ofSent, ofSupport } from "../addresses.js"
import { today } from "../../clock.js"
import {
  earlierOf,
  faultIn,
  givenBy,
  kindsFor,
  moneyParts,
  needsOf,
  runningOn,
  supportOf,
} from "../../interview/support.lazy.js"
import { membersIn } from "../../interview/proposal.lazy.js"
import { fold, matches } from "../../search.js"
import { Moment, NumberField } from "../controls/field.js"
import { wordsOfProblem } from "../notices.js"
import { action, date, isDateRight, number, part, stamp, tag, word } from "../page.js"
import { choices, chosen } from "../radio.lazy.js"
import { survey } from "../register.js"
import { tell } from "../tell.lazy.js"
import { learnt } from "../templates.lazy.js"

const MOST = 7 // rows that need no box to seek in
// Where what is missing or wrong is asked; all else is about the day.
const ASKED = {
  kind: "of-kind",
  support_whole_household: "of-kind",
  support_person_needed: "who",
  project: "of-project",
  amount: "of-amount",
  quantity: "of-quantity",
  support_given: "double",
}
const NOTHING = { mark: null, kinds: [], projects: [], needs: [], given: [], sent: [] }

/**
 * What can be given here, and what was, by the office's last word.
 * @param {import("../main.js").Shell} app
 */
async function known(app) {
  const [list, items] = await Promise.all([app.store.list("supports"), app.store.outbox()])
  /** @type {SupportList} */
  const found = list ?? NOTHING
  return { list: found, given: givenBy(found, items) }
}

/** 1 triệu 500 nghìn đồng. */
const moneyWords = (amount) =>
  word("support.money", {
    amount: moneyParts(amount)
      .map(([count, size]) =>
        size === "one" ? number(count) : word(`support.money_${size}`, { count: number(count) }),
      )
      .join(" "),
  })

/** "2026-11-23" as 23/11/2026. */
const dayWords = (day) => date(`${day}T00:00:00`)

/**
 * A field of the interview's own kind, without a questionnaire around it; `answer(value)` hears what is typed.
 * @param {any} Field
 * @param {any} place
 * @param {{ type: string, value?: string, looks?: string[], answer: (value: any) => any }} how
 */
function fieldOf(Field, place, { type, value = "", looks = [], answer }) {
  const labelId = part(place, "label").id
  const field = new Field({ node: { type }, looks: new Set(looks), labelId, value, answer })
  part(place, "control").replaceChildren(field.element)
  return field
}

/** Rows of [value, label] under a box to seek in where there are many; what was chosen stays in sight. */
function offer(place, name, rows) {
  const box = action(place, "seek")
  const keys = rows.map(([, label]) => fold(label))
  part(place, "seeker").hidden = rows.length <= MOST
  if (rows.length <= MOST) box.value = ""
  const draw = () => {
    const kept = chosen(place, name)
    const shown = rows.filter(([value], at) => value === kept || matches(keys[at], box.value))
    choices(part(place, "rows"), name, shown, kept)
  }
  box.oninput = draw
  box.onkeydown = (event) => {
    if (event.key === "Enter") event.preventDefault() // it would send the form
  }
  draw()
}

const projectKey = ({ programme, project }) => JSON.stringify([programme, project])

/** The name of a project, with that of its programme. */
const projectWords = (one) => [one.name, one.programme_name].filter(Boolean).join(" · ")

/** @param {import("../main.js").Shell} app */
export async function show(app, { step: roundId, more: householdId }) {
  await learnt()
  const [{ rows, hello, villages, rounds }, { list, given }] = await Promise.all([survey(app.store), known(app)])
  const found = rows.find(({ household }) => household.household_id === householdId && household.round_id === roundId)
  if (!found || !hello?.commune || found.household.is_new || !list.kinds.length) return void app.replace(HOME)
  const { household } = found
  const commune = hello.commune.id
  const name = household.head_name || word("row.unnamed")
  const members = membersIn(household.last_answers)
  const doubted = await app.doubt(rounds.get(roundId))
  const now = today(Date.now())
  /** @type {Supported} */
  const said = {
    kind: "",
    programme: "",
    project: "",
    person: null,
    day: doubted ? null : now, // of a clock that cannot be right nothing is taken silently
    amount: null,
    quantity: null,
    document: "",
    note: "",
  }

  const element = stamp("support", { title: word("support.title", { name }) })
  const form = /** @type {HTMLFormElement} */ (part(element, "form"))
  action(element, "back").href = action(element, "stop").href = ofHousehold(household)
  part(element, "where").textContent = [villages.get(household.village_id)?.name, household.code]
    .filter(Boolean)
    .join(" · ")
  const needs = needsOf(householdId, list)
  drawNeeds(part(element, "needs"), needs)
  const needed = new Set(needs.flatMap(({ projects }) => projects))
  const kinds = kindsFor(list.kinds, members)
  offer(
    part(element, "of-kind"),
    "kind",
    kinds.map(({ code, label }) => [code, label]),
  )
  part(element, "nobody").hidden = members.length > 0
  choices(
    part(element, "people"),
    "person",
    members.map(({ id, name: of, isHead }) => [id, isHead ? word("propose.is_head", { name: of }) : of]),
  )

  let offered = ""
  /** Only what ran on that day, first those that serve what the household lacks; one alone is not asked about. */
  const drawProjects = () => {
    const running = runningOn(list.projects, said.day)
    running.sort((one, other) => Number(needed.has(other)) - Number(needed.has(one)))
    const place = part(element, "of-project")
    const keys = running.map(projectKey)
    if (keys.join() !== offered)
      offer(
        place,
        "project",
        running.map((one, at) => [keys[at], projectWords(one)]),
      )
    offered = keys.join()
    place.hidden = running.length < 2
    const [only] = running.length === 1 ? running : running.filter((_, at) => keys[at] === chosen(form, "project"))
    Object.assign(said, { programme: only?.programme ?? "", project: only?.project ?? "" })
  }
  /** What is said so far, on the screen and in `said`; gives those that were given before. */
  const draw = () => {
    said.kind = chosen(form, "kind") ?? ""
    const kind = kinds.find(({ code }) => code === said.kind)
    part(element, "more").hidden = !kind
    part(element, "who").hidden = kind?.subject !== "person"
    said.person = kind?.subject === "person" ? chosen(form, "person") : null
    drawProjects()
    const earlier = earlierOf(said, householdId, given, list)
    part(element, "double").hidden = earlier.length === 0
    if (earlier.length) part(element, "double-rule").textContent = word(`support.once_${kind?.subject}_${kind?.window}`)
    part(element, "double-list").replaceChildren(
      ...earlier.map((one) => lineOf({ ...one, entry: null }, list, members)),
    )
    part(element, "send-words").textContent = word(earlier.length ? "support.send_double" : "support.send")
    said.document = action(form, "document").value
    said.note = earlier.length ? action(form, "note").value : ""
    return earlier
  }
  form.addEventListener("change", ({ target }) => {
    const { name: of, type } = /** @type {HTMLInputElement} */ (target)
    const double = part(element, "double")
    const wasHidden = double.hidden
    draw()
    if (of === "kind") part(element, "more").scrollIntoView({ block: "start" })
    else if (type === "radio" && wasHidden && !double.hidden) double.scrollIntoView({ block: "nearest" })
  })
  // What is told of stood there before.
  form.addEventListener("input", () => (part(element, "fault").hidden = true))

  const day = fieldOf(Moment, part(element, "of-day"), {
    type: "date",
    value: said.day ?? "",
    answer: (value) => {
      said.day = value
      draw()
    },
  })
  const amount = fieldOf(NumberField, part(element, "of-amount"), {
    type: "integer",
    looks: ["thousands-sep"],
    answer: (value) => {
      said.amount = value
      part(element, "amount-words").textContent = value ? moneyWords(value) : ""
    },
  })
  const quantity = fieldOf(NumberField, part(element, "of-quantity"), {
    type: "integer",
    answer: (value) => (said.quantity = value),
  })
  /** What of the fields is no number. */
  const unread = () => (amount.fault() ? "amount" : quantity.fault() ? "quantity" : null)

  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    const earlier = draw()
    const fault = (day.fault() ? "day" : null) ?? unread() ?? faultIn(said, { today: now, earlier, list })
    const place = part(element, "fault")
    place.hidden = !fault
    if (fault) {
      const asked = part(element, ASKED[fault] ?? "of-day")
      ;(asked.hidden ? part(element, "of-day") : asked).append(place) // under its question
      place.textContent = word(`support.fault_${fault}`)
      return void place.scrollIntoView({ block: "center" })
    }
    const send = action(element, "support")
    if (send.disabled || (doubted && !(await isDateRight(doubted)))) return
    const words = [word("support.sure_words", { name, what: wordsOf(said, list, members) })]
    if (earlier.length) words.push(word("support.sure_double"))
    const question = { title: word("support.sure"), words: words.join(" "), yes: word("support.yes") }
    const make = () => supportOf({ household, commune, said, doubted, now: new Date() })
    if (!(await tell(app, send, question, household, name, make))) return
    app.go(ofHousehold(household))
  })
  draw()
  return { element }
}

const labelOf = (list, kind) => list.kinds.find(({ code }) => code === kind)?.label ?? kind

const nameOf = (members, person) => members.find(({ id }) => id === person)?.name

/** What is going to be sent, in one line: kind, for whom, on which day, how much. */
function wordsOf({ kind, person, day, amount, quantity }, list, members) {
  const more = [
    dayWords(day),
    amount && moneyWords(amount),
    quantity && word("support.pieces", { count: number(quantity) }),
  ]
  const what = [labelOf(list, kind), nameOf(members, person)]
  return `${what.filter(Boolean).join(", ")} (${more.filter(Boolean).join("; ")})`
}

/**
 * One that was given, as a card.
 * @param {Given} one
 */
function lineOf(one, list, members) {
  const more = [
    one.day && dayWords(one.day),
    one.amount && word("support.dong", { amount: number(one.amount) }),
    one.quantity && word("support.pieces", { count: number(one.quantity) }),
    one.place,
    one.programme_name,
    one.document,
  ]
  const line = stamp("support-line", {
    what: [labelOf(list, one.kind), nameOf(members, one.person)].filter(Boolean).join(" · "),
    more: more.filter(Boolean).join(" · "),
  })
  tag(part(line, "tag"), `given.${one.state}`)
  const said = one.words && (one.by ? word("propose.words", { name: one.by, words: one.words }) : one.words)
  const words = one.state === "held" && one.held ? wordsOfProblem(one.held) : said
  part(line, "words").textContent = words
  part(line, "words").hidden = !words
  const link = action(line, "sent")
  link.hidden = !one.entry
  if (one.entry) link.href = ofSent(one.id)
  return line
}

/** What a household lacks, each with the projects that serve it. */
function drawNeeds(place, needs) {
  place.hidden = needs.length === 0
  const rows = needs.map(({ indicator, projects }) =>
    stamp("need", {
      what: word(`indicator.${indicator}`),
      projects: projects.map(projectWords).join("; ") || word("support.no_project"),
    }),
  )
  part(place, "needs-list").replaceChildren(...rows)
}

/**
 * Fills `place` on a household's page: the way to write one down, what it lacks, and what was given to it and to who
 * lives there.
 * @param {import("../main.js").Shell} app
 */
export async function drawSupports(place, app, household) {
  const { list, given } = await known(app)
  const members = membersIn(household.last_answers)
  const isOfIt = (one) => one.household_id === household.household_id || members.some(({ id }) => id === one.person)
  const own = given.filter(isOfIt)
  if (!list.kinds.length && !own.length) return
  await learnt()
  const box = stamp("supports")
  action(box, "support").hidden = Boolean(!list.kinds.length || household.gone || household.is_new)
  action(box, "support").href = ofSupport(household)
  drawNeeds(part(box, "needs"), needsOf(household.household_id, list))
  part(box, "list").replaceChildren(...own.map((one) => lineOf(one, list, members)))
  part(box, "none").hidden = own.length > 0
  place.replaceChildren(box)
}
