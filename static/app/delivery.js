// What only some questionnaires need beyond the shell: modules, their templates and their styles. The phone fetches
// them with the first questionnaire that asks for them and keeps them with the release. Pure.

const PAGE = ["/kinds.html", "/static/kinds.css"]
const control = (name) => [`/static/app/shell/controls/${name}.rare.js`, ...PAGE]
const line = ["/static/app/engine/lines.rare.js", ...control("trace")]
const attached = ["/static/app/interview/pieces.rare.js", ...control("attached")]
const OF_TYPE = {
  range: control("range"),
  rank: control("rank"),
  geotrace: line,
  geoshape: line,
  audio: attached,
  video: attached,
  file: attached,
  audit: ["/static/app/interview/audit.rare.js"],
  "start-geopoint": ["/static/app/shell/controls/started.rare.js"],
}
const ENCLOSED = control("enclosed")
const MARKDOWN = "/static/app/engine/markdown.rare.js"
// Markdown, HTML and entities, and line breaks: what only these can bring is not in most labels.
const SIGNS = /[*_#`\\[<&\n]|^\s*(?:[-+]|\d+\.)\s/
const LOOKS = /\b(columns(-\w+)?|likert|label|list(-nolabel)?|table-list|no-buttons|image-map|draw|annotate)\b/
const TEXTS = ["label", "hint", "guidance", "constraint_message", "required_message", "warning_message"]
const DIGEST = "/static/app/engine/digest.rare.js"
const CALLS = new Set(["digest", "base64-decode", "extract-signed"])

// A seed that may be a text stands for its digest.
/** @param {any} call */
const isSeeded = ([, name, , seed = 0]) => name === "randomize" && typeof seed !== "number"
const calls = (tree) =>
  Array.isArray(tree) && ((tree[0] === "call" && (CALLS.has(tree[1]) || isSeeded(tree))) || tree.some(calls))
const inside = (value) =>
  Array.isArray(value) ? calls(value) : value !== null && typeof value === "object" && Object.values(value).some(inside)

const isSigned = (text) => (Array.isArray(text) ? text.some(isSigned) : typeof text === "string" && SIGNS.test(text))
const isMarked = (texts) => Object.values(texts ?? {}).some(isSigned)

/** The addresses that a questionnaire's bundle needs, each once. */
export function needs(bundle) {
  const found = new Set()
  const walk = (node) => {
    for (const address of OF_TYPE[node.type] ?? []) found.add(address)
    for (const [key, value] of Object.entries(node)) if (key !== "children" && inside(value)) found.add(DIGEST)
    if (Number.isNaN(Number(node.parameters?.seed ?? 0))) found.add(DIGEST)
    if (TEXTS.some((key) => isMarked(node[key]))) found.add(MARKDOWN)
    if (node.media) for (const address of ENCLOSED) found.add(address)
    if (LOOKS.test(node.appearance ?? "")) found.add("/static/kinds.css").add("/kinds.html")
    node.children?.forEach(walk)
  }
  for (const { label, media } of Object.values(bundle.choices).flat()) {
    if (isMarked(label)) found.add(MARKDOWN)
    if (media) for (const address of ENCLOSED) found.add(address)
  }
  bundle.children.forEach(walk)
  return [...found]
}
