// Keys of the desk: J and K go on and back, in a list from row to row, in a record from record to record; A goes to
// Accept and R to Return. A key only moves the focus: nothing is decided without Enter or a tap. Without this file all
// works.

const busy = (event) =>
  event.defaultPrevented ||
  event.ctrlKey ||
  event.metaKey ||
  event.altKey ||
  event.isComposing ||
  event.target.closest("input, textarea, select, [contenteditable]")

/** @type {NodeListOf<HTMLAnchorElement>} */
const links = document.querySelectorAll("[data-keys=rows] tbody a")
const rows = [...links].filter((link) => link.closest("th"))

const stepInList = (by) => {
  const at = rows.indexOf(/** @type {any} */ (document.activeElement))
  const next = rows[at === -1 ? (by > 0 ? 0 : rows.length - 1) : at + by]
  next?.focus()
  next?.closest("tr")?.scrollIntoView({ block: "nearest" })
  return Boolean(next)
}

const follow = (relation) =>
  /** @type {HTMLElement | null} */ (document.querySelector(`main a[rel=${relation}]`))?.click()

const goTo = (key) => {
  /** @type {HTMLElement | null} */
  const button = document.querySelector(`[data-key=${key}]`)
  /** @type {HTMLElement | null} */
  const comment = document.querySelector("[data-comment=record]")
  const target = key === "r" && button ? comment : button
  target?.scrollIntoView({ block: "center" })
  target?.focus()
}

const actions = {
  j: () => (rows.length && stepInList(1)) || follow("next"),
  k: () => (rows.length && stepInList(-1)) || follow("prev"),
  a: () => goTo("a"),
  r: () => goTo("r"),
}

document.addEventListener("keydown", (event) => {
  const action = actions[event.key.toLowerCase()]
  if (!action || busy(event)) return
  event.preventDefault()
  action()
})
