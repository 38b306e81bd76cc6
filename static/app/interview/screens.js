// Which screen shows a place of the form, at any depth. Pure. A screen has an address: a group or a repeat of the form
// itself ("nha_o", "thanh_vien"), an instance of any repeat ("thanh_vien[2]", "thanh_vien[2]/viec_lam[1]"), or the
// first of a run of questions that stand outside every group ("dia_chi").

const isSection = (item) => item.node.type === "group" || item.node.type === "repeat"

/** The form's own screens in order: [{path, node, items}]; of a run of questions `node` is null. */
export function sectionsOf(record) {
  const sections = []
  for (const item of record.items("")) {
    const run = sections.at(-1)
    if (isSection(item)) sections.push({ path: item.path, node: item.node, items: null })
    else if (run?.items) run.items.push(item)
    else sections.push({ path: item.path, node: null, items: [item] })
  }
  return sections
}

/** Has the section anything to ask now? */
export function isAsked(record, { path, node, items }) {
  if (items) return items.some((item) => item.relevant)
  return record.isRelevant(path) && (node.type === "repeat" || record.items(path).some((item) => item.relevant))
}

/** The screen where `path` is asked; of an instance the one where it is listed. */
export function screenOf(record, path) {
  const instances = [...path.matchAll(/\[\d+\](?=\/)/g)]
  if (instances.length) return path.slice(0, instances.at(-1).index + instances.at(-1)[0].length)
  const top = /** @type {RegExpExecArray} */ (/^[^/[]*/.exec(path))[0]
  return sectionsOf(record).find((section) => section.items?.some((item) => item.path === top))?.path ?? top
}

/** Does the screen stand: is it a section, or an instance there is, of what is asked? */
export function stands(record, path) {
  if (path.endsWith("]")) return Boolean(record.node(path)) && record.isRelevant(path)
  const section = sectionsOf(record).find((one) => one.path === path)
  return Boolean(section) && isAsked(record, section)
}

/** What a screen shows besides its instances' own screens: a test for the paths of questions. */
export function within(record, path) {
  const run = /[\]/]/.test(path) ? null : sectionsOf(record).find((section) => section.path === path)?.items
  const tops = run?.map((item) => item.path) ?? [path]
  return (place) => tops.some((top) => place === top || place.startsWith(`${top}/`) || place.startsWith(`${top}[`))
}
