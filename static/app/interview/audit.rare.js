// How an interview went, as ODK's audit.csv tells it: made from the journal, which knows when each screen was seen and
// each answer given. Pure. https://docs.getodk.org/form-audit-log/

const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
const nodeOf = (path) => (path ? `/data/${path}` : "")
const KINDS = { add: "add repeat", remove: "delete repeat" }

/**
 * The CSV. `events` is the journal [{op, path, value, at}] with its "seen" (a screen) and "resume" lines; `started` and
 * `finalised` are moments; `old(path)` is what stood before the journal. With `isTracked` old and new answers are told.
 * @param {Step[]} events
 * @param {{ started: string, finalised: Date, isTracked?: boolean, user?: string, old?: (path: string) => any }} how
 */
export function auditCsv(events, { started, finalised, isTracked = false, user = "", old = () => "" }) {
  const columns = [
    "event",
    "node",
    "start",
    "end",
    ...(isTracked ? ["old-value", "new-value"] : []),
    ...(user ? ["user"] : []),
  ]
  const rows = []
  const values = new Map()
  const time = (moment) => new Date(moment).getTime()
  /** @type {(event: string, path: string, start: number, end?: number | string, change?: string[]) => any} */
  const put = (event, path, start, end = "", change = ["", ""]) => {
    rows.push({ event, path, start, end, change })
    return rows.at(-1)
  }
  put("form start", "", time(started))
  /** @type {any} */
  let screen = null // that stands
  /** @type {any} */
  let open = null // question being answered
  let since = time(started)
  const leave = (at) => {
    if (screen) screen.end = at
    screen = open = null
    since = at
  }
  for (const { op, path, value, at: moment } of events) {
    const at = time(moment)
    if (op === "resume") {
      leave(since)
      put("form resume", "", at)
    } else if (op === "seen") {
      leave(at)
      screen = put("group questions", path, at)
    } else if (op === "set") {
      const before = values.has(path) ? values.get(path) : old(path)
      const text = String(value ?? "")
      if (open?.path !== path) open = put("question", path, since, at, [String(before ?? ""), text])
      Object.assign(open, { end: at, change: [open.change[0], text] })
      values.set(path, text)
    } else if (KINDS[op]) {
      put(KINDS[op], path, at)
      open = null
    } else continue
    since = at
  }
  leave(time(finalised))
  put("form save", "", time(finalised))
  put("form finalize", "", time(finalised))
  put("form exit", "", time(finalised))
  // Answers that did not change in the end are no change: their cells stay empty, as ODK leaves them.
  const lines = rows.map(({ event, path, start, end, change: [was, is] }) => {
    const change = isTracked ? (was === is ? ["", ""] : [was, is]) : []
    return [event, nodeOf(path), start, end, ...change, ...(user ? [user] : [])]
      .map((cell) => quoted(String(cell)))
      .join(",")
  })
  return `${[columns.join(","), ...lines].join("\n")}\n`
}
