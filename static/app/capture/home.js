// Home: one line of truth, what came back first, what is half done, then every household of the villages.

import { isReceived } from "../store.js"
import { matches } from "../search.js"
import { action, inLanguage, number, part, stamp, tag, time, word } from "./page.js"

const AT_ONCE = 30 // rows drawn; more come when the last one is seen

const hashOf = (household) => `#/h/${encodeURIComponent(household.round_id)}/${encodeURIComponent(household.household_id)}`
const keyOf = (one) => `${one.round_id}/${one.household_id}`

/** What this phone and the server together know of a household: the sign that the list shows. */
export function signOf(household, draft, items) {
  const last = items.at(-1)
  if (draft) return "open"
  if (last?.problem) return "refused"
  if (last && !isReceived(last)) return "unsent"
  // Mended and sent: the register says so itself a moment later.
  if (household.state === "returned") return last && last.entry.replaces === household.returned?.entry_id ? "received" : "returned"
  if (household.state === "accepted") return "accepted"
  return last || household.state === "received" ? "received" : "to_visit"
}

/** Everything of the account's open rounds: [{household, draft, items, sign}] by village and number. */
export async function survey(store) {
  const [households, drafts, outbox, hello] = await Promise.all([store.households(), store.drafts(), store.outbox(), store.get("hello")])
  const rounds = new Map((hello?.rounds ?? []).map((round) => [round.id, round]))
  const open = new Map(drafts.filter((draft) => draft.state === "open").map((draft) => [keyOf(draft), draft]))
  const items = grouped(outbox)
  const known = new Set(households.map(keyOf))
  // Households found in the field, until the register brings them.
  for (const one of [...open.values(), ...outbox.map((item) => ({ ...item.entry, name: item.name, village_id: item.entry.new_household?.village_id }))]) {
    if (known.has(keyOf(one)) || !one.new_household) continue
    known.add(keyOf(one))
    households.push({ round_id: one.round_id, household_id: one.household_id, village_id: one.village_id, head_name: one.name, code: "", state: "to_visit", is_new: true, key: "" })
  }
  return {
    hello,
    rounds,
    villages: new Map((hello?.villages ?? []).map((village) => [village.id, village])),
    rows: households
      .map((household) => {
        const draft = open.get(keyOf(household))
        const sent = [...(items.get(keyOf(household)) ?? [])].sort(byId)
        return { household, draft, items: sent, sign: signOf(household, draft, sent) }
      })
      .filter(({ household, draft, items: sent }) => !household.gone || draft || sent.length)
      .filter(({ household, draft }) => draft || rounds.get(household.round_id)?.state !== "closed")
      .sort((one, other) => orderOf(one).localeCompare(orderOf(other))),
  }
}

const byId = (one, other) => (one.id < other.id ? -1 : 1)
const orderOf = ({ household }) => `${household.village_id} ${household.code || "~"} ${household.household_id}`

function grouped(outbox) {
  const found = new Map()
  for (const item of outbox) found.set(keyOf(item.entry), [...(found.get(keyOf(item.entry)) ?? []), item])
  return found
}

/** The second line of a household's row. */
export function moreOf(household, villages) {
  const village = villages.get(household.village_id)?.name ?? ""
  if (household.is_new) return word("row.new", { village })
  // The long name of "neither" would fill the screen with what nobody needs to know before the visit.
  const isListed = ["ho_ngheo", "ho_can_ngheo"].includes(household.last_class)
  const place = [village, household.code.split("-").at(-1)].filter(Boolean).join(" · ")
  return isListed ? word("row.listed", { place, class: word(`class.${household.last_class}`) }) : place
}

function row({ household, draft, sign }, villages) {
  const name = draft?.name || household.head_name || word("row.unnamed")
  const element = stamp("household-row", { name, more: moreOf(household, villages) })
  const link = action(element, "household")
  link.href = hashOf(household)
  link.dataset.household = household.household_id
  tag(part(element, "tag"), `sign.${sign}`)
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
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return
    observer.disconnect()
    const last = more()
    if (drawn < rows.length) observer.observe(last)
  }, { rootMargin: "600px" })
  list.unrolling = observer
  const last = more()
  if (drawn < rows.length) observer.observe(last)
}

// What was searched and filtered stays while somebody walks into a household and back.
const view = { query: "", show: "to_visit", village: "" }

