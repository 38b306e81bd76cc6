// What only this phone has, said a second time outside of IndexedDB: by ids alone, in Local Storage. When the browser
// clears the one and leaves the other, the app knows at its start, also without network, that interviews are missing,
// and which. {device, accounts: {<account>: {held: [ITEM], lost: [ITEM]}}}, ITEM as in push's `lost`: {id,
// household_id, open?, photos?}.

const KEY = "so-ho-held"

export function read() {
  try {
    return JSON.parse(/** @type {string} */ (localStorage.getItem(KEY))) ?? {}
  } catch {
    return {}
  }
}

/** What stood here before and is nowhere in `store` any more becomes its `lost`; then what it holds now stands here. */
export function note(device, account, store) {
  return navigator.locks.request(KEY, async () => {
    const { accounts, ...marker } = read()
    const { held: before = [], lost: missed = [] } = accounts?.[account] ?? {}
    const [{ held, known }, told, id] = await Promise.all([store.held(), store.get("lost"), device.get("device_id")])
    const lost = [...(told ?? missed), ...before.filter((one) => !known.has(one.id))]
    if (lost.length !== (told ?? []).length) await store.set("lost", lost)
    localStorage.setItem(
      KEY,
      JSON.stringify({ device: id ?? marker.device, accounts: { ...accounts, [account]: { held, lost } } }),
    )
  })
}

/** Was everything in IndexedDB cleared? → the ITEMs that only this phone had, of all its accounts; else null. */
export async function cleared(device) {
  const { device: id, accounts = {} } = read()
  if (!id || (await device.get("device_id"))) return null
  return Object.values(accounts).flatMap(({ held, lost }) => [...held, ...lost])
}
