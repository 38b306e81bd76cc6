// Reads [[name, a module], …] as JSON and prints what reads a const, let or class above its own declaration, in the
// same run of the same function: [[name, identifier, where], …]. Such a script parses, and throws when it gets there.
// Run with --expose-internals: the parser is the one that Node itself carries.
const { Parser } = require("internal/deps/acorn/acorn/dist/acorn")

const isFunction = (node) => /Function/.test(node.type)
// Where a block of its own begins, and what is not run where it stands.
const BLOCKS = new Set([
  "Program",
  "BlockStatement",
  "ForStatement",
  "ForOfStatement",
  "ForInStatement",
  "SwitchStatement",
  "CatchClause",
  "ClassBody",
])

/** The names that a pattern binds. */
function bound(pattern) {
  if (!pattern) return []
  if (pattern.type === "Identifier") return [pattern.name]
  if (pattern.type === "ObjectPattern") return pattern.properties.flatMap((one) => bound(one.value ?? one.argument))
  if (pattern.type === "ArrayPattern") return pattern.elements.flatMap(bound)
  return bound(pattern.type === "AssignmentPattern" ? pattern.left : pattern.argument)
}

/** What stands right in a block: {name: where its declaration ends}; var and function are there from the start: 0. */
function declared(block) {
  const found = new Map()
  const statements = Array.isArray(block.body) ? block.body : (block.cases?.flatMap((one) => one.consequent) ?? [])
  for (const one of [...statements, block.init, block.left].filter(Boolean)) {
    const node = one.declaration?.type ? one.declaration : one
    if (node.type === "VariableDeclaration")
      for (const declarator of node.declarations)
        for (const name of bound(declarator.id)) found.set(name, node.kind === "var" ? 0 : declarator.end)
    if (node.type === "ClassDeclaration") found.set(node.id?.name, node.start)
    if (node.type === "FunctionDeclaration") found.set(node.id?.name, 0)
  }
  for (const name of bound(block.param)) found.set(name, 0)
  return found
}

function early(source) {
  const found = []
  const look = (node, scopes, depth) => {
    if (node === null || typeof node !== "object") return
    if (Array.isArray(node)) return node.forEach((one) => look(one, scopes, depth))
    if (isFunction(node)) {
      const own = new Map([...node.params.flatMap(bound), node.id?.name, "arguments"].map((name) => [name, 0]))
      return [node.params, node.body].forEach((one) => look(one, [{ own, depth: depth + 1 }, ...scopes], depth + 1))
    }
    if (BLOCKS.has(node.type)) scopes = [{ own: declared(node), depth }, ...scopes]
    if (node.type === "Identifier") {
      const scope = scopes.find(({ own }) => own.has(node.name))
      if (scope?.depth === depth && node.start < scope.own.get(node.name)) found.push([node.name, node.start])
    } else if (node.type === "VariableDeclarator") {
      for (const one of [node.id, node.init]) look(one, scopes, depth)
    } else if (node.type === "ForOfStatement" || node.type === "ForInStatement") {
      for (const one of [node.left, node.right, node.body]) look(one, scopes, depth)
    } else {
      for (const [key, value] of Object.entries(node)) {
        const isName = (key === "property" || key === "key") && !node.computed
        // What a class says of its members is run when they are called.
        const isLater = node.type === "PropertyDefinition" && key === "value" && !node.static
        if (!isName && key !== "label") look(value, scopes, isLater ? depth + 1 : depth)
      }
    }
  }
  look(Parser.parse(source, { ecmaVersion: "latest", sourceType: "module" }), [], 0)
  return found
}

/** Declarations bind names; a name that stands in its own pattern is no reading of it. */
function readings(source) {
  const bindings = new Set()
  const mark = (node) => {
    if (node === null || typeof node !== "object") return
    if (Array.isArray(node)) return node.forEach(mark)
    const targets = node.type === "VariableDeclarator" ? [node.id] : []
    const each = (pattern) => {
      if (!pattern) return
      if (pattern.type === "Identifier") bindings.add(pattern.start)
      else if (pattern.type === "ObjectPattern") pattern.properties.forEach((one) => each(one.value ?? one.argument))
      else if (pattern.type === "ArrayPattern") pattern.elements.forEach(each)
      else each(pattern.type === "AssignmentPattern" ? pattern.left : pattern.argument)
    }
    targets.forEach(each)
    Object.values(node).forEach(mark)
  }
  mark(Parser.parse(source, { ecmaVersion: "latest", sourceType: "module" }))
  return early(source).filter(([, at]) => !bindings.has(at))
}

const scripts = JSON.parse(require("node:fs").readFileSync(0, "utf8"))
console.log(JSON.stringify(scripts.flatMap(([name, source]) => readings(source).map((one) => [name, ...one]))))
