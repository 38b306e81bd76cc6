// An answer as the check list, a read-only question and last year's line say it: what needs words of the page besides
// the form's own.

import { areaOf, LEAST, lengthOf, pointsOf } from "../lines.js"
import { display } from "../record.js"
import { number, word } from "./page.js"

/** "21.4, 103.7 (sai số 12 m)" of a geopoint's text; typed by hand it has no accuracy. */
export function placeWords(value) {
  const [lat, lon, , metres] = value.split(" ")
  return Number(metres) ? word("place.answer", { lat, lon, metres: number(Math.ceil(Number(metres))) }) : `${lat}, ${lon}`
}

/** "12 điểm, dài 340 m" of a line, "5 điểm, rộng 1.250 m²" of an area; below the least number of points only these. */
export function lineWords(type, points) {
  const count = number(points.length)
  if (points.length < LEAST[type]) return word("line.points", { count })
  const isArea = type === "geoshape"
  return word(isArea ? "line.area" : "line.length", { count, metres: number(Math.round((isArea ? areaOf : lengthOf)(points))) })
}

export function answerWords(bundle, node, value, language) {
  if (value === "") return ""
  const { type, appearance } = node
  if (type === "acknowledge") return word("acknowledge.given")
  if (type === "geopoint") return placeWords(value)
  if (type in LEAST) return lineWords(type, pointsOf(value))
  if (type === "text" && /\bmasked\b/.test(appearance)) return "•".repeat(8)
  return display(bundle, node, value, language)
}
