// A connection to IndexedDB that heals itself, and whole transactions on it. IndexedDB is touched here only.

const WAIT_FOR_OTHERS = 4000 // milliseconds that an open may stay blocked by another tab's old connection

/** The answer of one IndexedDB request, as a promise that keeps its transaction alive. */
export const ask = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/** The keys from `first` to `last`, both included. */
export const between = (first, last) => IDBKeyRange.bound(first, last)

// A phone short of memory closes connections under us; such a transaction was never committed and may be done again.
const isDead = (error) => ["InvalidStateError", "UnknownError"].includes(error?.name)

// Photos, questionnaires and the register can wait for room. All else (answers, receipts, a code that is typed) is
// small, and may use what is kept back for it.
const isBulk = (names) => names[0] === "households" || (names.length === 1 && ["files", "forms"].includes(names[0]))

export class Database {
  /** Called when something small found no room on the disk; resolves to whether it is worth another try. */
  static relieve = async () => false
  #name
  #version
  #upgrade
  /** @type {Promise<IDBDatabase> | null} */
  #connection = null

  /** `upgrade(db, oldVersion, transaction)` makes the stores. */
  constructor(name, version, upgrade) {
    this.#name = name
    this.#version = version
    this.#upgrade = upgrade
  }

  #open() {
    return (this.#connection ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(this.#name, this.#version)
      const timer = setTimeout(
        () => reject(new DOMException("blocked by another tab", "BlockedError")),
        WAIT_FOR_OTHERS,
      )
      request.onupgradeneeded = (event) => this.#upgrade(request.result, event.oldVersion, request.transaction)
      request.onsuccess = () => {
        clearTimeout(timer)
        const db = request.result
        db.onversionchange = () => this.close() // a newer release in another tab must not wait for us
        db.onclose = () => (this.#connection = null)
        resolve(db)
      }
      request.onerror = () => {
        clearTimeout(timer)
        reject(request.error)
      }
    }).catch((error) => {
      this.#connection = null
      throw error
    }))
  }

  /** Closes the connection; the next transaction opens it again. */
  async close() {
    const connection = this.#connection
    this.#connection = null
    ;(await connection?.catch(() => null))?.close()
  }

  /** `work(stores)` reads in one transaction: `stores` is {name: IDBObjectStore}. */
  read(names, work) {
    return this.#transact(names, "readonly", work)
  }

  /**
   * `work(stores)` writes in one transaction; resolves after it is on the disk, with what `work` returned.
   * `work` may await nothing but `ask(…)`: anything else would let the transaction close under it.
   */
  write(names, work) {
    return this.#transact(names, "readwrite", work)
  }

  async #transact(names, mode, work) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(await this.#open(), names, mode, work)
      } catch (error) {
        if (error?.name === "QuotaExceededError" && !isBulk(names) && (await Database.relieve())) continue
        if (attempt > 1 || !isDead(error)) throw error
        await this.close()
      }
    }
  }

  #once(db, names, mode, work) {
    const transaction = db.transaction(names, mode, { durability: mode === "readwrite" ? "strict" : "default" })
    const stores = Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)]))
    return new Promise((resolve, reject) => {
      let failure = null
      transaction.onabort = () => reject(failure ?? transaction.error ?? new DOMException("aborted", "AbortError"))
      const result = Promise.resolve(work(stores)).catch((error) => {
        failure = error
        try {
          transaction.abort()
        } catch {
          reject(error) // it had ended by itself
        }
      })
      transaction.oncomplete = () => result.then(resolve)
    })
  }
}
