// Files of answers on their way to the server: small ones whole, others in parts that go on where a cut line left them
// (tus 1.0.0, docs/sync.md). The store, the network and the clock are handed in: a test holds each step.

import { isStuck } from "../store.js"

const WHOLE = 64 * 1024 // bytes up to which one call is better than three
const LEAST = 64 * 1024
const MOST = 1024 * 1024
const AIM = 4000 // milliseconds that a part should take: what a cut line costs at most
const AT_ONCE = 2
const SMALL_ENOUGH = 40_000 // bytes: the server takes no larger thumbnail, and a smaller photo needs none
const SMALL_SIDES = [360, 240, 160] // pixels, tried in this order
const TUS = { "Tus-Resumable": "1.0.0" }
const PATIENT = 3 // times that the server may name another place or have forgotten the upload, for one file

/** How many bytes the next part has, after one of `bytes` took so long. */
export const nextPart = (bytes, milliseconds) => Math.min(MOST, Math.max(LEAST, Math.round((bytes / Math.max(1, milliseconds)) * AIM)))

/** May originals go by this line? `connection` is navigator.connection; where the browser does not say, only by a tap. */
export const mayCarry = (onlyWifi, connection) => !onlyWifi || (!connection?.saveData && ["wifi", "ethernet"].includes(connection?.type))

/** Is the line so slow that a small picture first is worth its bytes? */
export const isSlow = (connection) => ["slow-2g", "2g", "3g"].includes(connection?.effectiveType)

/** Does `work(item)` for each, at most `width` at a time; after a failure nothing new is begun, and the first one is thrown. */
export async function inParallel(items, width, work) {
  const rest = [...items]
  const failures = []
  const worker = async () => {
    while (rest.length && !failures.length) await work(rest.shift()).catch((error) => failures.push(error))
  }
  await Promise.all(Array.from({ length: width }, worker))
  if (failures.length) throw failures[0]
}

const pairs = (said) => Object.entries(said).map(([key, value]) => `${key} ${btoa(value)}`).join(",")

/** Where an answer says that an upload stands: {at, receipt}. */
function standing({ header }) {
  const receipt = header("Upload-Receipt")
  return { at: Number(header("Upload-Offset")), receipt: receipt ? JSON.parse(atob(receipt)) : null }
}

const whole = async (file, { write }) => {
  const address = `/api/v1/files/${file.sha256}?commune=${encodeURIComponent(file.commune_id)}`
  const answer = await write(address, { method: "PUT", headers: { "Content-Type": file.type }, body: async () => file.blob })
  return { ...answer, receipt: answer.body?.receipt }
}

/** One file in parts; → {act: "done", receipt} or what refused it. `moved(at)` is told how many bytes are there. */
async function inParts(file, { write, stop, now = () => globalThis.performance?.now() ?? Date.now() }, moved) {
  let part = 2 * LEAST
  // One that was damaged on its way in an earlier talk is tried once: somebody pays for the bytes.
  for (let lost = file.problem ? PATIENT : 0; ; ) {
    const said = pairs({ sha256: file.sha256, commune: file.commune_id, filetype: file.type })
    const begun = await write("/api/v1/uploads", { method: "POST", headers: { ...TUS, "Upload-Length": String(file.size), "Upload-Metadata": said }, body: async () => null })
    if (begun.act !== "done") return begun
    let { at, receipt } = standing(begun)
    let answer = begun
    while (!receipt) {
      moved(at)
      const bytes = file.blob.slice(at, at + part)
      const since = now()
      answer = await write(begun.header("Location"), {
        method: "PATCH",
        headers: { ...TUS, "Upload-Offset": String(at), "Content-Type": "application/offset+octet-stream" },
        body: async () => bytes,
      })
      if (answer.act === "done") {
        part = nextPart(bytes.size, now() - since)
        ;({ at, receipt } = standing(answer))
      } else if (answer.problem?.code === "upload_offset" && lost++ < PATIENT) at = answer.problem.detail.offset
      else break
    }
    if (receipt) return { act: "done", receipt }
    if (answer.problem?.code === "upload_busy") throw stop("busy", 5) // the server still reads what a cut line sent
    // Given up by the server, or bytes that changed on the way: once more from the beginning.
    if (!["not_found", "hash_mismatch"].includes(answer.problem?.code) || lost++ >= PATIENT) return answer
  }
}

