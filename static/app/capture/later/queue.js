// What has not reached the server yet, record by record and photo by photo: why, and what to do about it.

import { CAUSES, causeOfEntry, causeOfFile, causeOfStop } from "../../later/causes.js"
import { mayCarry } from "../../later/files.js"
import { isReceived } from "../../store.js"
import { wordsOfProgress } from "../home.js"
import { wordsOfProblem } from "../notices.js"
import { action, number, part, stamp, word } from "../page.js"
import { learnt } from "./learnt.js"

/** A cause in words: ours, or what the server said of it. */
const wordsOf = (code, problem) => (code in CAUSES ? word(`cause.${code}`) : wordsOfProblem(problem))

const toneOf = (code) => ({ itself: "", you: "notice-warn", office: "notice-danger" })[CAUSES[code] ?? "office"]

function card(item, files, state) {
  const element = stamp("queue-card", { name: item.name || word("row.unnamed") })
  const link = action(element, "sent")
  link.href = `#/sent/${encodeURIComponent(item.id)}`
  const codes = item.state === "received" ? files.map((file) => causeOfFile(file, state)) : [causeOfEntry(item, state)]
  const reasons = new Map(codes.map((code, index) => [code, (files[index] ?? item).problem ?? item.problem]))
  element.dataset.why = [...reasons.keys()].join(" ")
  const size = files.reduce((sum, file) => sum + (file.size ?? 0), 0)
  part(element, "what").textContent =
    item.state === "received" ? word("queue.photos", { count: number(files.length), size: number(Math.ceil(size / 1000)) }) : word("queue.answers", { count: number(item.entry.files.length) })
  for (const [code, problem] of reasons) {
    const line = stamp("queue-cause", { words: wordsOf(code, problem) })
    line.classList.add(...[toneOf(code)].filter(Boolean))
    part(element, "causes").append(line)
  }
  return element
}

export async function show(app) {
  await learnt()
  const element = stamp("queue", { title: word("queue.title") })

  const draw = async () => {
    const [outbox, files, onlyWifi] = await Promise.all([app.store.outbox(), app.store.filesWaiting(), app.store.get("only_wifi")])
    const { busy, stopped } = app.sync.state
    const isHeld = !mayCarry(onlyWifi, navigator.connection)
    const unsent = outbox.filter((item) => !isReceived(item)).sort((one, other) => (one.id < other.id ? -1 : 1))
    const cards = unsent.map((item) => card(item, files.filter((file) => file.entry_id === item.id), { busy, stopped, isHeld }))
    part(element, "list").replaceChildren(...cards)
    part(element, "none").hidden = unsent.length > 0
    const code = causeOfStop(stopped)
    part(element, "status").textContent = busy ? wordsOfProgress(app.sync.state) : code ? wordsOf(code, stopped.problem) : ""
    part(element, "status").dataset.state = busy ? "busy" : (code ?? "idle")
    action(element, "sync").disabled = action(element, "send-photos").disabled = Boolean(busy)
    action(element, "send-photos").hidden = !isHeld || files.length === 0
    action(element, "only-wifi").checked = Boolean(onlyWifi)
  }

  const send = async (wish) => {
    await app.store.forgiveRefusals()
    await app.sync.now(wish)
    await draw()
  }
  action(element, "sync").addEventListener("click", () => send())
  action(element, "send-photos").addEventListener("click", () => send({ originals: true }))
  action(element, "only-wifi").addEventListener("change", async ({ target }) => {
    await app.store.set("only_wifi", target.checked)
    await draw()
  })
  await draw()
  return { element, changed: draw, synced: draw }
}
