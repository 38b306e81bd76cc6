// Which control asks a question: by type, and for some types by a word of its appearance. Choosing is choice.js's.
// A control is a class: `new Control(question)` with an `element`, `show(value)`, and where it needs them `refresh()`,
// `fault()` (the word of what cannot be read yet), `settle()` (ends what is under way, resolves when it is kept) and
// `leave()`.

import { Acknowledge, Moment, NumberField, ReadOnly, TextField } from "./field.js"
import { later } from "./waiting.js"
import { Photo, Signature } from "./picture.js"
import { Place } from "./geopoint.js"

const kind = (file, name) => later(async () => (await import(`./${file}.rare.js`))[name])
const Trace = kind("trace", "Trace")

const Attached = kind("attached", "Attached")
// A phone that has not fetched the rest of the release yet types the number.
const barcode = async () => {
  const { Barcode: Control, learnt } = await import("./barcode.lazy.js")
  await learnt()
  return Control
}
const Barcode = later(() => barcode().catch(() => TextField))

/** type → control; or {appearance: control, …} of which the first that the question has counts, "" when it has none. */
const CONTROLS = {
  integer: NumberField,
  decimal: NumberField,
  range: { rating: kind("range", "Stars"), picker: kind("range", "Picker"), "": kind("range", "Slider") },
  date: Moment,
  time: Moment,
  dateTime: Moment,
  rank: kind("rank", "Rank"),
  acknowledge: Acknowledge,
  geopoint: Place,
  geotrace: Trace,
  geoshape: Trace,
  image: { signature: Signature, "": Photo },
  audio: Attached,
  video: Attached,
  file: Attached,
  barcode: Barcode,
  text: { cccd: Barcode, "": TextField },
}

/** The control for a question that is no choice. */
export function controlFor(node, record, path) {
  if (record.isReadonly(path)) return ReadOnly
  const found = CONTROLS[node.type] ?? TextField
  if (typeof found === "function") return found
  const looks = (node.appearance ?? "").split(" ")
  return found[Object.keys(found).find((look) => looks.includes(look)) ?? ""]
}
