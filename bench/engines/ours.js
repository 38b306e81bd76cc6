// Sổ Hộ's engine on a page that shows what the phone shows of a roster: the instance that is open.
import { Record } from "../../static/app/engine/record.js"

let record
let shown = new Map()

function draw(instance) {
  const section = document.createElement("section")
  shown = new Map()
  for (const { path, relevant } of record.items(instance)) {
    const label = document.createElement("label")
    const input = document.createElement("input")
    label.append(record.label(path, "default"), input)
    label.hidden = !relevant
    input.value = record.get(path)
    shown.set(path, label)
    section.append(label)
  }
  document.body.replaceChildren(section)
}

window.bench = {
  async open() {
    const [bundle, answers] = await Promise.all(
      ["bundle.json", "answers.json"].map(async (name) => (await fetch(name)).json()),
    )
    record = new Record(bundle, { answers, clock: { today: "2026-11-23", now: "2026-11-23T08:00:00.000+07:00" } })
    draw("tv[1]")
    const rest = () => requestIdleCallback((idle) => record.settleWhile(() => idle.timeRemaining() > 0) || rest())
    rest() // as the phone's shell does
  },
  find: ([path]) => path,
  set(path, value) {
    record.set(path, value)
    for (const [at, label] of shown) label.hidden = !record.isRelevant(at)
  },
  add() {
    draw(record.addInstance("tv"))
  },
  serialise: () => JSON.stringify(record.answers()),
  values: () => record.values(),
}
