// Photos, signatures and places, as small as the phone can make them.

const LONGEST = 1600 // pixels of a photo's longer side: enough to read a house number, about 300 kB
const QUALITY = 0.8

/** The size a picture is drawn at: the longer side at most `longest`, never larger than it was. */
export function scaled(width, height, longest = LONGEST) {
  const factor = Math.min(1, longest / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) }
}

const blobOf = (canvas, type, quality) =>
  new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture could not be encoded"))), type, quality),
  )

/** A camera's file → a JPEG of at most `longest` px. Drawing it anew also drops where and when it says it was taken. */
export async function shrink(file, longest = LONGEST) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" })
  const canvas = document.createElement("canvas")
  Object.assign(canvas, scaled(picture.width, picture.height, longest))
  const context = canvas.getContext("2d")
  context.fillStyle = "#fff" // a transparent PNG would turn black
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(picture, 0, 0, canvas.width, canvas.height)
  picture.close()
  return blobOf(canvas, "image/jpeg", QUALITY)
}

/** Lets a finger or a mouse write on `canvas`. → {isEmpty(), clear(), picture(): Promise<Blob>}; `onStroke` after each line. */
export function signaturePad(canvas, onStroke) {
  const context = canvas.getContext("2d")
  let strokes = 0
  let last = null
  const begin = () => {
    context.fillStyle = "#fff"
    context.fillRect(0, 0, canvas.width, canvas.height)
    Object.assign(context, { lineWidth: canvas.width / 150, lineCap: "round", lineJoin: "round", strokeStyle: "#111" })
    strokes = 0
  }
  const placeOf = (event) => {
    const box = canvas.getBoundingClientRect()
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height]
  }
  const draw = (event) => {
    const place = placeOf(event)
    context.beginPath()
    context.moveTo(...(last ?? place))
    context.lineTo(...place)
    context.stroke()
    last = place
  }
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId)
    draw(event)
  })
  canvas.addEventListener("pointermove", (event) => {
    if (last) draw(event)
  })
  const end = () => {
    if (!last) return
    last = null
    strokes += 1
    onStroke()
  }
  canvas.addEventListener("pointerup", end)
  canvas.addEventListener("pointercancel", end)
  begin()
  return { isEmpty: () => strokes === 0, clear: begin, picture: () => blobOf(canvas, "image/png") }
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