/** The file with its bytes as they were taken; null when this phone has lost or spoilt them. */
async function sound({ sha256, commune_id, problem }, { store, hash }) {
  const kept = await store.file(sha256).catch((error) => {
    if (error.name !== "OperationError") throw error // its seal is broken: as good as lost, and no other's trouble
  })
  const isSound = kept?.blob?.size === (kept?.size ?? null) && (await hash(kept.blob).catch(() => null)) === sha256
  return isSound ? { ...kept, commune_id, problem } : null
}

async function sendOriginal(file, talk, moved) {
  const kept = await sound(file, talk)
  if (!kept) return talk.store.fileRefused(file.sha256, { code: "file_damaged", title: "", next: "" })
  const answer = await (kept.size <= WHOLE ? whole(kept, talk) : inParts(kept, talk, moved))
  if (answer.act !== "done") return talk.store.fileRefused(file.sha256, answer.problem)
  if (!answer.receipt || !(await talk.isGood(answer.receipt, file.sha256))) return talk.store.fileRefused(file.sha256, { code: "bad_receipt", title: "", next: "" })
  moved(kept.size)
  return talk.store.fileReceived(file.sha256, answer.receipt)
}

async function sendThumbnail(file, talk) {
  const kept = await sound(file, talk)
  if (!kept) return // said when the original is tried
  for (const side of SMALL_SIDES) {
    const small = await talk.shrink(kept.blob, side).catch(() => null)
    if (!small) return
    if (small.size > SMALL_ENOUGH) continue
    const address = `/api/v1/files/${file.sha256}/thumbnail?commune=${encodeURIComponent(file.commune_id)}`
    const answer = await talk.write(address, { method: "PUT", headers: { "Content-Type": small.type }, body: async () => small })
    if (answer.act === "done") await talk.store.thumbnailSent(file.sha256)
    return
  }
}

/**
 * Sends what `store.filesWaiting()` listed: thumbnails first where originals wait or the line is slow, then originals.
 * `talk`: {store, write(address, how), isGood(receipt, sha256), hash(blob), stop(why, seconds), report, connection, onlyWifi,
 * originals: somebody tapped «Gửi ảnh ngay», shrink}. A file that is refused keeps its reason; a cut line is thrown.
 */
export async function sendFiles(waiting, talk) {
  const files = waiting.filter((file) => !isStuck(file))
  const isFree = talk.originals || mayCarry(talk.onlyWifi, talk.connection)
  if (talk.shrink && (!isFree || isSlow(talk.connection))) {
    const pictures = files.filter((file) => file.type.startsWith("image/") && file.size > SMALL_ENOUGH && !file.has_thumbnail)
    for (const [done, file] of pictures.entries()) {
      talk.report({ step: "thumbnails", done, total: pictures.length })
      await sendThumbnail(file, talk)
    }
  }
  if (!isFree) return talk.report({ held: files.length })
  const there = new Map(files.map((file) => [file.sha256, 0]))
  let done = 0
  const size = files.reduce((sum, file) => sum + file.size, 0)
  const report = () => talk.report({ step: "files", done, total: files.length, bytes: [...there.values()].reduce((sum, one) => sum + one, 0), size })
  report()
  await inParallel(files, AT_ONCE, async (file) => {
    await sendOriginal(file, talk, (at) => {
      there.set(file.sha256, at)
      report()
    })
    done++
    there.set(file.sha256, file.size)
    report()
  })
}
