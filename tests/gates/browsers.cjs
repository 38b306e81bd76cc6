// Reads [[its name or number, a script, "module" | "script" | "es5"], …] as JSON and prints what an engine of Chrome 87
// cannot read or does not have: [[name, line, what], …]. Run with --expose-internals: the parser is the one that Node
// itself carries.
const { Parser } = require("internal/deps/acorn/acorn/dist/acorn")

// By the name of a member or of a global: the Chrome that was the first to have it. Only names that are nothing else's.
const MEMBERS = {
  __proto__: null,
  at: 92,
  hasOwn: 93,
  findLast: 97,
  findLastIndex: 97,
  toSorted: 110,
  toReversed: 110,
  toSpliced: 110,
  groupBy: 117,
  withResolvers: 119,
  fromAsync: 121,
  randomUUID: 92,
  throwIfAborted: 100,
  canParse: 120,
  isWellFormed: 111,
  toWellFormed: 111,
  showPicker: 99,
  roundRect: 99,
  checkVisibility: 105,
  showPopover: 114,
  hidePopover: 114,
  togglePopover: 114,
  inert: 102,
  userAgentData: 90,
  isSubsetOf: 122,
  isSupersetOf: 122,
  isDisjointFrom: 122,
  symmetricDifference: 122,
  setHTMLUnsafe: 124,
  startViewTransition: 111,
  getWeekInfo: 130,
  supportedValuesOf: 99,
  scheduler: 94,
  moveBefore: 133,
}
// Of these objects only: a name that others have too.
const STATICS = {
  __proto__: null,
  AbortSignal: { timeout: 103, any: 116, abort: 93 },
  Response: { json: 105 },
  Promise: { try: 128 },
  CSS: { highlights: 105 },
}
const GLOBALS = {
  __proto__: null,
  structuredClone: 98,
  reportError: 95,
  EyeDropper: 95,
  URLPattern: 95,
  CloseWatcher: 120,
  Temporal: 144,
  Iterator: 122,
  navigation: 102,
  cookieStore: 87,
}
const ITERATED = new Set(["values", "keys", "entries", "matchAll"])
const ON_ITERATORS = new Set([
  "map",
  "filter",
  "some",
  "every",
  "find",
  "reduce",
  "toArray",
  "forEach",
  "take",
  "drop",
  "flatMap",
])

function faults(source, kind) {
  const found = []
  const isModule = kind === "module"
  const ecmaVersion = kind === "es5" ? 5 : 2022
  const tree = Parser.parse(source, {
    ecmaVersion,
    sourceType: isModule ? "module" : "script",
    locations: true,
    allowAwaitOutsideFunction: false,
  })
  const tell = (node, what) => found.push([node.loc.start.line, what])

  const look = (node, isAsync) => {
    if (node === null || typeof node !== "object") return
    if (Array.isArray(node)) return node.forEach((one) => look(one, isAsync))
    const inside = /Function/.test(node.type ?? "") ? true : isAsync
    if (node.type === "StaticBlock") tell(node, "static { } (94)")
    if (node.type === "BinaryExpression" && node.left.type === "PrivateIdentifier") tell(node, "#x in … (91)")
    if ((node.type === "AwaitExpression" || (node.type === "ForOfStatement" && node.await)) && !isAsync)
      tell(node, "await at the top (89)")
    if (node.regex && /[dv]/.test(node.regex.flags)) tell(node, `a regular expression's ${node.regex.flags} (90, 112)`)
    if (
      (node.type === "ExportSpecifier" || node.type === "ImportSpecifier") &&
      [node.exported, node.imported].some((one) => one?.type === "Literal")
    )
      tell(node, "a string as a name (88)")
    if (node.type === "MemberExpression" && !node.computed) member(node)
    if (node.type === "Identifier" && node.name in GLOBALS && !node.isName)
      tell(node, `${node.name} (${GLOBALS[node.name]})`)
    if (
      node.type === "NewExpression" &&
      /Error$/.test(node.callee.name ?? "") &&
      node.arguments.length > 1 &&
      node.callee.name === "Error"
    )
      tell(node, "a cause of an Error (93)")
    if (node.type === "Property" && !node.computed && !node.shorthand) node.key.isName = true
    if (node.type === "PropertyDefinition" || node.type === "MethodDefinition") node.key.isName = true
    for (const [key, value] of Object.entries(node)) if (key !== "loc") look(value, inside)
  }

  const member = (node) => {
    const { object, property } = node
    property.isName = true
    const name = property.name
    const since = (object.type === "Identifier" && STATICS[object.name]?.[name]) || MEMBERS[name]
    if (since && !node.optional && object.type !== "ThisExpression") tell(node, `${name} (${since})`)
    const made = object.type === "CallExpression" && object.callee.property?.name
    const isOfObject = object.callee?.object?.name === "Object"
    if (made && ITERATED.has(made) && ON_ITERATORS.has(name) && !isOfObject)
      tell(node, `${made}().${name}, of an iterator (122)`)
  }

  look(tree, false)
  return found
}

const said = []
for (const [name, source, kind] of JSON.parse(require("node:fs").readFileSync(0, "utf8"))) {
  try {
    said.push(...faults(source, kind).map(([line, what]) => [name, line, what]))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    said.push([name, error.loc.line, error.message])
  }
}
console.log(JSON.stringify(said))
