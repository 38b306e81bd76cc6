// Lines and areas that were walked (geotrace, geoshape): their points, their measures, and a sketch of them. Pure.
// A point is its text, "lat lon altitude accuracy".

import { FUNCTIONS } from "./functions.js"

export const LEAST = { geotrace: 2, geoshape: 3 } // points

/** The points of an answer; of a closed area the first one does not come again at the end. */
export function pointsOf(text) {
  const points = text
    .split(";")
    .map((point) => point.trim())
    .filter(Boolean)
  return points.length > LEAST.geoshape && points[0] === points.at(-1) ? points.slice(0, -1) : points
}

/** The answer that the points make: an area is closed as soon as it is one. */
export function textOf(points, type) {
  const isClosed = type === "geoshape" && points.length >= LEAST.geoshape
  return (isClosed ? [...points, points[0]] : points).join("; ")
}

const measured = (name, points) => FUNCTIONS[name](null, [() => points.join(";")])

/** Metres along the points. */
export const lengthOf = (points) => measured("distance", points)

/** Square metres within them. */
export const areaOf = (points) => measured("area", points)

const DEGREE = 111320 // metres of a degree of latitude
const SMALLEST = 10 // metres that a sketch shows at least: a single point stands in the middle

/**
 * The points as they lie on the ground, north up, in a box: {places: [[x, y]], bar: {metres, width}} of a scale that
 * fits.
 */
export function sketch(points, width, height, margin) {
  const degrees = points.map((point) => point.split(" ").map(Number))
  const narrowing = Math.cos((degrees[0][0] * Math.PI) / 180)
  const ground = degrees.map(([lat, lon]) => [
    (lon - degrees[0][1]) * DEGREE * narrowing,
    (lat - degrees[0][0]) * DEGREE,
  ])
  const [wide, high] = [0, 1].map((axis) => {
    const along = ground.map((place) => place[axis])
    return { middle: (Math.min(...along) + Math.max(...along)) / 2, size: Math.max(...along) - Math.min(...along) }
  })
  const scale = Math.min(
    (width - 2 * margin) / Math.max(wide.size, SMALLEST),
    (height - 2 * margin) / Math.max(high.size, SMALLEST),
  )
  const round = (number) => Math.round(number * 10) / 10
  const places = ground.map(([x, y]) => [
    round(width / 2 + (x - wide.middle) * scale),
    round(height / 2 - (y - high.middle) * scale),
  ])
  const most = width / 3 / scale
  const power = 10 ** Math.floor(Math.log10(most))
  const metres = /** @type {number} */ ([5, 2, 1].find((one) => one * power <= most)) * power
  return { places, bar: { metres, width: round(metres * scale) } }
}
