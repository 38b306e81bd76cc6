// What the law makes of a record: class, points, the indicators, each with its reason. The rules themselves are rows of
// the questionnaire; here only the rows are read that are marked as an outcome.   ⇄ survey/poverty/assess.py
import { plain } from "./compiled.js"
import { display, instanceLabel } from "./display.js"
import { pathOf } from "./evaluation.js"

/** @param {import("./record.js").Record} record */
export function assess(record) {
  const { form } = record.settle()
  const outcome = (name) => {
    const item = form.outcomes.get(name)
    const [node] = item ? record.nodesOf(item.path) : []
    return node?.relevant ? node.value : ""
  }
  const number = (name) => (typeof outcome(name) === "number" ? outcome(name) : null)
  return {
    class: outcome("class") || null,
    b1: number("b1"),
    b2: number("b2"),
    deprivedCount: number("deprived_count"),
    illustrative: number("illustrative") === 1,
    refused: number("refused") === 1,
    persons: number("persons") ?? 0,
    headName: String(outcome("head_name")),
    indicators: form.indicators.map((item) => indicator(record, item)),
  }
}

function indicator(record, { node, path, texts }) {
  const [found] = record.nodesOf(path)
  const value = found?.relevant ? found.value : ""
  const deprived = value === "" ? null : value === 1
  const label = {}
  for (const [language, parts] of Object.entries(texts.label ?? {})) label[language] = record.filled(parts, found)
  const { law = "", dimension } = node.columns
  return { key: node.name, dimension, label, law, deprived, because: deprived ? reasons(record, node) : [] }
}

/** The quoted answers, member by member; after them those of the household itself. */
function reasons(record, { because = [] }) {
  const found = []
  for (const { flag, is = 1, quotes } of [because].flat()) {
    const repeat = flag && record.form.items.get(flag).repeat
    const raised = flag ? record.nodesOf(flag).filter((node) => node.relevant && node.value === is) : [null]
    for (const node of raised) {
      for (const path of quotes) {
        const member = repeat && path.startsWith(`${repeat}/`) ? within(node, repeat) : null
        for (const one of record.nodesOf(path)) {
          if (one.relevant && (!member || within(one, repeat) === member))
            found.push([member?.index ?? Infinity, quoted(record, one, member && instanceLabel(member))])
        }
      }
    }
  }
  return found.sort(([a], [b]) => (a === b ? 0 : a - b)).map(([, quote]) => quote)
}

function quoted({ bundle, languages }, node, member) {
  const { node: definition } = node.definition
  const answer = {}
  for (const language of languages) answer[language] = display(bundle, definition, node.value, language)
  const label = {}
  for (const [language, text] of Object.entries(definition.label ?? {})) label[language] = plain(text)
  return { member, path: pathOf(node), label, answer }
}

/** The instance of a repeat around a place. */
function within(node, repeat) {
  while (node && node.definition.path !== repeat) node = node.parent
  return node
}
