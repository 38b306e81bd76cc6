// What has not reached the server yet: why, what to do about it, and then record by record.

import { ofSent } from "../addresses.js"
import { CAUSES, canMend, problemsOf, standingOf, stopOfSending } from "../../sync/causes.lazy.js"
import { mayCarry } from "../../sync/files.lazy.js"
import { isReceived, isStuck } from "../../store/store.js"
import { wordsOfProgress } from "./home.js"
import { wordsOfProblem } from "../notices.js"
import { action, fill, number, part, stamp, word } from "../page.js"
import { inTurn } from "../redraw.js"
import { learnt } from "../templates.lazy.js"

const TONES = { itself: "", you: "notice-warn", office: "notice-danger", lost: "notice-danger" }
// Nothing stopped.
const QUIET = { none: "notice-ok", sending: "", waiting: "", wifi: "notice-warn", stuck: "notice-danger" }
const kilobytes = (files) => number(Math.ceil(files.reduce((sum, file) => sum + (file.size ?? 0), 0) / 1000))

/** A cause in words: ours, or what the server said of it. */
const wordsOf = ({ code, ...problem }) =>
  code in CAUSES ? word(`cause.${code}`) : wordsOfProblem({ code, ...problem })

function whatOf(item, files) {
  if (item.state === "received") return word("queue.photos", { count: number(files.length), size: kilobytes(files) })
  const { files: said, no_interview, proposal, support } = item.entry
  const what = no_interview || proposal || support ? "told" : "answers"
  return word(said.length ? `queue.${what}_and` : `queue.${what}`, { count: number(said.length) })
}

function row({ item, files, problems }) {
  const element = stamp("queue-row", { name: item.name || word("row.unnamed"), more: whatOf(item, files) })
  action(element, "sent").href = ofSent(item.id)
  element.dataset.why = problems.map(({ code }) => code).join(" ")
  for (const problem of problems) {
    const notice = stamp("queue-cause", { words: wordsOf(problem) })
    notice.classList.add(...[TONES[CAUSES[problem.code] ?? "office"]].filter(Boolean))
    part(element, "causes").append(notice)
  }
  return element
}

/** How far the step that is under way is: [done, of], or null. */
const progressOf = ({ step, done, total, bytes, size }) =>
  ({ push: [done, total], thumbnails: [done, total], files: [bytes, size] })[step] ?? null

function drawStanding(element, code, state, files) {
  const box = part(element, "standing")
  const going = files.filter((file) => !isStuck(file))
  const words = {
    sending: () => wordsOfProgress(state),
    wifi: () => word("queue.wifi", { count: number(going.length), size: kilobytes(going) }),
  }
  part(element, "status").textContent =
    words[code]?.() ??
    (code in QUIET ? word(`queue.${code}`) : wordsOf({ ...stopOfSending(state.stopped).problem, code }))
  box.dataset.why = code
  box.className = `notice ${QUIET[code] ?? TONES[CAUSES[code] ?? "office"]}`
  const progress = code === "sending" && progressOf(state)
  part(element, "progress").hidden = !progress
  if (progress) [part(element, "progress").value, part(element, "progress").max] = [progress[0], progress[1] || 1]
}

/** @param {import("../main.js").Shell} app */
export async function show(app) {
  await learnt()
  const element = stamp("queue", { title: word("queue.title") })

  const draw = inTurn(async () => {
    const [outbox, files, onlyWifi] = await Promise.all([
      app.store.outbox(),
      app.store.filesWaiting(),
      app.store.get("only_wifi"),
    ])
    const { state } = app.sync
    const isHeld = !mayCarry(onlyWifi, navigator.connection)
    const unsent = outbox.filter((item) => !isReceived(item))
    const code = standingOf(unsent, files, { ...state, isHeld })
    drawStanding(element, code, state, files)
    const filesOf = (item) => files.filter((file) => item.missing.includes(file.sha256))
    const rows = unsent.map((item) => ({ item, files: filesOf(item), problems: problemsOf(item, filesOf(item)) }))
    // What needs a person first, then the oldest.
    rows.sort(
      (one, other) =>
        Number(!one.problems.length) - Number(!other.problems.length) || (one.item.id < other.item.id ? -1 : 1),
    )
    fill(part(element, "list"), rows.map(row))
    action(element, "sign-in").hidden = code !== "sign_in"
    action(element, "sync").disabled = action(element, "send-photos").disabled = state.busy
    const isHopeless = code === "stuck" && rows.every(({ problems }) => !canMend(problems))
    action(element, "sync").hidden = ["none", "sign_in", "wifi"].includes(code) || isHopeless
    action(element, "send-photos").hidden = !isHeld || files.every(isStuck)
    action(element, "only-wifi").checked = Boolean(onlyWifi)
    action(element, "carry").hidden = code === "none" || isHopeless
  })

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
  return { element, changed: draw, progressed: draw }
}
