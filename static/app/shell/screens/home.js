// Home: one line of truth, what came back first, what is half done, then every household of the villages.

import { ofHousehold } from "../addresses.js"
import { fold, matches } from "../../search.js"
import { isStuck } from "../../store/store.js"
import { drawNotices, wordsOfStop } from "../notices.js"
import { action, fill, number, part, stamp, tag, time, word } from "../page.js"
import { inTurn } from "../redraw.js"
import { moreOf, survey } from "../register.js"

const DUE = ["to_visit", "open", "returned", "said_sent_back"] // somebody has to go there (again)
const isOpen = (round) => round.state === "open"
const AT_ONCE = 30 // rows drawn; more come when the last one is seen

function row({ household, draft, sign }, villages) {
  const name = draft?.name || household.head_name || word("row.unnamed")
  const element = stamp("household-row", { name, more: moreOf(household, villages) })
  const link = action(element, "household")
  link.href = ofHousehold(household)
  link.dataset.household = household.household_id
  const place = part(element, "tag")
  if (sign === "between") place.remove()
  else tag(place, `sign.${sign}`)
  return element
}

/** Fills a list with rows bit by bit, as they are scrolled to. */
function unroll(list, rows, draw) {
  list.unrolling?.disconnect()
  let drawn = 0
  const more = () => {
    const next = rows.slice(drawn, drawn + AT_ONCE).map(draw)
    drawn += next.length
    list.append(...next)
    return next.at(-1)
  }
  list.replaceChildren()
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return
      observer.disconnect()
      const last = more()
      if (drawn < rows.length) observer.observe(last)
    },
    { rootMargin: "600px" },
  )
  list.unrolling = observer
  const last = more()
  if (drawn < rows.length) observer.observe(last)
}

// What was searched and filtered stays while somebody walks into a household and back.
const FRESH = { query: "", show: "to_visit", village: "" }
const view = { ...FRESH }

/** The phone is locked: whom somebody searched for is forgotten. */
export const forget = () => Object.assign(view, FRESH)

/** @param {import("../main.js").Shell} app */
export async function show(app) {
  const element = stamp("home")
  const search = action(element, "search")
  /** @type {Awaited<ReturnType<typeof survey>>} */
  let found
  let drawn = ""
  /** No round is open, and the households are here all the same. */
  const isBetween = () => found.rows.some(({ sign }) => sign === "between") && ![...found.rounds.values()].some(isOpen)

  const list = () => {
    const { rows, villages } = found
    const between = isBetween() // what is half done of the last round stands above
    const inVillage = rows.filter(
      ({ household, sign }) =>
        (!view.village || household.village_id === view.village) && (!between || sign === "between"),
    )
    const kinds = {
      to_visit: inVillage.filter(({ sign }) => DUE.includes(sign)),
      done: inVillage.filter(({ sign }) => ![...DUE, "between"].includes(sign)),
      all: inVillage,
    }
    for (const [kind, members] of Object.entries(kinds))
      part(element, `count-${kind}`).textContent = number(members.length)
    // Somebody who searches wants the household, whatever was filtered; the filter makes room for what is found.
    part(element, "states").hidden = between || Boolean(view.query.trim())
    const shown = view.query.trim()
      ? inVillage.filter(({ household, draft }) => matches(`${household.key} ${fold(draft?.name)}`, view.query))
      : kinds[between ? "all" : view.show]
    const signature = JSON.stringify(
      shown.map(({ household, sign, draft }) => [household.household_id, household.change, sign, draft?.name]),
    )
    if (signature !== drawn) unroll(part(element, "households"), shown, (one) => row(one, villages))
    drawn = signature
    const nobody = part(element, "nobody")
    nobody.hidden = shown.length > 0
    nobody.textContent = word(nobodyOf(rows))
  }

  const nobodyOf = (rows) => {
    if (rows.length === 0) return "row.empty"
    if (!view.query) return "row.none"
    return isBetween() ? "row.nobody_listed" : "row.nobody"
  }

  // All is read first, then drawn at once: «đã gửi hết» never stands above a count of what is not sent.
  const draw = inTurn(async () => {
    const before = app.sync.state
    const [register, counts, at, files] = await Promise.all([
      survey(app.store),
      app.store.counts(),
      app.store.get("synced_at"),
      before.busy ? [] : app.store.filesWaiting(),
    ])
    found = register
    for (const [name, count] of Object.entries(counts)) {
      const place = element.querySelector(`[data-count="${name}"]`)
      if (place) place.textContent = number(count)
    }
    part(element, "unsent").classList.toggle("is-due", counts.unsent > 0)
    drawReturned(element, found)
    drawOpen(element, found)
    drawVillages(element, found, list)
    const open = [...found.rounds.values()].filter(isOpen)
    part(element, "between").hidden = !isBetween()
    part(element, "new").hidden = isBetween()
    part(element, "round").textContent = open.map((round) => round.title).join(", ") || word("round.default")
    list()
    drawNotices(element, app, found)
    const state = app.sync.state.busy ? app.sync.state : before
    drawSync(element, state, { unsent: counts.unsent, at, stuck: files.filter(isStuck).length })
  })

  search.value = view.query
  search.addEventListener("input", () => {
    view.query = search.value
    list()
    // Above the keyboard there is room for a few names only, so they begin right under the box.
    part(element, "register").scrollIntoView()
  })
  element.querySelector(`[name="show"][value="${view.show}"]`).checked = true
  part(element, "states").addEventListener("change", (event) => {
    view.show = event.target.value
    list()
  })
  action(element, "sync").addEventListener("click", async () => {
    drawProgress(element, { step: "hello" })
    await app.store.forgiveRefusals()
    await app.sync.now()
    await draw() // also when another window was at it and nothing ran here
  })
  await draw()
  return { element, changed: draw, progressed: (state) => drawProgress(element, state) }
}

