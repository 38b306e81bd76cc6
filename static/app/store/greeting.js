// What the office said of itself and of this account, as it is kept.

/**
 * What vouches for the account is sealed apart, and the token of forms not kept at all: a storage that was copied must
 * not speak for anybody.
 * @param {{ set: (key: string, value: any) => Promise<any> }} store
 * @param {Hello} greeting
 */
export async function keepGreeting(store, { bundle_pass, csrf: _, ...greeting }) {
  await store.set("bundle_pass", bundle_pass)
  await store.set("hello", greeting)
}

/** What an earlier release kept of it, kept as today. */
export async function keepAsToday(store) {
  const kept = await store.get("hello")
  if (kept?.csrf) await keepGreeting(store, kept)
}

/** What vouches for a file that is carried (docs/sync.md); undefined where the office never gave one. */
export async function bundlePass(store) {
  return (await store.get("bundle_pass")) ?? (await store.get("hello"))?.bundle_pass // as an earlier release kept it
}
