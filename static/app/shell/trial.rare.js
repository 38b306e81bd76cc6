// A questionnaire tried out: an interview with everything but a place to keep it. Nothing is stored, nothing is sent.

import { newDraft } from "../interview/begin.js"
import { Interview } from "../interview/interview.js"
import { formFile, preview as fetched } from "../sync/request.js"
import { previewOf } from "../interview/preview.js"

/** A store that keeps nothing beyond this screen: only the bytes that a question shows. */
class Nowhere {
  #files = new Map()

  constructor(bundle, folder) {
    this.bundle = bundle
    this.folder = folder
  }

  async append() {}
  async visit() {}

  async saveFile(file) {
    this.#files.set(file.sha256, file)
  }

  async file(sha256) {
    const [name, known] = Object.entries(this.bundle.files ?? {}).find(([, one]) => one.sha256 === sha256) ?? []
    if (!this.#files.has(sha256) && name) {
      const blob = await formFile(this.folder, name, known)
      if (blob) await this.saveFile({ sha256, blob, size: known.size, type: known.type })
    }
    return this.#files.get(sha256)
  }
}

/** A fresh interview with the questionnaire at `address`; null when it cannot be had. */
export async function preview(address, now, about, ready) {
  const bundle = await fetched(address)
  if (!bundle?.children) return null
  await ready(bundle)
  const household = { household_id: "", village_id: "", context: {}, last_answers: null }
  const made = newDraft({ household, round: { id: "" }, bundle, commune: "", now, about })
  /** @type {Draft} */
  const draft = { ...made, id: previewOf(address), name: bundle.title, visited: [], state: "open" }
  const interview = new Interview(
    new Nowhere(bundle, bundle.preview?.files ?? `${address}/files/`),
    bundle,
    draft,
    [],
    { now, about },
  )
  interview.isPreview = true
  return interview
}
