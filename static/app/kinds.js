// What only some questionnaires need beyond the shell: modules, their templates and their styles. The phone fetches them
// with the first questionnaire that asks for them and keeps them with the release. Pure.

const PAGE = ["/kinds.html", "/static/kinds.css"]
const control = (name) => [`/static/app/capture/kinds/${name}.js`, ...PAGE]
const line = [...control("trace")]
const attached = [...control("attached")]
const OF_TYPE = {
  range: control("range"),
  rank: control("rank"),
  geotrace: line,
  geoshape: line,
  audio: attached,
  video: attached,
  file: attached,
  audit: ["/static/app/kinds/audit.js"],
  "start-geopoint": ["/static/app/capture/kinds/started.js"],
}
const DIGEST = "/static/app/kinds/digest.js"
const CALLS = new Set(["digest", "base64-decode", "extract-signed"])

// A seed that may be a text stands for its digest.
const isSeeded = ([, name, , seed = 0]) => name === "randomize" && typeof seed !== "number"
const calls = (tree) => Array.isArray(tree) && ((tree[0] === "call" && (CALLS.has(tree[1]) || isSeeded(tree))) || tree.some(calls))
const inside = (value) => (Array.isArray(value) ? calls(value) : value !== null && typeof value === "object" && Object.values(value).some(inside))

/** The addresses that a questionnaire's bundle needs, each once. */
export function needs(bundle) {
  const found = new Set()
  const walk = (node) => {
    for (const address of OF_TYPE[node.type] ?? []) found.add(address)
    for (const [key, value] of Object.entries(node)) if (key !== "children" && inside(value)) found.add(DIGEST)
    if (Number.isNaN(Number(node.parameters?.seed ?? 0))) found.add(DIGEST)
    node.children?.forEach(walk)
  }
  bundle.children.forEach(walk)
  return [...found]
}
