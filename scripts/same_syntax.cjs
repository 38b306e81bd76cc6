// Reads [[name, a script, the same script without comments], …] as JSON and prints the names of those whose syntax trees
// differ, or that cannot be parsed. Run with --expose-internals: the parser is the one that Node itself carries.
const { Parser } = require('internal/deps/acorn/acorn/dist/acorn')

const tree = (source) =>
  JSON.stringify(Parser.parse(source, { ecmaVersion: 'latest', sourceType: 'module' }), (key, value) =>
    key === 'start' || key === 'end' || key === 'raw' ? undefined : typeof value === 'bigint' ? `${value}n` : value,
  )

const same = (before, after) => {
  try {
    return tree(before) === tree(after)
  } catch {
    return false
  }
}

const pairs = JSON.parse(require('fs').readFileSync(0, 'utf8'))
console.log(JSON.stringify(pairs.filter(([, before, after]) => !same(before, after)).map(([name]) => name)))
