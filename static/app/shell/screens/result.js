// What the answers come to: the class in large letters, the sentence why, and each deprived indicator with the answer
// and the member that caused it.

import { assess } from "../../engine/assessment.js"
import { ofInterview, ofSent } from "../addresses.js"
import { titleOfInterview } from "./overview.js"
import { action, ask, inLanguage, isDateRight, number, part, stamp, word } from "../page.js"

const orDash = (value) => (value === null ? "–" : number(value))

/** How far from the line: of points, or of income where that is asked; "" while either is not known. */
function measure({ b1 }, { points, income, incomeLine }) {
  const [kind, value, line] =
    incomeLine !== null && income !== null ? ["income", income, incomeLine] : ["points", b1, points]
  if (value === null || line === null) return ""
  const side = value < line ? "below" : value > line ? "above" : "at"
  return word(`result.${kind}_${side}`, {
    value: number(value),
    line: number(line),
    gap: number(Math.abs(value - line)),
  })
}

function why(assessment, line) {
  const { indicators, deprivedCount, refused } = assessment
  if (refused) return word("result.refused")
  if (!assessment.class) return word("result.incomplete")
  const isEarly = deprivedCount === null || (assessment.b1 === null && line.points !== null && line.income === null)
  const counts =
    deprivedCount === null
      ? ""
      : word("result.counts", { deprived: number(deprivedCount), all: number(indicators.length) })
  return [counts, measure(assessment, line), isEarly ? word("result.certain") : "", word("result.provisional")]
    .filter(Boolean)
    .join(" ")
}

function indicator(one) {
  const card = stamp("indicator", { label: inLanguage(one.label), dimension: word(`dimension.${one.dimension}`) })
  card.dataset.indicator = one.key
  card.dataset.deprived = String(one.deprived)
  // One entry a person, with the answers that weighed, and one for the household's own answers.
  const members = new Map()
  for (const quote of one.because) members.set(quote.member, [...(members.get(quote.member) ?? []), quote])
  for (const [member, quotes] of members) {
    const entry = stamp("because", { member: member ?? word("result.whole_household") })
    const answered = quotes.filter(({ answer }) => inLanguage(answer))
    part(entry, "quotes").append(
      ...answered.map(({ label, answer }) => stamp("quote", { label: inLanguage(label), answer: inLanguage(answer) })),
    )
    part(card, "because").append(entry)
  }
  return card
}

/** The assessment on the screen; `line` is {points, income, incomeLine}, each a number or null. */
function drawAssessment(assessment, line) {
  const element = stamp("assessment", {
    class: word(`class.${assessment.class ?? (assessment.refused ? "refused" : "incomplete")}`),
    why: why(assessment, line),
    b1: orDash(assessment.b1),
    b2: orDash(assessment.b2),
    deprived:
      assessment.deprivedCount === null
        ? "–"
        : `${number(assessment.deprivedCount)}/${number(assessment.indicators.length)}`,
    persons: number(assessment.persons),
  })
  part(element, "verdict").dataset.class = assessment.class ?? ""
  part(element, "illustrative").hidden = !assessment.illustrative
  const of = (deprived) => assessment.indicators.filter((one) => one.deprived === deprived)
  const entry = (one) => {
    const row = document.createElement("li")
    row.textContent = inLanguage(one.label)
    row.dataset.indicator = one.key
    row.dataset.deprived = String(one.deprived)
    return row
  }
  part(element, "deprived-title").hidden = of(true).length === 0
  part(element, "indicators").append(...of(true).map(indicator))
  part(element, "figures").hidden = assessment.refused // nothing was asked: there is nothing to count
  part(element, "unknown").hidden = assessment.refused || of(null).length === 0
  part(element, "unknown-list").append(...of(null).map(entry))
  part(element, "others").hidden = of(false).length === 0
  part(element, "others-list").append(...of(false).map(entry))
  return element
}

/** What came of an interview: the class; of a form that decides none, that it is done and what it is called. */
export function drawOutcome(interview) {
  if (interview.isAssessed) return drawAssessment(assess(interview.record), interview.line())
  const { errors, warnings } = interview.standing()
  const state = errors.length || warnings.length ? "left" : "done"
  const element = stamp("outcome", {
    done: word(`outcome.${state}`),
    name: titleOfInterview(interview),
    form: interview.record.title,
  })
  element.dataset.state = state
  return element
}

/** @param {import("../main.js").Shell} app */
async function finalise(app, interview) {
  const isSure = await ask({
    title: word("result.finish_title"),
    words: word("result.finish_words"),
    yes: word("result.finish_yes"),
  })
  if (!isSure || !(await interview.saved()) || (await app.opened.isDayMoved())) return
  const doubted = await app.doubt(await app.opened.round())
  if (doubted && !interview.draft.date_doubted && !(await isDateRight(doubted))) return
  interview.draft.date_doubted ??= doubted
  const item = await interview.finalised(new Date())
  await app.store.finalise(interview.draft.id, item)
  await app.store.set(`last_saved ${item.entry.form.id}`, item.entry.answers)
  await app.opened.close()
  app.changed()
  app.replace(ofSent(item.id))
  app.sync.now()
}

/** @param {import("../main.js").Shell} app */
export async function show(app, { interview }) {
  const { draft } = interview
  const { errors, warnings } = interview.standing()
  const isReady = errors.length === 0 && warnings.length === 0
  const element = stamp("result", {
    title: word(!interview.isAssessed ? "outcome.title" : isReady ? "result.title" : "result.so_far"),
  })
  action(element, "back").href = ofInterview(draft.id)
  action(element, "overview").href = ofInterview(draft.id)
  action(element, "check").href = ofInterview(draft.id, "check")
  part(element, "assessment").replaceWith(drawOutcome(interview))
  part(element, "left").hidden = isReady
  part(element, "left-words").textContent = word("result.left", {
    errors: number(errors.length),
    warnings: number(warnings.length),
  })
  action(element, "check").hidden = isReady
  const finish = action(element, "finalise")
  finish.hidden = !isReady || interview.isPreview
  finish.addEventListener("click", async () => {
    finish.disabled = true
    await finalise(app, interview).finally(() => (finish.disabled = false))
  })
  return { element }
}
