// Before finishing: what is left to mend, what must be confirmed, and every answer once more.

import { addressOf, nameOf, sectionsOf } from "./overview.js"
import { messageOf } from "./question.js"
import { placeWords } from "./place.js"
import { nameOfInstance } from "./items.js"
import { action, number, part, spoken, stamp, word } from "./page.js"

/** The address of the screen that asks `path`, with the question to jump to. */
export function jumpTo(draft, path) {
  const members = [...path.matchAll(/\[\d+\]/g)]
  const end = members.length ? members.at(-1).index + members.at(-1)[0].length : path.includes("/") ? path.indexOf("/") : path.length
  return `${addressOf(draft, "s", path.slice(0, end))}?at=${encodeURIComponent(path)}`
}

/** "Lò Văn A: Ngày sinh", or the question alone for the household's own. */
export function titleOf(record, path) {
  const label = record.label(path, spoken())
  const member = /^(.*\[\d+\])\//.exec(path)?.[1]
  return member ? word("check.place", { member: nameOfInstance(record, member), label }) : label
}

function jump(interview, problem) {
  const row = stamp("jump", { label: titleOf(interview.record, problem.path), message: messageOf(problem) })
  const link = action(row, "jump")
  link.href = jumpTo(interview.draft.id, problem.path)
  link.dataset.jump = problem.path
  return row
}

function warning(interview, problem, onConfirmed) {
  const card = stamp("warning", { label: titleOf(interview.record, problem.path), message: messageOf(problem) })
  card.dataset.warning = problem.path
  action(card, "jump").href = jumpTo(interview.draft.id, problem.path)
  const reason = part(card, "reason")
  reason.value = interview.confirmed[problem.path] ?? ""
  part(card, "confirmed").hidden = !reason.value
  action(card, "confirm").addEventListener("click", () => {
    if (!reason.value.trim()) return void reason.focus()
    interview.confirm(problem.path, reason.value)
    part(card, "confirmed").hidden = false
    onConfirmed()
  })
  return card
}

/** The answers of a place and what lies in it, as rows; made when its drawer is opened. */
function answerRows(interview, path) {
  const { record, draft } = interview
  return record.items(path).filter((item) => item.relevant && item.node.type !== "note").flatMap((item) => {
    if (item.node.type === "group") return answerRows(interview, item.path)
    if (item.node.type === "repeat") return record.instances(item.path).flatMap((one) => answerRows(interview, one))
    const value = record.get(item.path)
    const words = { image: () => word("saved.saved"), geopoint: () => placeWords(value) }[item.node.type]
    const answer = value === "" ? "" : (words?.() ?? record.displayValue(item.path, spoken()))
    const row = stamp("answer", { label: titleOf(record, item.path), answer: answer || word("answer.none") })
    action(row, "jump").href = jumpTo(draft.id, item.path)
    return [row]
  })
}

function drawer(interview, name, path) {
  const element = stamp("answers-section", { name })
  element.addEventListener("toggle", () => {
    const rows = part(element, "rows")
    if (element.open && !rows.childElementCount) rows.append(...answerRows(interview, path))
  })
  return element
}

/** A drawer for each section, and for each member of a list. */
export function drawers(interview) {
  const { record } = interview
  return sectionsOf(record).flatMap(({ path, node }) =>
    node.type === "repeat"
      ? record.instances(path).map((one) => drawer(interview, nameOfInstance(record, one), one))
      : [drawer(interview, nameOf(record, path), path)],
  )
}

export async function show(app, { interview }) {
  const { record, draft } = interview
  const element = stamp("check", { title: word("check.title") })
  action(element, "back").href = addressOf(draft.id)
  action(element, "result").href = addressOf(draft.id, "result")
  const { problems } = interview
  const errors = problems.filter((problem) => problem.severity === "error")
  const warnings = problems.filter((problem) => problem.severity === "warning")
  part(element, "errors").hidden = errors.length === 0
  part(element, "errors-title").textContent = word("check.errors", { count: number(errors.length) })
  part(element, "errors-list").append(...errors.map((problem) => jump(interview, problem)))
  part(element, "warnings").hidden = warnings.length === 0
  const isFine = () => (part(element, "fine").hidden = errors.length > 0 || interview.standing().warnings.length > 0)
  part(element, "warnings-list").append(...warnings.map((problem) => warning(interview, problem, isFine)))
  isFine()
  part(element, "answers").append(...drawers(interview))
  return { element }
}