function drawReturned(element, { rows, villages }) {
  const returned = rows.filter(
    ({ sign, household }) =>
      ["returned", "said_sent_back"].includes(sign) || (sign === "open" && household.state === "returned"),
  )
  part(element, "returned").hidden = returned.length === 0
  part(element, "returned-count").textContent = number(returned.length)
  const cards = returned.map(({ household, sign }) => {
    const comments = sign === "said_sent_back" ? [{ text: household.outcome.words }] : household.returned?.comments
    const words = (comments ?? []).map((comment) => comment.text).join("\n")
    const card = stamp("returned-card", { name: household.head_name, more: moreOf(household, villages), words })
    card.href = ofHousehold(household)
    card.dataset.household = household.household_id
    tag(part(card, "tag"), `sign.${sign}`)
    return card
  })
  fill(part(element, "returned-list"), cards)
}

function drawOpen(element, { rows, villages }) {
  const open = rows.filter(({ draft, household }) => draft && household.state !== "returned")
  part(element, "open").hidden = open.length === 0
  part(element, "open-count").textContent = number(open.length)
  fill(
    part(element, "open-list"),
    open.map((one) => row(one, villages)),
  )
}

function drawVillages(element, { villages }, list) {
  const place = part(element, "villages")
  place.hidden = villages.size < 2
  if (place.hidden || place.dataset.drawn) return
  place.dataset.drawn = "1"
  const all = [{ id: "", name: word("village.all") }, ...villages.values()]
  for (const village of all) {
    const chip = stamp("village-chip", { name: village.name })
    const input = chip.querySelector("input")
    Object.assign(input, { value: village.id, checked: view.village === village.id })
    place.append(chip)
  }
  place.addEventListener("change", (event) => {
    view.village = event.target.value
    list()
  })
}

/** What the sync is at, with its counts. */
export function wordsOfProgress({ step, done = 0, total = 0, bytes = 0, size = 0 }) {
  return word(`sync.${step}`, {
    done: number(done),
    total: number(total),
    bytes: number(Math.round(bytes / 1000)),
    size: number(Math.ceil(size / 1000)),
  })
}

function drawProgress(element, progress) {
  const place = part(element, "sync")
  action(element, "sync").disabled = true
  place.dataset.state = "busy"
  place.textContent = wordsOfProgress(progress)
}

function drawSync(element, state, { unsent, at, stuck }) {
  const { busy, held, stopped, runs } = state
  const place = part(element, "sync")
  place.dataset.runs = runs
  place.dataset.why = stopped?.why ?? ""
  if (busy) return drawProgress(element, state)
  action(element, "sync").disabled = false
  place.dataset.state = stopped?.act ?? (at ? "idle" : "never")
  if (stopped) place.textContent = wordsOfStop(stopped)
  else if (stuck) place.textContent = word("sync.stuck", { count: number(stuck) })
  else if (held) place.textContent = word("sync.held", { count: number(held) })
  else if (unsent) place.textContent = word("sync.waiting", { count: number(unsent) })
  else place.textContent = at ? word("sync.idle_at", { time: time(at) }) : word("welcome.first")
}
