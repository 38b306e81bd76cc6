// The interview at a glance: its sections and how each stands.

import { assess } from "../../engine/assessment.js"
import { ofInterview } from "../addresses.js"
import { isAsked, sectionsOf } from "../../interview/screens.js"
import { returnedWords } from "./household.js"
import { action, number, part, spoken, stamp, tag, word } from "../page.js"
import { plainText } from "../words.js"

/** The sections that are asked: [{path, node, items}]. */
export const askedSections = (record) => sectionsOf(record).filter((section) => isAsked(record, section))

/**
 * "Nhà ở", as the form calls the place; of questions outside all groups the first one, or the form when these are all.
 */
export function nameOf(record, path) {
  const { node } = record.itemAt(path)
  const isAlone = !["group", "repeat"].includes(node.type) && sectionsOf(record).length === 1
  return (isAlone && record.title) || plainText(record.label(path, spoken()))
}

/** What the interview is called: its head of household, the name that the form gives it, or what the register says. */
export const titleOfInterview = ({ record, draft }) =>
  assess(record).headName || record.instanceName() || draft.name || word("row.unnamed")

/** What a tag does not say: how much is left. */
/** @param {{ missing?: number, wrong?: number, comments?: number }} left */
export function leftWords({ missing, wrong, comments }) {
  const words = [
    comments && word("section.comments", { count: number(comments) }),
    missing && word("section.missing", { count: number(missing) }),
    wrong && word("section.mend", { count: number(wrong) }),
  ]
  return words.filter(Boolean).join(" · ")
}

/** Who of this interview stands in another household too; without the lazy files nothing is said. */
export async function tellAlike(element, app, interview) {
  if (interview.isPreview) return
  const told = import("./alike.lazy.js").then(({ sayAlike }) => sayAlike(part(element, "alike"), app, interview))
  await told.catch((error) => console.error(error))
}

/** @param {import("../main.js").Shell} app */
export async function show(app, { interview }) {
  const { record, draft } = interview
  const element = stamp("overview", { title: titleOfInterview(interview) })
  const villages = new Map(
    ((await app.store?.get("hello"))?.villages ?? []).map((village) => [village.id, village.name]),
  )
  part(element, "where").textContent = [villages.get(draft.village_id), draft.code].filter(Boolean).join(" · ")
  const sections = askedSections(record)
  const states = sections.map(({ path }) => interview.state(path))
  const done = states.filter(({ state }) => state === "done").length
  Object.assign(part(element, "progress"), { max: sections.length, value: done })
  part(element, "done").textContent = word("overview.progress", { done, total: sections.length })
  if (draft.replaces) {
    const household = await app.store.household(draft.round_id, draft.household_id)
    if (household?.returned) part(element, "comments").append(returnedWords(household.returned))
  }
  const rows = sections.map(({ path, node }, index) => {
    const more = [
      node?.type === "repeat" && word("section.persons", { count: record.instances(path).length }),
      leftWords(states[index]),
    ]
    const row = stamp("section-row", { name: nameOf(record, path), more: more.filter(Boolean).join(" · ") })
    const link = action(row, "section")
    link.href = ofInterview(draft.id, "s", path)
    link.dataset.section = path
    link.dataset.state = states[index].state
    tag(part(row, "tag"), `section.${states[index].state}`)
    return row
  })
  part(element, "sections").append(...rows)
  const next = sections[states.findIndex(({ state }) => state !== "done")]
  const button = action(element, "next")
  button.href = next ? ofInterview(draft.id, "s", next.path) : ofInterview(draft.id, "check")
  button.textContent = next ? word("overview.next", { section: nameOf(record, next.path) }) : word("overview.check")
  const check = action(element, "check")
  check.href = ofInterview(draft.id, "check")
  check.hidden = !next
  action(element, "result").href = ofInterview(draft.id, "result")
  action(element, "result").hidden = !interview.isAssessed
  if (interview.isPreview) action(element, "back").hidden = true
  tellAlike(element, app, interview) // below all that may be tapped meanwhile
  return { element }
}
