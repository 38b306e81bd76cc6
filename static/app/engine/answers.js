// Answers as plain nested objects, addressed by path ("thanh_vien[2]/the_bhyt"; instances count from 1), and the
// journal: a draft is the answers it began with and every event since. Pure: no DOM, no storage, no clock.

/** "a/b[2]/c" → [{name: "a"}, {name: "b", index: 1}, {name: "c"}] */
export function steps(path) {
  if (!path) return []
  return path.split("/").map((step) => {
    const found = /^(.*)\[(\d+)\]$/.exec(step)
    return found ? { name: found[1], index: Number(found[2]) - 1 } : { name: step }
  })
}

/** What `answers` hold at `path`; undefined where there is nothing. */
export function valueAt(answers, path) {
  let place = answers
  for (const { name, index } of steps(path)) {
    place = place?.[name]
    if (index !== undefined) place = place?.[index]
  }
  return place ?? undefined
}

/** Every SHA-256 that stands in `value`: the files that answers name. */
export const hashesIn = (value) => JSON.stringify(value ?? null).match(/\b[0-9a-f]{64}\b/g) ?? []

function parentOf(answers, path) {
  const way = steps(path)
  const last = way.pop()
  let place = answers
  for (const { name, index } of way) {
    if (index === undefined) place = place[name] ??= {}
    else {
      const list = (place[name] ??= [])
      while (list.length <= index) list.push({})
      place = list[index]
    }
  }
  return { place, last }
}

/** Puts `value` at `path` in `answers` (changed in place); null or "" takes the answer away. */
export function putAt(answers, path, value) {
  const { place, last } = parentOf(answers, path)
  if (value === null || value === undefined || value === "") delete place[last.name]
  else place[last.name] = value
}

function listAt(answers, path) {
  const { place, last } = parentOf(answers, path)
  return (place[last.name] ??= [])
}

/** After instance `removed` ("thanh_vien[2]") is gone: the new path of `path`, or null when it was inside. */
export function afterRemoval(path, removed) {
  const repeat = removed.replace(/\[\d+\]$/, "")
  const gone = steps(removed).at(-1).index + 1
  if (!path.startsWith(`${repeat}[`)) return path
  const rest = path.slice(repeat.length)
  const [, number, tail] = /^\[(\d+)\](.*)$/.exec(rest) ?? []
  if (Number(number) === gone) return null
  return Number(number) > gone ? `${repeat}[${Number(number) - 1}]${tail}` : path
}

/** `origins` after an instance came (`op` "add") or went ("remove"); `before` is how many there were. */
export function track(origins, op, instance, before) {
  const repeat = instance.replace(/\[\d+\]$/, "")
  const { index } = steps(instance).at(-1)
  const own = [...(origins[repeat] ?? Array.from({ length: before }, (_, place) => place))]
  if (op === "add") own.splice(index, 0, null)
  else own.splice(index, 1)
  // The lists inside later instances have moved with them.
  const moved = op === "add" ? Object.entries(origins) : movedBy(origins, instance)
  return { ...Object.fromEntries(moved), [repeat]: own }
}

/** [path, kept] of what is kept by path, after instance `removed` is gone. */
export const movedBy = (kept, removed) =>
  Object.entries(kept)
    .map(([at, one]) => [afterRemoval(at, removed), one])
    .filter(([at]) => at)

/** Answers are what JSON is made of. */
function copyOf(value) {
  if (Array.isArray(value)) return value.map(copyOf)
  if (value === null || typeof value !== "object") return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, copyOf(one)]))
}

/**
 * A draft as it stands: the answers it began with and the events after.
 * → {answers, confirmed: {path: reason}, origins: {repeat: [index in the beginning | null, …]}, last: path or null}
 * An event is {op: "set"|"add"|"remove"|"confirm"|"piece", path, value}; an `add` names the new instance and holds its
 * answers.
 */
export function replay(start, events) {
  const answers = copyOf(start)
  let origins = {}
  let confirmed = {}
  let last = null
  for (const { op, path, value } of events) {
    if (op === "set") putAt(answers, path, value)
    else if (op === "confirm") {
      if (value) confirmed[path] = value
      else delete confirmed[path]
    } else if (op !== "add" && op !== "remove")
      continue // "seen", "resume" and "piece" are no answers
    else {
      const list = listAt(answers, path.replace(/\[\d+\]$/, ""))
      const { index } = steps(path).at(-1)
      origins = track(origins, op, path, list.length)
      if (op === "add") list.splice(index, 0, copyOf(value ?? {}))
      else {
        list.splice(index, 1)
        confirmed = Object.fromEntries(movedBy(confirmed, path))
      }
    }
    last = path
  }
  return { answers, confirmed, origins, last }
}

/** Of recordings that became no answer, what was written down: {path: [{sha256, type, run, ms}]}. */
export function piecesIn(events) {
  let pieces = {}
  for (const { op, path, value } of events) {
    if (op === "piece" && value) (pieces[path] ??= []).push(value)
    else if (op === "piece" || op === "set") delete pieces[path]
    else if (op === "remove") pieces = Object.fromEntries(movedBy(pieces, path))
  }
  return pieces
}

/** Where the place `path` was in the beginning, by `origins`; null for what was added since. */
export function originalPath(path, origins) {
  const now = []
  const then = []
  for (const { name, index } of steps(path)) {
    const repeat = [...now, name].join("/")
    const origin = index !== undefined && repeat in origins ? origins[repeat][index] : index
    if (index !== undefined && (origin === null || origin === undefined)) return null
    now.push(index === undefined ? name : `${name}[${index + 1}]`)
    then.push(index === undefined ? name : `${name}[${origin + 1}]`)
  }
  return then.join("/")
}
