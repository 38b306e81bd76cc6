// Files of answers on their way to the server: small ones whole, others in parts that go on where a cut line left them
// (tus 1.0.0, docs/sync.md). The store, the network and the line's pace are handed in: a test holds each step.

import { isStuck } from "../store/store.js"
import { mayBeAlone } from "./reply.js"

const WHOLE = 64 * 1024 // bytes up to which one call is better than three, where the line takes them at once
const AT_ONCE = 4 // files, where the line takes a part of each: none of them waits for another's answer
const NARROW = 24_000 // bytes that go in a call of a line so narrow that one file has it to itself
const SMALL_ENOUGH = 40_000 // bytes: the server takes no larger thumbnail, and a smaller photo needs none
const SMALL_SIDES = [360, 240, 160] // pixels, tried in this order
const TUS = { "Tus-Resumable": "1.0.0" }
const PATIENT = 3 // times that the server may name another place or have forgotten the upload, for one file
const ALONE = 3 // files in a row that each failed by themselves: then it is not the files

/**
 * May originals go by this line? `connection` is navigator.connection; where the browser does not say, only by a tap.
 */
export const mayCarry = (onlyWifi, connection) =>
  !onlyWifi || (!connection?.saveData && ["wifi", "ethernet"].includes(connection?.type))

/** Is the line so slow that a small picture first is worth its bytes? */
export const isSlow = (connection) => ["slow-2g", "2g", "3g"].includes(connection?.effectiveType)

/**
 * Does `work(item)` for each, at most `width()` at a time; after a failure nothing new is begun, and the first one is
 * thrown.
 */
export async function inParallel(items, width, work) {
  const rest = [...items]
  const failures = []
  let running = 0
  await new Promise((/** @type {(value?: any) => void} */ resolve) => {
    const begin = () => {
      for (; rest.length && !failures.length && running < width(); running++) {
        const ended = () => (running--, begin())
        work(rest.shift())
          .catch((error) => failures.push(error))
          .then(ended)
      }
      if (!running) resolve()
    }
    begin()
  })
  if (failures.length) throw failures[0]
}

const pairs = (said) =>
  Object.entries(said)
    .map(([key, value]) => `${key} ${btoa(value)}`)
    .join(",")

/** Where an answer says that an upload stands: {at, receipt}. */
function standing({ header }) {
  const receipt = header("Upload-Receipt")
  return { at: Number(header("Upload-Offset")), receipt: receipt ? JSON.parse(atob(receipt)) : null }
}

const whole = async (file, { write }) => {
  const address = `/api/v1/files/${file.sha256}?commune=${encodeURIComponent(file.commune_id)}`
  const answer = await write(address, {
    method: "PUT",
    headers: { "Content-Type": file.type },
    body: async () => file.blob,
  })
  return { ...answer, receipt: answer.body?.receipt }
}

/**
 * One file in parts; → {act: "done", receipt}, {act: "later"} when its turn is over, or what refused it. `moved(at)` is
 * told how many bytes are there. A line that broke is tried again at once while that helps: the server says first what
 * it has.
 */
