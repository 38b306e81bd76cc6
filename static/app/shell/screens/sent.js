// A finished interview: saved, sent, received, and what it came to.

import { HOME } from "../addresses.js"
import { ready } from "../formparts.js"
import { Interview } from "../../interview/interview.js"
import { isReceived } from "../../store/store.js"
import { wordsOfProblem } from "../notices.js"
import { drawOutcome } from "./result.js"
import { number, part, stamp, time, word } from "../page.js"
import { inTurn } from "../redraw.js"

function step(element, name, isDone, words) {
  const place = element.querySelector(`[data-step="${name}"]`)
  place.classList.toggle("is-done", isDone)
  part(place, `${name}-words`).textContent = words
}

/**
 * @param {HTMLElement} element
 * @param {Outgoing} item
 */
function drawSteps(element, item) {
  const isSent = item.state === "received"
  const photos = item.missing.length
  step(
    element,
    "sent",
    isSent && !photos,
    word(!isSent ? (item.carried_at ? "sent.carried" : "sent.waiting") : photos ? "sent.photos" : "sent.sent", {
      count: number(photos),
      time: item.carried_at && time(item.carried_at),
    }),
  )
  const body = item.receipt && JSON.parse(item.receipt.body)
  const isWhole = isReceived(item)
  step(
    element,
    "received",
    isWhole,
    isWhole ? word("sent.received", { time: time(body.server_time) }) : word("sent.not_received"),
  )
  element.dataset.state = isWhole ? "received" : item.problem ? "refused" : "unsent"
  const reason = item.result?.outcome === "held" ? item.result.reason : null
  part(element, "held").hidden = !reason
  if (reason) part(element, "held-words").textContent = wordsOfProblem(reason)
  part(element, "refused").hidden = !item.problem
  if (item.problem) part(element, "refused-words").textContent = wordsOfProblem(item.problem)
  part(element, "entry-id").textContent = item.id
  part(element, "hash").textContent = item.content_hash
  part(element, "signature").textContent = word(
    !item.receipt ? "sent.no_receipt" : item.verified ? "sent.signed" : "sent.unsigned",
  )
}

/** @param {import("../main.js").Shell} app */
export async function show(app, { id }) {
  const item = await app.store.sent(id)
  if (!item) return void app.replace(HOME)
  const element = stamp("sent", { title: item.name || word("row.unnamed") })
  const villages = new Map(
    ((await app.store.get("hello"))?.villages ?? []).map((village) => [village.id, village.name]),
  )
  const kept = await app.store.draft(item.draft_id)
  part(element, "where").textContent = [villages.get(kept?.draft.village_id ?? ""), item.code]
    .filter(Boolean)
    .join(" · ")
  const finalisedAt = item.entry.finalised_at ?? kept?.events.at(-1)?.at
  part(element, "saved-at").textContent = finalisedAt ? time(finalisedAt) : ""
  const { no_interview, proposal, support } = item.entry
  if (no_interview || proposal || support) part(element, "entry-label").textContent = word("sent.told_number")
  drawSteps(element, item)
  // Not on every phone yet: it comes after the first sync.
  if (item.receipt)
    import("./receipt.lazy.js")
      .then(({ drawReceipt }) => drawReceipt(part(element, "proof"), app, item))
      .catch(() => {})
  const bundle = kept && !kept.draft.damaged && (await app.store.form(kept.draft.form.id, kept.draft.form.version))
  if (bundle) {
    // As it was on the day of the interview: ages are counted to then.
    await ready(bundle).catch(() => {})
    const interview = new Interview(app.store, bundle, kept.draft, kept.events, {
      now: new Date(finalisedAt),
      isRead: true,
    })
    part(element, "assessment").replaceWith(drawOutcome(interview))
  }
  return {
    element,
    changed: inTurn(async () => drawSteps(element, /** @type {Outgoing} */ (await app.store.sent(id)))),
  }
}
