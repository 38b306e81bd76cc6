// The way to the interviews on a phone whose app does not start: no module of it, one classic script. It reads what
// lies in IndexedDB as it lies there and changes nothing; what is sealed under somebody's code stays so, and all of it
// is sealed once more for the office, as so-ho-bundle-1 (docs/exchange.md): nobody on the way can read it.

;(function () {
  const CHUNK = 256 * 1024
  const FOLD = 16 // chunks that are handed to the browser at once, which keeps them outside of the page's memory
  const utf8 = (text) => new TextEncoder().encode(text)
  const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  const base64Of = (bytes) => btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(""))
  const bufferOf = (blob) => new Response(blob).arrayBuffer()

  const ask = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })

  /**
   * The database of that name as it is; null where there is none: it must not be made, the app would take it for its
   * own.
   */
  function opened(name) {
    const request = indexedDB.open(name)
    request.onupgradeneeded = () => request.transaction?.abort()
    return ask(request).catch(() => null)
  }

  const every = (db, name) => ask(db.transaction(name).objectStore(name).getAll())
  const meta = (db, key) => ask(db.transaction("meta").objectStore("meta").get(key))

  /** Ids of everybody who has a database on this phone. */
  async function accounts(device) {
    const keys = await ask(device.transaction("meta").objectStore("meta").getAllKeys())
    const ids = keys.filter((key) => key.startsWith("ring ")).map((key) => key.slice("ring ".length))
    return [...new Set([await meta(device, "account"), ...ids])].filter(Boolean)
  }

  /** A row as a line of the bundle: sealed as it is, or plain where nobody had chosen a code yet. */
  function lineOf(store, key, row) {
    const { sealed: box, ...plain } = row
    const said = { store, key, plain, ...(box && { box: base64Of(box) }) }
    return `${JSON.stringify({ row: said })}\n`
  }

  /** The parts of a bundle, and how much there is: {parts, entries, drafts, files, lost}. */
  async function gathered(db, ring) {
    const [hello, pass, outbox, drafts, journal, files] = await Promise.all([
      meta(db, "hello"),
      meta(db, "pass"),
      ...["outbox", "drafts", "journal", "files"].map((name) => every(db, name)),
    ])
    const unsent = outbox.filter((row) => row.state !== "received" || row.missing.length)
    const open = drafts.filter((draft) => draft.state === "open")
    const isOpen = new Set(open.map((draft) => draft.id))
    const steps = journal.filter((step) => isOpen.has(step.draft))
    const isSealed = Boolean(pass && pass.sealed)
    const parts = [`${JSON.stringify({ pass: (!isSealed && pass) || hello.bundle_pass || null })}\n`]
    if (ring)
      parts.push(
        `${JSON.stringify({ ring: { id: ring.id, account: ring.account, escrow: base64Of(ring.escrow), escrow_id: ring.escrow_id } })}\n`,
      )
    if (ring && isSealed) parts.push(lineOf("meta", "pass", pass))
    for (const row of unsent) parts.push(lineOf("outbox", row.id, row))
    for (const row of open) parts.push(lineOf("drafts", row.id, row))
    for (const row of steps) parts.push(lineOf("journal", [row.draft, row.seq], row))
    const communeOf = new Map()
    for (const row of unsent)
      for (const hash of row.missing) communeOf.set(hash, row.commune_id || row.entry.commune_id)
    const named = new Set([...open, ...steps].map((row) => row.files || []).reduce((all, some) => all.concat(some), []))
    const wanted = files.filter(
      (file) => (file.bytes || file.blob) && (communeOf.has(file.sha256) || (named.has(file.sha256) && !file.receipt)),
    )
    let lost = 0
    for (const file of wanted) {
      const blob = file.bytes || file.blob
      const isWhole = await bufferOf(blob).then(
        () => true,
        () => false,
      )
      if (!isWhole)
        lost++ // the disk has spoilt it: it must not take the others with it
      else {
        const commune = communeOf.get(file.sha256) || (hello.commune || {}).id || ""
        const said = {
          sha256: file.sha256,
          size: blob.size,
          type: file.type,
          commune_id: commune,
          sealed: Boolean(file.bytes),
        }
        parts.push(`${JSON.stringify({ file: said })}\n`, blob)
      }
    }
    return { hello, parts, entries: unsent.length, drafts: open.length, files: wanted.length - lost, lost }
  }

  function nonceOf(number, isLast) {
    const nonce = new Uint8Array(12)
    new DataView(nonce.buffer).setUint32(7, number)
    nonce[11] = isLast ? 1 : 0
    return nonce
  }

  async function sealed(header, parts, escrow) {
    const { subtle } = crypto
    const office = await subtle.importKey("spki", bytesOf(escrow.key), { name: "RSA-OAEP", hash: "SHA-256" }, false, [
      "encrypt",
    ])
    const key = await subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"])
    const wrapped = await subtle.encrypt(
      { name: "RSA-OAEP", label: utf8("so-ho bundle") },
      office,
      await subtle.exportKey("raw", key),
    )
    const head = utf8(`so-ho-bundle-1\n${JSON.stringify({ ...header, escrow: escrow.id, key: base64Of(wrapped) })}\n`)
    const inside = new Blob(parts)
    /** @type {BlobPart[]} */
    const folded = [head]
    /** @type {BlobPart[]} */
    const loose = []
    for (let number = 0, at = 0; at < inside.size; number++, at += CHUNK) {
      const piece = await bufferOf(inside.slice(at, at + CHUNK))
      loose.push(
        await subtle.encrypt(
          { name: "AES-GCM", iv: nonceOf(number, at + CHUNK >= inside.size), additionalData: head },
          key,
          piece,
        ),
      )
      if (loose.length === FOLD) folded.push(new Blob(loose.splice(0)))
    }
    return new Blob([...folded, ...loose], { type: "application/octet-stream" })
  }

  // The page

  /** @type {(selector: string) => NodeListOf<any>} */
  const each = (selector) => document.querySelectorAll(selector)
  const show = (name) => each(`[data-plain="${name}"]`).forEach((element) => (element.hidden = false))

  function offer(blob, name, told) {
    each("[data-plain=file]").forEach((place) => {
      const line = place.content.firstElementChild.cloneNode(true)
      const link = line.querySelector("a")
      link.href = URL.createObjectURL(blob)
      link.download = link.textContent = name
      for (const key of Object.keys(told))
        line.querySelectorAll(`[data-count=${key}]`).forEach((count) => (count.textContent = told[key]))
      line.querySelectorAll("[data-lost]").forEach((words) => (words.hidden = !told.lost))
      place.after(line)
    })
  }

  async function taken(device, account) {
    const db = await opened(`so-ho-${account}`)
    if (!db) return "nothing"
    const [ring, id] = await Promise.all([meta(device, `ring ${account}`), meta(device, "device_id")])
    if (!((await meta(db, "hello")) || {}).escrow) return "no-key"
    const { hello, parts, ...told } = await gathered(db, ring)
    if (!told.entries && !told.drafts) return "nothing"
    const now = new Date().toISOString()
    const header = { account, device: id || "", entries: told.entries, generation: hello.generation, made_at: now }
    const blob = await sealed(header, parts, hello.escrow)
    offer(blob, `so-ho-${now.slice(0, 10).replace(/-/g, "")}-${(id || "").slice(-6)}-${account.slice(-4)}.shb`, told)
    return "made"
  }

  async function main() {
    const device = await opened("so-ho")
    const found = new Set(device ? [] : ["nothing"])
    for (const account of device ? await accounts(device) : []) found.add(await taken(device, account))
    if (found.has("made") || found.has("no-key")) found.delete("nothing")
    found.forEach(show)
  }

  each("[data-plain=take]").forEach((button) =>
    button.addEventListener("click", () => {
      each("[data-plain=take]").forEach((one) => (one.disabled = true))
      show("working")
      main()
        .catch((error) => {
          console.error(error)
          show("failed")
        })
        .then(() => each("[data-plain=working]").forEach((words) => (words.hidden = true)))
    }),
  )
})()
