// What the office said of itself and of this account, as it is kept.

/**
 * What vouches for the account is sealed apart, and what holds for the moment is not kept: a storage that was copied
 * must not speak for anybody.
 * @param {{ set: (key: string, value: any) => Promise<any> }} store
 * @param {Hello} greeting
 */
export async function keepGreeting(store, { bundle_pass, csrf: _, proof: __, ...greeting }) {
  await store.set("pass", bundle_pass ?? null) // before: what is carried meanwhile has one
  await store.set("hello", greeting)
}

/** What an earlier release kept of it, kept as today. */
export async function keepAsToday(store) {
  const kept = await store.get("hello")
  if (kept?.csrf) await keepGreeting(store, kept)
}

/** What vouches for a file that is carried (docs/sync.md); undefined where the office never gave one. */
export async function bundlePass(store) {
  return (await store.get("pass")) ?? (await store.get("hello"))?.bundle_pass // as an earlier release kept it
}
