// Before finishing: what is left to mend, what must be confirmed, and every answer once more.

import { ofInterview, ofQuestion } from "../addresses.js"
import { screenOf, within } from "../../interview/screens.js"
import { askedSections, leftWords, nameOf, tellAlike } from "./overview.js"
import { messageOf } from "../controls/question.js"
import { answerWords } from "../controls/answer.js"
import { nameOfInstance, nameOfScreen } from "../controls/items.js"
import { action, number, part, spoken, stamp, word } from "../page.js"
import { plainText } from "../words.js"

const FEW = 10 // that a screen or two show at once
const FILES = new Set(["image", "audio", "video", "file"])

/** The address of the screen that asks `path`, with the question to jump to. */
export const jumpTo = ({ draft, record }, path) => ofQuestion(draft.id, screenOf(record, path), path)

/** "Nhóm 2 › Hộ 1": the name of a screen with those that lie around it. */
function wayTo(record, path) {
  const around = [...path.matchAll(/\[\d+\]/g)].map((found) => path.slice(0, found.index + found[0].length))
  return (around.length ? around : [path]).map((screen) => nameOfScreen(record, screen)).join(" › ")
}

/** The question's words; a place that the form does not know (of an older form's answers) is called by its name. */
const labelOf = (record, path) => (record.itemAt(path) ? plainText(record.label(path, spoken())) : path)

/** "Lò Văn A: Ngày sinh", or the question alone for the household's own. */
export function titleOf(record, path) {
  const label = labelOf(record, path)
  const member = /^(.*\[\d+\])\//.exec(path)?.[1]
  return member ? word("check.place", { member: wayTo(record, member), label }) : label
}

function jump(interview, problem, message) {
  const row = stamp("jump", { label: labelOf(interview.record, problem.path), message })
  const link = action(row, "jump")
  link.href = jumpTo(interview, problem.path)
  link.dataset.jump = problem.path
  return row
}

/** What is to be mended, by person and section; a sentence that would stand at every missing answer stands at none. */
function errorGroups(interview, errors) {
  const { record } = interview
  const screens = new Map()
  const said = new Map()
  for (const problem of errors) {
    const screen = screenOf(record, problem.path)
    screens.set(screen, [...(screens.get(screen) ?? []), problem])
    said.set(messageOf(problem), (said.get(messageOf(problem)) ?? 0) + 1)
  }
  return [...screens].map(([screen, problems], index) => {
    const missing = problems.filter((problem) => problem.kind === "required").length
    const element = stamp("error-group", {
      name: record.itemAt(screen) ? wayTo(record, screen) : screen,
      more: leftWords({ missing, wrong: problems.length - missing }),
    })
    element.open = index === 0 || errors.length <= FEW
    const words = (problem) =>
      problem.kind === "required" && said.get(messageOf(problem)) > 1 ? "" : messageOf(problem)
    part(element, "rows").append(...problems.map((problem) => jump(interview, problem, words(problem))))
    return element
  })
}

function warning(interview, problem, onConfirmed) {
  const card = stamp("warning", { label: titleOf(interview.record, problem.path), message: messageOf(problem) })
  card.dataset.warning = problem.path
  action(card, "jump").href = jumpTo(interview, problem.path)
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

/**
 * The answers of a place and what lies in it, as rows; made when its drawer is opened.
 * @param {any} interview
 * @param {string} path
 * @param {(path: string) => boolean} isHere
 * @returns {HTMLElement[]}
 */
function answerRows(interview, path, isHere = () => true) {
  const { record } = interview
  const isAnswer = ({ node, relevant }) => relevant && node.type !== "note" && !/\blabel\b/.test(node.appearance ?? "")
  return record
    .items(path)
    .filter((item) => isAnswer(item) && isHere(item.path))
    .flatMap((item) => {
      if (item.node.type === "group") return answerRows(interview, item.path)
      if (item.node.type === "repeat") return record.instances(item.path).flatMap((one) => answerRows(interview, one))
      const value = record.get(item.path)
      const isFile = FILES.has(item.node.type) && value !== ""
      const answer = isFile ? word("saved.saved") : answerWords(record.bundle, item.node, value, spoken())
      const row = stamp("answer", { label: titleOf(record, item.path), answer: answer || word("answer.none") })
      action(row, "jump").href = jumpTo(interview, item.path)
      return [row]
    })
}

function drawer(interview, name, path, isHere) {
  const element = stamp("answers-section", { name })
  element.addEventListener("toggle", () => {
    const rows = part(element, "rows")
    if (element.open && !rows.childElementCount) rows.append(...answerRows(interview, path, isHere))
  })
  return element
}

/** A drawer for each section, and for each member of a list. */
function drawers(interview) {
  const { record } = interview
  return askedSections(record).flatMap(({ path, node }) =>
    node?.type === "repeat"
      ? record.instances(path).map((one) => drawer(interview, nameOfInstance(record, one), one))
      : [drawer(interview, nameOf(record, path), ...(node ? [path] : ["", within(record, path)]))],
  )
}

export async function show(app, { interview }) {
  const { draft } = interview
  const element = stamp("check", { title: word("check.title") })
  action(element, "back").href = ofInterview(draft.id)
  action(element, "result").href = ofInterview(draft.id, "result")
  if (!interview.isAssessed) action(element, "result").textContent = word("check.finish")
  const { problems } = interview
  const errors = problems.filter((problem) => problem.severity === "error")
  const warnings = problems.filter((problem) => problem.severity === "warning")
  part(element, "errors").hidden = errors.length === 0
  part(element, "errors-title").textContent = word("check.errors", { count: number(errors.length) })
  part(element, "errors-list").append(...errorGroups(interview, errors))
  part(element, "warnings").hidden = warnings.length === 0
  const isFine = () => (part(element, "fine").hidden = errors.length > 0 || interview.standing().warnings.length > 0)
  part(element, "warnings-list").append(...warnings.map((problem) => warning(interview, problem, isFine)))
  isFine()
  part(element, "answers").append(...drawers(interview))
  await tellAlike(element, app, interview) // nothing moves under a finger
  return { element }
}
