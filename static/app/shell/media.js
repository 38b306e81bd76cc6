// Photos, drawings and places, as small as the phone can make them.

const LONGEST = 1600 // pixels of a photo's longer side: enough to read a house number, about 300 kB
const QUALITY = 0.8

/** The size a picture is drawn at: the longer side at most `longest`, never larger than it was. */
export function scaled(width, height, longest = LONGEST) {
  const factor = Math.min(1, longest / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) }
}

const blobOf = (canvas, type, quality) =>
  new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("the picture could not be encoded"))),
      type,
      quality,
    ),
  )

/** A camera's file → a JPEG of at most `longest` px. Drawing it anew also drops where and when it says it was taken. */
export async function shrink(file, longest = LONGEST) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" })
  const canvas = document.createElement("canvas")
  Object.assign(canvas, scaled(picture.width, picture.height, longest))
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
  context.fillStyle = "#fff" // a transparent PNG would turn black
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(picture, 0, 0, canvas.width, canvas.height)
  picture.close()
  return blobOf(canvas, "image/jpeg", QUALITY)
}

const PAPER = "#fff"

/**
 * Lets a finger or a mouse draw on `canvas`; `onStroke` after each line.
 * → {isEmpty(), clear(), undo(), colour(name), on(picture), picture(type): Promise<Blob>}
 */
export function drawingPad(canvas, onStroke) {
  const context = canvas.getContext("2d")
  let strokes = []
  /** @type {any} */
  let stroke = null
  let ground = null
  let tone = "#111"
  const segment = (colour, from, to) => {
    context.strokeStyle = colour
    context.beginPath()
    context.moveTo(...from)
    context.lineTo(...to)
    context.stroke()
  }
  const redraw = () => {
    context.fillStyle = PAPER
    context.fillRect(0, 0, canvas.width, canvas.height)
    if (ground) context.drawImage(ground, 0, 0, canvas.width, canvas.height)
    Object.assign(context, {
      lineWidth: Math.max(canvas.width, canvas.height) / 150,
      lineCap: "round",
      lineJoin: "round",
    })
    for (const { colour, places } of strokes)
      places.forEach((place, index) => segment(colour, places[Math.max(0, index - 1)], place))
  }
  const draw = (event) => {
    const box = canvas.getBoundingClientRect()
    const place = [
      ((event.clientX - box.left) * canvas.width) / box.width,
      ((event.clientY - box.top) * canvas.height) / box.height,
    ]
    segment(stroke.colour, stroke.places.at(-1) ?? place, place)
    stroke.places.push(place)
  }
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId)
    stroke = { colour: tone, places: [] }
    draw(event)
  })
  canvas.addEventListener("pointermove", (event) => stroke && draw(event))
  const end = () => {
    if (!stroke) return
    strokes.push(stroke)
    stroke = null
    onStroke()
  }
  canvas.addEventListener("pointerup", end)
  canvas.addEventListener("pointercancel", end)
  redraw()
  return {
    isEmpty: () => !strokes.length && !ground,
    clear() {
      strokes = []
      ground = null
      redraw()
    },
    undo() {
      if (strokes.pop()) redraw()
      return strokes.length > 0
    },
    colour: (name) => (tone = name),
    /** Begins anew on top of a picture, in its own size. */
    on(picture) {
      strokes = []
      ground = picture
      Object.assign(canvas, { width: picture.width, height: picture.height })
      redraw()
    },
    picture: (type = "image/png") => blobOf(canvas, type, QUALITY),
  }
}

/** "lat lon altitude accuracy" as XForms write a place; unknown altitude is 0. */
export function geopoint({ latitude, longitude, altitude, accuracy }) {
  const parts = [latitude.toFixed(7), longitude.toFixed(7), (altitude ?? 0).toFixed(1), accuracy.toFixed(1)]
  return parts.map(Number).join(" ")
}

/**
 * Reads the position until told to stop. `onReading({value, accuracy})` each time; `onFailure("denied"|"unavailable")`.
 * → a function that stops.
 */
export function watchPlace(onReading, onFailure) {
  if (!navigator.geolocation) {
    onFailure("unavailable")
    return () => {}
  }
  const id = navigator.geolocation.watchPosition(
    ({ coords }) => onReading({ value: geopoint(coords), accuracy: coords.accuracy }),
    (error) => onFailure(error.code === error.PERMISSION_DENIED ? "denied" : "unavailable"),
    { enableHighAccuracy: true, maximumAge: 0, timeout: 60000 },
  )
  return () => navigator.geolocation.clearWatch(id)
}
