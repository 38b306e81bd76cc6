// A finished interview as it is sent: the ENTRY of docs/sync.md. Pure, but for the new id.

import { uuidv7 } from "../ids.js"

const FILES = ["image", "audio", "video", "file", "audit", "background-audio"]

/** Is its answer the hash of a file? */
export const isFile = ({ type }) => FILES.includes(type)

/** Every file that is an answer in nested `answers`: [{path, sha256}]. */
export function filesIn(children, answers, prefix = "") {
  return children.flatMap((node) => {
    const value = answers?.[node.name]
    if (value === undefined || value === null) return []
    const path = prefix + node.name
    if (node.type === "group") return filesIn(node.children, value, `${path}/`)
    if (node.type === "repeat")
      return value.flatMap((one, index) => filesIn(node.children, one, `${path}[${index + 1}]/`))
    return isFile(node) ? [{ path, sha256: value }] : []
  })
}

/** The node of type audit in `children`, with its path: {path, node} or null. */
export function auditOf(children, prefix = "") {
  for (const node of children) {
    if (node.type === "audit") return { path: prefix + node.name, node }
    const inside = node.type === "group" ? auditOf(node.children, `${prefix}${node.name}/`) : null
    if (inside) return inside
  }
  return null
}

const asNumber = (deprived) => (deprived === null ? null : Number(deprived))

/**
 * ENTRY: `answers` are the relevant ones, `confirmed` the warnings that stand, `files` [{path, sha256, size, type}].
 * Of a record that is too much (`Record.isTooMuch`) the phone says no outcome.
 * @param {{ draft: Draft, answers: Answers, confirmed: { [path: string]: string }, assessment: any, files: EntryFile[],
 *   now: Date, isTooMuch?: boolean }} of
 * @returns {Entry}
 */
export function entryOf({ draft, answers, confirmed, assessment, files, now, isTooMuch = false }) {
  const { indicators, headName } = assessment
  return {
    id: uuidv7(now.getTime()),
    commune_id: draft.commune_id,
    round_id: draft.round_id,
    household_id: draft.household_id,
    form: draft.form,
    answers,
    confirmed,
    outcome: isTooMuch
      ? null
      : {
          class: assessment.class,
          b1: assessment.b1,
          b2: assessment.b2,
          indicators: Object.fromEntries(indicators.map((one) => [one.key, asNumber(one.deprived)])),
        },
    files,
    started_at: draft.started_at,
    finalised_at: now.toISOString(),
    ...(draft.date_doubted && { date_doubted: draft.date_doubted }),
    replaces: draft.replaces,
    new_household: draft.new_household && { ...draft.new_household, head_name: headName || draft.name },
  }
}
