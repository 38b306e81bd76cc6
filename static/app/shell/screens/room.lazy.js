// The room on this phone: how much is left, whether the browser keeps what lies here, and the ways out when it gets
// short.

import { action, ask, number, part, stamp, word } from "../page.js"
import { inTurn } from "../redraw.js"
import { learnt } from "../templates.lazy.js"
import { isInstalled, persist, room } from "../storage.lazy.js"

/**
 * The gauge and the browser's answer, with the next step when it refused.
 * @param {import("../main.js").Shell} app
 */
async function draw(app, element) {
  const { usage, quota, isShort, isFull } = await room()
  const gauge = part(element, "gauge")
  gauge.value = isFull ? 1 : isShort ? 0.9 : usage / (quota || Infinity)
  part(element, "room").textContent = quota
    ? word("room.used", { used: number(Math.ceil(usage / 1e6)), quota: number(Math.floor(quota / 1e6)) })
    : word("room.unknown")
  element.dataset.room = isFull ? "full" : isShort ? "low" : "enough"
  const [isKept, asked] = await Promise.all([navigator.storage?.persisted?.() ?? false, app.device.get("persist")])
  element.dataset.persisted = isKept ? "yes" : asked ? "refused" : "no"
  part(element, "persisted").textContent = word(
    isKept ? "settings.persisted" : asked ? "settings.refused" : "settings.not_persisted",
  )
  part(element, "install-how").hidden = isKept || Boolean(app.installing) || isInstalled()
  action(element, "persist").hidden = isKept
  action(element, "install").hidden = isKept || !app.installing
}

/**
 * Puts the room on this phone into `place`.
 * @param {import("../main.js").Shell} app
 */
export async function drawRoom(app, place) {
  await learnt()
  const element = stamp("room")
  action(element, "persist").addEventListener("click", async () => {
    await persist(app.device, true)
    await draw(app, element)
  })
  action(element, "install").addEventListener("click", async () => {
    await app.installing.prompt()
    app.installing = null
    await persist(app.device, true)
    await draw(app, element)
  })
  await draw(app, element)
  place.replaceChildren(element)
}

/** What stands above the list while there is little room. */
export function roomNotice({ isFull }) {
  const notice = stamp("notice-room", {
    title: word(isFull ? "room.full" : "room.low"),
    words: word(isFull ? "room.full_words" : "room.low_words"),
  })
  notice.classList.add(isFull ? "notice-danger" : "notice-warn")
  notice.dataset.room = isFull ? "full" : "low"
  return notice
}

/** @param {import("../main.js").Shell} app */
export async function show(app) {
  await learnt()
  const element = stamp("room-screen", { title: word("room.title") })
  const draw = inTurn(async () => {
    const [now, counts, free] = await Promise.all([room(), app.store.counts(), app.store.freeFiles(true)])
    part(element, "state").replaceChildren(...(now.isShort ? [roomNotice(now)] : []))
    for (const link of part(element, "state").querySelectorAll("[data-action=room]")) link.remove()
    await drawRoom(app, part(element, "now"))
    part(element, "unsent").textContent = word(counts.unsent ? "room.unsent" : "room.sent", {
      count: number(counts.unsent),
    })
    part(element, "photos").textContent = word(free.count ? "room.photos" : "room.no_photos", {
      count: number(free.count),
      size: number(Math.ceil(free.size / 1e5) / 10),
    })
    action(element, "free").hidden = free.count === 0
  })
  action(element, "sync").addEventListener("click", async ({ currentTarget: go }) => {
    go.disabled = true
    part(element, "sending").textContent = word("sync.hello")
    await app.sync.now()
    part(element, "sending").textContent = word(app.sync.state.stopped ? "room.not_now" : "room.done")
    go.disabled = false
    await draw()
  })
  action(element, "free").addEventListener("click", async () => {
    if (!(await ask({ title: word("room.free_title"), words: word("room.free_words"), yes: word("room.free_yes") })))
      return
    await app.store.freeFiles()
    await draw()
  })
  await draw()
  return { element, changed: draw }
}
