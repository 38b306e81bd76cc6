// An answer as the check list, a read-only question and last year's line say it: what needs words of the page besides
// the form's own.

import { display } from "../../engine/display.js"
import { kit } from "../formkit.js"
import { number, word } from "../page.js"

/** "21.4, 103.7 (sai số 12 m)" of a geopoint's text; typed by hand it has no accuracy. */
export function placeWords(value) {
  const [lat, lon, , metres] = value.split(" ")
  return Number(metres)
    ? word("place.answer", { lat, lon, metres: number(Math.ceil(Number(metres))) })
    : `${lat}, ${lon}`
}

export function answerWords(bundle, node, value, language) {
  if (value === "") return ""
  const { type, appearance } = node
  if (type === "acknowledge") return word("acknowledge.given")
  if (type === "geopoint") return placeWords(value)
  if (type === "geotrace" || type === "geoshape") return kit.lineWords(type, value)
  if (type === "text" && /\bmasked\b/.test(appearance)) return "•".repeat(8)
  return display(bundle, node, value, language)
}
