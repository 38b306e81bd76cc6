// The day of the visit as an interview wrote it down, when the phone's clock was wrong then and is right now.

import { ofInterview } from "../addresses.js"
import { valueAt } from "../../engine/answers.js"
import { bounds, doubt } from "../../clock.js"
import { clockOf } from "../../interview/begin.js"
import { ask, date, word } from "../page.js"
import { learnt } from "../templates.lazy.js"

/** Where the form keeps the day of the interview: [{path, day}]. */
function days(children, answers, prefix = "") {
  return children.flatMap((node) => {
    const path = prefix + node.name
    const value = valueAt(answers, node.name)
    if (node.type === "today" && value) return [{ path, day: value }]
    if (node.type === "group" && value) return days(node.children, value, `${path}/`)
    return node.type === "repeat" && value
      ? value.flatMap((one, at) => days(node.children, one, `${path}[${at + 1}]/`))
      : []
  })
}

/**
 * Offers to take today for a day that cannot be, where today can. → true when it was taken: the interview is closed
 * then, and opened anew at what is left to check, because ages have changed under it.
 * @param {import("../main.js").Shell} app
 */
export async function isMoved(app, interview, round, released) {
  const now = new Date()
  const known = await bounds(app.store, round, released)
  if (doubt(now.getTime(), known)) return false
  const today = clockOf(now).today
  // Of its own the day may be older than the last contact: an interview lasts.
  const around = { ...known, since: 0, skew: 0, until: now.getTime() }
  const isWrong = (day) => day !== today && (interview.draft.date_doubted || doubt(day, around))
  const wrong = days(interview.bundle.children, interview.record.answers()).filter(({ day }) => isWrong(day))
  if (!wrong.length) return false
  await learnt()
  const words = word("clock.moved", { then: date(`${wrong[0].day}T12:00`), now: date(now) })
  if (!(await ask({ title: word("clock.title_then"), words, yes: word("clock.take") }))) return false
  for (const { path } of wrong) interview.set(path, today)
  await interview.saved()
  const { id } = interview.draft
  await app.opened.close()
  app.go(ofInterview(id, "check"))
  return true
}