async function inParts(file, { write, stop, pace, insistence, isOver }, moved) {
  const insists = insistence()
  // One that was damaged on its way in an earlier talk is tried once: somebody pays for the bytes.
  for (let lost = file.problem ? PATIENT : 0; ; ) {
    try {
      const said = pairs({ sha256: file.sha256, commune: file.commune_id, filetype: file.type })
      const begun = await write("/api/v1/uploads", {
        method: "POST",
        headers: { ...TUS, "Upload-Length": String(file.size), "Upload-Metadata": said },
        body: async () => null,
      })
      if (begun.act !== "done") return begun
      let { at, receipt } = standing(begun)
      let answer = begun
      while (!receipt) {
        moved(at)
        if (isOver()) return { act: "later" }
        answer = await write(begun.header("Location"), {
          method: "PATCH",
          headers: { ...TUS, "Upload-Offset": String(at), "Content-Type": "application/offset+octet-stream" },
          body: async () => file.blob.slice(at, at + pace.size),
        })
        if (answer.act === "done") ({ at, receipt } = standing(answer))
        else if (answer.problem?.code === "upload_offset" && lost++ < PATIENT) at = answer.problem.detail.offset
        else break
      }
      if (receipt) return { act: "done", receipt }
      if (answer.problem?.code === "upload_busy") throw stop("busy", 5) // the server still reads what a cut line sent
      // Given up by the server, or bytes that changed on the way: once more from the beginning.
      if (!["not_found", "hash_mismatch"].includes(answer.problem?.code) || lost++ >= PATIENT) return answer
    } catch (error) {
      if (!insists.may(error)) throw error
    }
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

/** In one call where that is as good; one that broke off may be there, and is asked about in parts. */
async function sendKept(kept, talk, moved) {
  if (kept.size > Math.min(WHOLE, talk.pace.size) || talk.begun.has(kept.sha256)) return inParts(kept, talk, moved)
  const insists = talk.insistence()
  talk.begun.add(kept.sha256)
  try {
    return await whole(kept, talk)
  } catch (error) {
    if (!insists.may(error)) throw error
    return inParts(kept, talk, moved)
  }
}

/** → true when it is left for later. */
async function sendOriginal(file, talk, moved) {
  const kept = await sound(file, talk)
  if (!kept) return void (await talk.store.fileRefused(file.sha256, { code: "file_damaged", title: "", next: "" }))
  const answer = await sendKept(kept, talk, moved)
  if (answer.act === "later") return true
  if (answer.act !== "done") return void (await talk.store.fileRefused(file.sha256, answer.problem))
  if (!answer.receipt || !(await talk.isGood(answer.receipt, file.sha256)))
    return void (await talk.store.fileRefused(file.sha256, { code: "bad_receipt", title: "", next: "" }))
  moved(kept.size)
  await talk.store.fileReceived(file.sha256, answer.receipt)
}

/**
 * Does `work(file)` for each, `width()` at a time. One that fails by itself, or is never answered, is passed over, and
 * thrown once the others are through; one at which the line broke comes again after them. → true when some are left for
 * later.
 */
async function each(files, width, work, talk) {
  const insists = talk.insistence()
  /** @type {any} */
  let failure = null
  let inARow = 0
  let isLeft = false
  for (let rest = files; rest.length; ) {
    const again = []
    await inParallel(rest, width, async (file) => {
      if (talk.isOver()) return void (isLeft = true)
      try {
        if (await work(file)) isLeft = true
        inARow = 0
      } catch (error) {
        if ((mayBeAlone(error) || error.why === "slow") && ++inARow < ALONE) failure = error
        else if (insists.may(error)) again.push(file)
        else throw error
      }
    })
    rest = again
  }
  if (failure) throw failure
  return isLeft
}

async function sendThumbnail(file, talk) {
  const kept = await sound(file, talk)
  if (!kept) return // said when the original is tried
  for (const side of SMALL_SIDES) {
    const small = await talk.shrink(kept.blob, side).catch(() => null)
    if (!small) return
    if (small.size > SMALL_ENOUGH) continue
    const address = `/api/v1/files/${file.sha256}/thumbnail?commune=${encodeURIComponent(file.commune_id)}`
    const answer = await talk.write(address, {
      method: "PUT",
      headers: { "Content-Type": small.type },
      body: async () => small,
    })
    if (answer.act === "done") await talk.store.thumbnailSent(file.sha256)
    return
  }
}

/**
 * Sends what `store.filesWaiting()` listed, the smallest first: thumbnails where originals wait or the line is slow,
 * then originals. `talk`: {store, write(address, how), isGood(receipt, sha256), hash(blob), stop(why, seconds), report,
 * connection, onlyWifi, originals: somebody tapped «Gửi ảnh ngay», shrink; of the line: pace and insistence() as in
 * pace.js, begun: what was sent whole before, isOver(): others want it now}. A file that is refused keeps its reason; a
 * line that stays broken is thrown. → true when files are left for later.
 */
export async function sendFiles(waiting, talk) {
  const files = waiting.filter((file) => !isStuck(file)).sort((one, other) => one.size - other.size)
  const isFree = talk.originals || mayCarry(talk.onlyWifi, talk.connection)
  if (talk.shrink && (!isFree || isSlow(talk.connection))) {
    const pictures = files.filter(
      (file) => file.type.startsWith("image/") && file.size > SMALL_ENOUGH && !file.has_thumbnail,
    )
    let done = 0
    const small = async (file) => {
      talk.report({ step: "thumbnails", done: done++, total: pictures.length })
      await sendThumbnail(file, talk)
    }
    const isLeft = await each(pictures, () => 1, small, talk).catch((error) => {
      if (!mayBeAlone(error)) throw error // the originals go without them
    })
    if (isLeft) return true
  }
  if (!isFree) return void talk.report({ held: files.length })
  const there = new Map(files.map((file) => [file.sha256, 0]))
  let done = 0
  const size = files.reduce((sum, file) => sum + file.size, 0)
  const report = () =>
    talk.report({
      step: "files",
      done,
      total: files.length,
      bytes: [...there.values()].reduce((sum, one) => sum + one, 0),
      size,
    })
  report()
  const send = async (file) => {
    const isLeft = await sendOriginal(file, talk, (at) => {
      there.set(file.sha256, at)
      report()
    })
    if (isLeft) return true
    done++
    there.set(file.sha256, file.size)
    report()
  }
  return each(files, () => (talk.pace.size < NARROW ? 1 : AT_ONCE), send, talk)
}
