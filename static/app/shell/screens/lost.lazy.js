// What was lost with this phone's storage: said at the start, above the list, and on a screen of its own with what to
// do.

import { HOME, ofHousehold } from "../addresses.js"
import { action, part, number, stamp, time, word } from "../page.js"
import { survey } from "../register.js"
import { learnt } from "../templates.lazy.js"
import { cleared } from "../mirror.lazy.js"

/** When an interview was finished (or begun): a UUIDv7 begins with its moment, 48 bits of milliseconds since 1970. */
const madeAt = (id) =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id) ? new Date(parseInt(id.slice(0, 8) + id.slice(9, 13), 16)) : null

function whenOf({ id, open, photos }) {
  if (photos) return word("missed.photos")
  const at = madeAt(id)
  return at ? word(open ? "missed.begun" : "missed.finished", { time: time(at) }) : ""
}

/** One of them in a list; its household, where the register has it, is a tap away. */
function line(one, name, household) {
  const row = stamp("missed-line", { name, when: whenOf(one) })
  row.dataset.missed = one.id
  const link = action(row, "household")
  if (household) link.href = ofHousehold(household)
  else link.replaceWith(name)
  return row
}

/**
 * When the storage of this phone was cleared: said before anybody is signed in. The names went too, the times did not.
 */
export async function sayCleared(place, device) {
  const items = await cleared(device)
  if (!items) return
  await learnt()
  const open = items.filter((one) => one.open).length
  const counts = { unsent: number(items.length - open), open: number(open) }
  const notice = stamp("cleared", { words: word(items.length ? "cleared.lost" : "cleared.nothing", counts) })
  part(notice, "list").append(...items.map((one) => line(one, word(one.open ? "missed.open" : "missed.one"))))
  part(notice, "then").hidden = !items.length
  place.replaceChildren(notice)
}

/**
 * Everything that is missed of this account, by what the server said last and what it was not told yet.
 * @param {import("../main.js").Shell} app
 */
async function missedOf(app, rows) {
  const [{ gone = [] } = {}, lost = []] = await Promise.all([app.store.get("missed"), app.store.get("lost")])
  const households = new Map(rows.map(({ household }) => [household.household_id, household]))
  const untold = lost.filter((one) => !gone.some(({ id }) => id === one.id))
  return [...gone, ...untold].map((one) => {
    const household = households.get(one.household_id)
    return { ...one, household, name: household?.head_name || one.head_name || word("missed.new") }
  })
}

/** @param {import("../main.js").Shell} app */
function elsewhereNotice(app, { device, entries }) {
  const names = entries.map((one) => one.head_name || word("missed.new")).join(", ")
  const said = { label: device.label, time: time(device.last_contact_at), count: number(entries.length), names }
  const notice = stamp("notice-elsewhere", { words: word("elsewhere.words", said) })
  const answer = async (isThis) => {
    const { gone, elsewhere } = await app.store.get("missed")
    const rest = elsewhere.filter((one) => one.device.id !== device.id)
    if (isThis) await app.store.set("formerly", [...((await app.store.get("formerly")) ?? []), device.id])
    await app.store.set("missed", { gone: isThis ? [...gone, ...entries] : gone, elsewhere: rest })
    app.changed()
    if (isThis) app.sync.now()
  }
  action(notice, "was-this").addEventListener("click", () => answer(true))
  action(notice, "was-other").addEventListener("click", () => answer(false))
  return notice
}

/**
 * The notices above the list; `rows` as survey() gives them.
 * @param {import("../main.js").Shell} app
 */
export async function missedNotices(app, rows) {
  const items = await missedOf(app, rows)
  const { elsewhere = [] } = (await app.store.get("missed")) ?? {}
  const notices = elsewhere.map((one) => elsewhereNotice(app, one))
  if (!items.length) return notices
  const names = items
    .slice(0, 5)
    .map(({ name }) => name)
    .join(", ")
  return [
    stamp("notice-missed", {
      title: word("missed.count", { count: number(items.length) }),
      names: items.length > 5 ? `${names}…` : names,
    }),
    ...notices,
  ]
}

/** @param {import("../main.js").Shell} app */
export async function show(app) {
  await learnt()
  const { rows } = await survey(app.store)
  const items = await missedOf(app, rows)
  if (!items.length) return void app.replace(HOME)
  const element = stamp("missed", {
    title: word("missed.title"),
    words: word("missed.count", { count: number(items.length) }),
  })
  part(element, "list").append(...items.map((one) => line(one, one.name, one.household)))
  return { element }
}