export async function show(app) {
  const element = stamp("home")
  const search = action(element, "search")
  let found = await survey(app.store)
  let drawn = ""

  const list = () => {
    const { rows, villages } = found
    const inVillage = rows.filter(({ household }) => !view.village || household.village_id === view.village)
    const kinds = {
      to_visit: inVillage.filter(({ sign }) => ["to_visit", "open", "returned"].includes(sign)),
      done: inVillage.filter(({ sign }) => !["to_visit", "open", "returned"].includes(sign)),
      all: inVillage,
    }
    for (const [kind, members] of Object.entries(kinds)) part(element, `count-${kind}`).textContent = number(members.length)
    // Somebody who searches wants the household, whatever was filtered.
    const shown = view.query.trim() ? inVillage.filter(({ household, draft }) => matches(household.key || draft?.name || "", view.query)) : kinds[view.show]
    const signature = JSON.stringify(shown.map(({ household, sign, draft }) => [household.household_id, household.change, sign, draft?.name]))
    if (signature !== drawn) unroll(part(element, "households"), shown, (one) => row(one, villages))
    drawn = signature
    const nobody = part(element, "nobody")
    nobody.hidden = shown.length > 0
    nobody.textContent = word(rows.length === 0 ? "row.empty" : view.query ? "row.nobody" : "row.none")
  }

  const draw = async () => {
    const counts = await app.store.counts()
    for (const [name, count] of Object.entries(counts)) {
      const place = element.querySelector(`[data-count="${name}"]`)
      if (place) place.textContent = number(count)
    }
    part(element, "unsent").classList.toggle("is-due", counts.unsent > 0)
    drawReturned(element, found)
    drawOpen(element, found)
    drawVillages(element, found, list)
    const open = [...found.rounds.values()].filter((round) => round.state === "open")
    part(element, "round").textContent = open.map((round) => round.title).join(", ") || word("round.default")
    list()
    drawNotices(element, app, found)
    drawSync(element, app, counts)
  }

  search.value = view.query
  search.addEventListener("input", () => {
    view.query = search.value
    list()
  })
  element.querySelector(`[name="show"][value="${view.show}"]`).checked = true
  part(element, "states").addEventListener("change", (event) => {
    view.show = event.target.value
    list()
  })
  action(element, "sync").addEventListener("click", () => sendNow(element, app))
  await draw()

  return {
    element,
    async changed() {
      found = await survey(app.store)
      if (element.isConnected) await draw()
    },
    async synced() {
      drawSync(element, app, await app.store.counts())
    },
  }
}

async function sendNow(element, app) {
  part(element, "sync").dataset.state = "busy"
  part(element, "sync").textContent = word("sync.hello")
  await app.store.forgiveRefusals()
  await app.sync.now()
  drawSync(element, app, await app.store.counts()) // also when another window was at it and nothing ran here
}

function drawReturned(element, { rows, villages }) {
  const returned = rows.filter(({ sign, household }) => sign === "returned" || (sign === "open" && household.state === "returned"))
  part(element, "returned").hidden = returned.length === 0
  part(element, "returned-count").textContent = number(returned.length)
  const cards = returned.map(({ household, sign }) => {
    const words = (household.returned?.comments ?? []).map((comment) => comment.text).join("\n")
    const card = stamp("returned-card", { name: household.head_name, more: moreOf(household, villages), words })
    card.href = hashOf(household)
    card.dataset.household = household.household_id
    tag(part(card, "tag"), `sign.${sign}`)
    return card
  })
  part(element, "returned-list").replaceChildren(...cards)
}

function drawOpen(element, { rows, villages }) {
  const open = rows.filter(({ draft, household }) => draft && household.state !== "returned")
  part(element, "open").hidden = open.length === 0
  part(element, "open-count").textContent = number(open.length)
  part(element, "open-list").replaceChildren(...open.map((one) => row(one, villages)))
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

async function drawNotices(element, app, { rows }) {
  const notices = []
  if (app.sync.state.stopped?.act === "sign_in") notices.push(stamp("notice-sign-in"))
  const refused = rows.flatMap(({ items }) => items.filter((item) => item.problem))
  if (refused.length) notices.push(refusedNotice(app, refused))
  if (await app.release.isOffered()) {
    const notice = stamp("notice-release")
    action(notice, "update").addEventListener("click", () => app.release.accept())
    notices.push(notice)
  }
  if (navigator.onLine && !app.release.isKept && !app.sync.state.busy) notices.push(stamp("notice-not-offline"))
  part(element, "notices").replaceChildren(...notices)
}

function refusedNotice(app, refused) {
  const notice = stamp("notice-refused", { words: wordsOfProblem(refused[0].problem) })
  const links = refused.map((item) => {
    const jump = stamp("jump", { label: item.name, message: "" })
    action(jump, "jump").href = `#/sent/${encodeURIComponent(item.id)}`
    return jump
  })
  part(notice, "list").append(...links)
  action(notice, "send-refused").addEventListener("click", () => app.store.forgiveRefusals().then(() => app.sync.now()))
  return notice
}

/** A refusal as a person reads it: the server's own sentence, or ours. */
export function wordsOfProblem(problem) {
  if (problem.code === "bad_receipt") return word("sent.bad_receipt")
  return [problem.title, problem.next].filter(Boolean).map((text) => (typeof text === "string" ? text : inLanguage(text))).join(" ") || problem.code
}

async function drawSync(element, app, counts) {
  const at = await app.store.get("synced_at")
  const { busy, step, done = 0, total = 0, stopped, runs } = app.sync.state
  const place = part(element, "sync")
  action(element, "sync").disabled = Boolean(busy)
  place.dataset.runs = runs
  place.dataset.state = busy ? "busy" : (stopped?.act ?? (at ? "idle" : "never"))
  if (busy) place.textContent = word(`sync.${step}`, { done: number(done), total: number(total) })
  else if (stopped?.act === "sign_in") place.textContent = word("sync.sign_in")
  else if (stopped?.act === "other_account") place.textContent = word("sync.other")
  else if (stopped?.act === "refused") place.textContent = wordsOfProblem(stopped.problem)
  else if (stopped) place.textContent = word(stopped.seconds ? "sync.slow" : counts.unsent ? "sync.offline" : "sync.offline_idle")
  else if (counts.unsent) place.textContent = word("sync.waiting", { count: number(counts.unsent) })
  else place.textContent = at ? word("sync.idle_at", { time: time(at) }) : word("welcome.first")
}
