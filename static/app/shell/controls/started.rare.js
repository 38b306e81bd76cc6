// Where an interview began (start-geopoint): read once, in the first minutes, if this phone may know already. Nobody is
// asked for it and nobody waits for it.

import { watchPlace } from "../media.js"

const MINUTES = 10 // after which the interview may go on elsewhere
const PATIENCE = 30000 // milliseconds of waiting for a better reading than the first
const GOOD = 20 // metres: better need not be waited for

/** The places of the form that want it; inside a list there is no one start. */
const wanting = (nodes, path = "") =>
  nodes.flatMap((node) =>
    node.type === "start-geopoint"
      ? [path + node.name]
      : node.type === "group"
        ? wanting(node.children, `${path}${node.name}/`)
        : [],
  )

/** Fills them in; → a function that stops looking, and keeps what was found unless told otherwise. */
export async function locateStart(interview, now) {
  const paths = wanting(interview.bundle.children).filter((path) => interview.record.get(path) === "")
  const isYoung = now - Date.parse(interview.draft.started_at) < MINUTES * 60000
  if (!paths.length || !isYoung || interview.draft.replaces) return () => {}
  const permission = await navigator.permissions?.query({ name: "geolocation" }).catch(() => null)
  if (permission?.state !== "granted") return () => {}
  /** @type {any} */
  let best = null
  let isOver = false
  const end = (isKept = true) => {
    if (isOver) return
    isOver = true
    stop()
    clearTimeout(timer)
    if (best && isKept) for (const path of paths) interview.set(path, best.value)
  }
  const timer = setTimeout(end, PATIENCE)
  const stop = watchPlace(
    (found) => {
      if (!best || found.accuracy < best.accuracy) best = found
      if (best.accuracy <= GOOD) end()
    },
    () => {},
  )
  return end
}
