// Reads [[name, a script, the same script as it goes out], …] as JSON and prints the names of those that do not parse,
// or whose imports and exports differ. Run with --expose-internals: the parser is the one that Node itself carries.
const { Parser } = require("internal/deps/acorn/acorn/dist/acorn")

const named = (one) => one.name ?? one.value

/**
 * What a module takes and gives: [from, name there, …] of each import, the names of each export; its calls of import().
 */
function names(source) {
  const found = new Set()
  const look = (node) => {
    if (node === null || typeof node !== "object") return
    if (Array.isArray(node)) return node.forEach(look)
    if (node.type === "ImportDeclaration") {
      found.add(node.source.value)
      node.specifiers.forEach((one) =>
        found.add(`${node.source.value} ${one.imported ? named(one.imported) : one.type}`),
      )
    } else if (node.type === "ExportSpecifier") found.add(`export ${named(node.exported)}`)
    else if (node.type === "ExportDefaultDeclaration") found.add("export default")
    else if (node.type === "ExportAllDeclaration") found.add(`export * ${node.source.value}`)
    else if (node.type === "ImportExpression") found.add("import()")
    else if (node.type === "ExportNamedDeclaration") {
      const declared = node.declaration?.declarations?.map((one) => one.id) ?? [node.declaration?.id]
      declared.filter(Boolean).forEach((id) => found.add(`export ${id.name}`))
    }
    Object.values(node).forEach(look)
  }
  look(Parser.parse(source, { ecmaVersion: "latest", sourceType: "module" }))
  return JSON.stringify([...found].sort())
}

const same = (before, after) => {
  try {
    return names(before) === names(after)
  } catch {
    return false
  }
}

const pairs = JSON.parse(require("node:fs").readFileSync(0, "utf8"))
console.log(JSON.stringify(pairs.filter(([, before, after]) => !same(before, after)).map(([name]) => name)))
