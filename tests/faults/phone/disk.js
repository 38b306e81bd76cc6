// A phone's disk: an IndexedDB in memory that outlives the tabs. What a transaction wrote is there when it has
// completed and not before; a tab that dies takes the transactions with it that it had not completed, and nothing else.

import { IDBFactory, IDBKeyRange } from "fake-indexeddb"

const WRITES = ["add", "put", "delete", "clear"]

export class Disk {
  #factory = new IDBFactory()
  /**
   * Nothing more fits: a write fails with QuotaExceededError. "request": at once; "commit": when its transaction would
   * complete; null: there is room.
   */
  full = null

  /** What one tab sees as `indexedDB`. `step(what)` is told each thing that the tab asks of the disk, and may throw. */
  forTab(step) {
    const tab = { connections: new Set(), transactions: new Set() }
    const open = (...names) => {
      step("open")
      const request = this.#factory.open(...names)
      // Before the tab's own listeners: it must not get hold of a connection that is not watched.
      request.addEventListener("upgradeneeded", () => this.#watch(tab, request.transaction, step))
      request.addEventListener("success", () => this.#join(tab, request.result, step))
      return request
    }
    const indexedDB = {
      open,
      deleteDatabase: (name) => this.#factory.deleteDatabase(name),
      databases: () => this.#factory.databases(),
      cmp: (one, other) => this.#factory.cmp(one, other),
    }
    return { indexedDB, IDBKeyRange, drop: () => this.#drop(tab), disconnect: () => this.#disconnect(tab) }
  }

  #join(tab, connection, step) {
    tab.connections.add(connection)
    const begin = connection.transaction.bind(connection)
    connection.transaction = (...how) => {
      step("transaction")
      return this.#watch(tab, begin(...how), step)
    }
  }

  #watch(tab, transaction, step) {
    tab.transactions.add(transaction)
    const find = transaction.objectStore.bind(transaction)
    const watched = new Map()
    transaction.objectStore = (name) => {
      if (!watched.has(name)) watched.set(name, this.#watchStore(transaction, find(name), step))
      return watched.get(name)
    }
    transaction.addEventListener("abort", () => tab.transactions.delete(transaction))
    transaction.addEventListener("complete", () => {
      tab.transactions.delete(transaction)
      try {
        if (transaction.mode !== "readonly") step("committed")
      } catch {
        // It died after the disk had everything and before it heard so.
      }
    })
    return transaction
  }

  #watchStore(transaction, store, step) {
    for (const name of WRITES) {
      const write = store[name].bind(store)
      store[name] = (...what) => {
        step(name)
        const request = write(...what)
        if (this.full && (name === "add" || name === "put")) refuse(transaction, request, this.full)
        return request
      }
    }
    return store
  }

  /** The tab is gone: what it had begun was never written. */
  #drop({ connections, transactions }) {
    for (const transaction of transactions) abort(transaction, "AbortError")
    for (const connection of connections) connection.close()
  }

  /** A phone short of memory closes the connections under a living tab. */
  #disconnect({ connections, transactions }) {
    for (const transaction of transactions) abort(transaction, "AbortError")
    for (const connection of connections) connection.close()
    connections.clear()
  }
}

function abort(transaction, why) {
  if (transaction._state !== "finished") transaction._abort(why)
}

// Both are seen in the field: an engine that looks at the space at once, and one that finds out when it writes.
function refuse(transaction, request, when) {
  if (when === "request") {
    const asked = transaction._requests.find((one) => one.request === request)
    asked.operation = () => {
      throw new DOMException("full", "QuotaExceededError")
    }
  } else {
    const go = transaction._start.bind(transaction)
    transaction._start = () => (transaction._requests.length ? go() : abort(transaction, "QuotaExceededError"))
  }
}
