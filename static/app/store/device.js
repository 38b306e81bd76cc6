// What belongs to the phone itself, whoever holds it: its id, who is signed in, the rings of vault.js. It lies in a
// small database of its own, beside those of the accounts (store.js).

import { Database, ask } from "./database.js"

export class Settings {
  /** Small things by name: a store "meta" in `database`. */
  constructor(database) {
    this.database = database
  }

  /**
   * The value kept under `key`, or undefined.
   * @template {string} Key
   * @param {Key} key
   * @returns {Promise<Kept<Key>>}
   */
  get(key) {
    return this.database.read(["meta"], ({ meta }) => ask(meta.get(key)))
  }

  set(key, value) {
    return this.database.write(["meta"], ({ meta }) => void meta.put(value, key))
  }
}

/**
 * What belongs to the phone, whoever holds it. Keys: device_id, account (id of who is signed in), owes_sign_out, idle,
 * persist, and for each account `ring <id>` and `wait <id>`.
 */
export class Device extends Settings {
  constructor(name = "so-ho") {
    super(new Database(name, 1, (db) => db.createObjectStore("meta")))
  }

  /** Puts `make(value)` in the place of the value under `key`, in one step; returns what stands there now. */
  change(key, make) {
    return this.database.write(["meta"], async ({ meta }) => {
      const made = make(await ask(meta.get(key)))
      meta.put(made, key)
      return made
    })
  }

  /** The value under `key`; the first time `make()` is kept and returned, also when two tabs ask at once. */
  once(key, make) {
    return this.database.write(["meta"], async ({ meta }) => {
      const known = await ask(meta.get(key))
      if (known !== undefined) return known
      const made = make()
      meta.put(made, key)
      return made
    })
  }
}
