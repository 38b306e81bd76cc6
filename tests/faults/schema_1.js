// A phone's database as releases before the vault kept it (schema 1): every row in plain, one row for each event.

import { contentHash, sha256 } from "../../static/app/canonical.js"

export const NAMES = { head: "Lò Văn Đức", member: "Quàng Thị Xuân", cccd: "014079000123", found: "Mùa Thị Dợ" }
export const PHOTO = "\u00ff\u00d8 bytes of the photo of the house"
export const REPLACED = "the photo that was taken before it"

const STORES = {
  meta: undefined,
  forms: ["id", "version"],
  households: ["round_id", "household_id"],
  drafts: "id",
  journal: ["draft", "seq"],
  outbox: "id",
  files: "sha256",
}

/** {store: [row, …], meta: {key: value}}: a register of two, an open interview, a finished one, two photos. */
export async function rows({ account = "account-1", events = 3 } = {}) {
  const [photo, replaced] = [await sha256(PHOTO), await sha256(REPLACED)]
  const household = (id, name) => ({
    round_id: "dot-2026",
    household_id: id,
    village_id: "03757-01",
    code: `03757-01-${id}`,
    head_name: name,
    state: "to_visit",
    change: 7,
    last_class: "ho_ngheo",
    context: {},
    last_answers: { thanh_vien: [{ ho_ten: name, cccd: NAMES.cccd }] },
    returned: null,
    gone: false,
    key: name.toLowerCase(),
  })
  const draft = (id, household_id, more) => ({
    id,
    round_id: "dot-2026",
    commune_id: "03757",
    household_id,
    village_id: "03757-01",
    code: `03757-01-${household_id}`,
    name: NAMES.head,
    form: { id: "ra_soat_ho", version: "2026.1" },
    start: { thanh_vien: [{ ho_ten: NAMES.head }] },
    last: { thanh_vien: [{ ho_ten: NAMES.head, cccd: NAMES.cccd }] },
    comments: [],
    replaces: null,
    new_household: null,
    started_at: "2026-11-23T01:00:00.000Z",
    state: "open",
    visited: ["thong_tin_ho"],
    ...more,
  })
  const entry = {
    id: "entry-1",
    commune_id: "03757",
    round_id: "dot-2026",
    household_id: "ho-1",
    form: { id: "ra_soat_ho", version: "2026.1" },
    answers: { thanh_vien: [{ ho_ten: NAMES.member }], anh_nha: photo },
    confirmed: {},
    files: [{ path: "anh_nha", sha256: photo, size: PHOTO.length, type: "image/jpeg" }],
    new_household: { village_id: "03757-01", head_name: NAMES.found },
  }
  const journal = Array.from({ length: events }, (_, place) => ({
    draft: "draft-1",
    seq: place + 1,
    op: "set",
    path: place ? `thanh_vien[1]/ghi_chu_${place}` : "anh_nha",
    value: place ? `${NAMES.member} ${place}` : replaced,
    at: "2026-11-23T01:10:00.000Z",
  }))
  journal.push({
    draft: "draft-1",
    seq: events + 1,
    op: "set",
    path: "anh_nha",
    value: photo,
    at: "2026-11-23T01:11:00.000Z",
  })
  journal.push({
    draft: "draft-2",
    seq: 1,
    op: "set",
    path: "thanh_vien[1]/ho_ten",
    value: NAMES.member,
    at: "2026-11-23T01:12:00.000Z",
  })
  const file = (hash, text) => ({
    sha256: hash,
    blob: new Blob([text], { type: "image/jpeg" }),
    size: text.length,
    type: "image/jpeg",
    name: `${NAMES.head}.jpg`,
    receipt: null,
    problem: null,
  })
  return {
    meta: {
      hello: {
        account: { id: account, username: "enumerator", display_name: "Người thử", role: "enumerator", language: "vi" },
        villages: [],
        rounds: [],
        csrf: "a token",
        bundle_pass: { body: "{}", signature: "what vouched for an account" },
      },
      cursor: 7,
      generation: "generation-1",
      "last_saved ra_soat_ho": { thanh_vien: [{ ho_ten: NAMES.member }] },
    },
    forms: [{ id: "ra_soat_ho", version: "2026.1", files: {}, children: [], choices: {} }],
    households: [household("ho-0", NAMES.head), household("ho-1", NAMES.member)],
    drafts: [draft("draft-1", "ho-0"), draft("draft-2", "ho-1", { state: "finalised", entry_id: "entry-1" })],
    journal,
    outbox: [
      {
        id: "entry-1",
        draft_id: "draft-2",
        name: NAMES.found,
        code: "",
        entry,
        content_hash: await contentHash(entry),
        state: "waiting",
        missing: [photo],
        problem: null,
        receipt: null,
        result: null,
      },
    ],
    files: [file(photo, PHOTO), file(replaced, REPLACED)],
  }
}

/** Makes the database. */
export async function build(indexedDB, account, content) {
  const request = indexedDB.open(`so-ho-${account}`, 1)
  request.onupgradeneeded = () => {
    for (const [name, keyPath] of Object.entries(STORES)) request.result.createObjectStore(name, keyPath && { keyPath })
  }
  await new Promise((resolve, reject) => Object.assign(request, { onsuccess: resolve, onerror: reject }))
  const transaction = request.result.transaction(Object.keys(STORES), "readwrite")
  for (const [name, some] of Object.entries(content)) {
    const store = transaction.objectStore(name)
    if (name === "meta") for (const [key, value] of Object.entries(some)) store.put(value, key)
    else for (const row of some) store.put(row)
  }
  await new Promise((resolve, reject) => Object.assign(transaction, { oncomplete: resolve, onabort: reject }))
  request.result.close()
}
