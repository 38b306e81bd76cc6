// The receipt of a sent interview, held up against the server's key without network, and saved as a file.

import { isGenuine } from "../../sync/keys.lazy.js"
import { action, number, part, stamp, word } from "../page.js"
import { learnt } from "../templates.lazy.js"

/** What `receipts verify` and the desk's page read: the receipt of the entry and those of its files, no answer. */
export async function exported(store, item) {
  const files = await Promise.all(item.entry.files.map(({ sha256 }) => store.file(sha256)))
  const receipts = [item.receipt, ...files.map((file) => file?.receipt)].filter(Boolean)
  return { format: "so-ho-receipt-1", receipts }
}

async function save(store, item) {
  const text = JSON.stringify(await exported(store, item), null, 1)
  const file = new File([text], `bien-nhan-${item.id.slice(-12)}.json`, { type: "application/json" })
  if (navigator.canShare?.({ files: [file] })) {
    const isShared = await navigator.share({ files: [file] }).then(
      () => true,
      (error) => error.name === "AbortError",
    )
    if (isShared) return
  }
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: file.name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60000)
}

/** Puts into `place` whether the receipt is right, as far as this phone can say, and the way to save it. */
export async function drawReceipt(place, { store }, item) {
  await learnt()
  const keys = (await store.get("receipt_keys")) ?? []
  const files = await Promise.all(item.entry.files.map(({ sha256 }) => store.file(sha256)))
  const receipts = [item.receipt, ...files.map((file) => file?.receipt)].filter(Boolean)
  const said = await Promise.all(receipts.map((receipt) => isGenuine(receipt, keys)))
  const verdict = said.includes(false) ? "wrong" : said.includes(null) ? "unknown" : "right"
  const element = stamp("receipt", {
    verdict: word(`receipt.${verdict}`),
    more: word(`receipt.${verdict}_more`, { count: number(receipts.length) }),
  })
  element.dataset.receipt = verdict
  action(element, "save-receipt").addEventListener("click", () => save(store, item))
  part(element, "text").textContent = JSON.stringify(item.receipt)
  place.replaceChildren(element)
}
