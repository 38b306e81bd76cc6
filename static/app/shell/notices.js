// What must be said above the list: sign in again, records that were refused, a new release, a wrong clock.

import { ofSent } from "./addresses.js"
import { action, fill, inLanguage, part, stamp, word } from "./page.js"
import { space } from "./storage.js"

const WRONG_CLOCK = 6 * 3600 // seconds; ages and dates of interviews hang on the phone's day

/** Puts the notices that hold now into the home screen. */
export async function drawNotices(element, app, { rows, hello }) {
  const notices = []
  if (app.sync.state.stopped?.act === "sign_in") notices.push(stamp("notice-sign-in"))
  const refused = rows.flatMap(({ household, items }) =>
    items.filter((item) => item.problem).map((item) => ({ ...item, name: item.name || household.head_name })),
  )
  if (refused.length) notices.push(refusedNotice(app, refused))
  if (await app.release.isOffered()) {
    const notice = stamp("notice-release")
    action(notice, "update").addEventListener("click", () => app.release.accept())
    notices.push(notice)
  }
  if (Math.abs((await app.store.get("clock_skew")) ?? 0) > WRONG_CLOCK) notices.push(stamp("notice-clock"))
  if (hello && hello.account.role !== "enumerator") notices.push(stamp("notice-desk"))
  if (navigator.onLine && !app.release.isKept && !app.sync.state.busy) notices.push(stamp("notice-not-offline"))
  const [left, missed, lost] = await Promise.all([
    space().then(({ room }) => room()),
    app.store.get("missed"),
    app.store.get("lost"),
  ])
  const isMissed = lost?.length || missed?.gone.length || missed?.elsewhere.length
  if (hello?.revoked || hello?.stranger || left.isShort || isMissed)
    notices.unshift(
      ...(await import("./screens/warnings.lazy.js")
        .then(({ warnings }) => warnings(app, hello, rows, left))
        .catch(() => [])),
    )
  fill(part(element, "notices"), notices)
}

/** @param {import("./main.js").Shell} app */
function refusedNotice(app, refused) {
  const notice = stamp("notice-refused", { words: wordsOfProblem(refused[0].problem) })
  const links = refused.map((item) => {
    const jump = stamp("jump", { label: item.name, message: "" })
    action(jump, "jump").href = ofSent(item.id)
    return jump
  })
  part(notice, "list").append(...links)
  action(notice, "send-refused").addEventListener("click", () => app.store.forgiveRefusals().then(() => app.sync.now()))
  return notice
}

const wordsOfFailure = ({ act, why, problem, part, title, rests }) =>
  // A line that broke is said once; what failed by its own fault is named.
  [
    rests && ["register", "form"].includes(part.split(" ")[0]) && word(`part.${part.split(" ")[0]}`, { title }),
    act === "refused" ? wordsOfProblem(problem) : word(`cause.${why ?? act}`),
  ]
    .filter(Boolean)
    .join(" ")

/** Why a talk stopped early: each part that failed in its own words. */
export const wordsOfStop = ({ parts }) => [...new Set(parts.map(wordsOfFailure))].join(" ")

/** A refusal as a person reads it: the server's own sentence, or ours. */
export function wordsOfProblem(problem) {
  if (["bad_receipt", "damaged"].includes(problem.code)) return word(`sent.${problem.code}`)
  return (
    [problem.title, problem.next]
      .filter(Boolean)
      .map((text) => (typeof text === "string" ? text : inLanguage(text)))
      .join(" ") || problem.code
  )
}
