// The grid of a points table: Enter and the arrow keys go from cell to cell as in a spreadsheet, a block that was
// copied from one is pasted into the cells to the right and below. Without this file all works with Tab.

const grid = /** @type {HTMLTableElement} */ (document.querySelector("[data-grid]"))
const rows = [...grid.tBodies[0].rows].map((row) =>
  [...row.querySelectorAll("td")].map((cell) => cell.querySelector("input")),
)

const placeOf = (input) => {
  const row = rows.findIndex((cells) => cells.includes(input))
  return [row, rows[row].indexOf(input)]
}

const goTo = (row, column) => {
  const input = rows[row]?.[column]
  input?.focus()
  input?.select()
  return Boolean(input)
}

// Down a column, then to the head of the next one, at last to the button: Enter alone never sends.
const onward = (row, column) => {
  if (!goTo(row + 1, column) && !goTo(0, column + 1)) grid.closest("form")?.querySelector("button")?.focus()
  return true
}

const atEnd = (input, end) =>
  input.selectionStart === input.selectionEnd
    ? input.selectionStart === (end ? input.value.length : 0)
    : input.selectionEnd - input.selectionStart === input.value.length

const moves = {
  Enter: (_input, row, column) => onward(row, column),
  ArrowDown: (_input, row, column) => goTo(row + 1, column),
  ArrowUp: (_input, row, column) => goTo(row - 1, column),
  ArrowLeft: (input, row, column) => atEnd(input, false) && goTo(row, column - 1),
  ArrowRight: (input, row, column) => atEnd(input, true) && goTo(row, column + 1),
}

grid.addEventListener("keydown", (event) => {
  const move = moves[event.key]
  const input = /** @type {HTMLInputElement} */ (event.target)
  if (!move || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !input.matches("input")) return
  const [row, column] = placeOf(input)
  if (move(input, row, column)) event.preventDefault()
})

grid.addEventListener("focusin", (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target)
  if (input.matches("input")) input.select()
})

grid.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text") ?? ""
  const input = /** @type {HTMLInputElement} */ (event.target)
  if (!/[\t\n]/.test(text.trim()) || !input.matches("input")) return
  event.preventDefault()
  const [row, column] = placeOf(input)
  text
    .replace(/\r?\n$/, "")
    .split(/\r?\n/)
    .forEach((line, down) =>
      line.split("\t").forEach((figure, right) => {
        const cell = rows[row + down]?.[column + right]
        if (cell) cell.value = figure.trim()
      }),
    )
})

const [row, column] = rows
  .map((cells, at) => [at, cells.findIndex((input) => input && !input.value)])
  .find(([, at]) => at >= 0) ?? [0, 0]
goTo(row, column)
