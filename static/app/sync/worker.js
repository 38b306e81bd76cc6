// What the worker keeps of this release beyond the shell: it is told which files, and says when it has them.

import { within } from "../deadline.js"

const PATIENCE = 30_000 // milliseconds for one file

const late = (error) => {
  if (error.name !== "TimeoutError") throw error // ours, and no fault of the line
}

/** What a worker answers to a message. */
export function asked(worker, message) {
  const { port1, port2 } = new MessageChannel()
  const told = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)))
  worker.postMessage(message, [port2])
  return told
}

/**
 * Has the worker keep these files of its release with the others. → false when one cannot be had in good time, whole
 * and as it is meant.
 */
export async function keep(addresses) {
  if (!navigator.serviceWorker || !addresses.length) return true
  const worker = (await navigator.serviceWorker.ready).active
  for (const address of addresses)
    if (!(await within(PATIENCE, () => asked(worker, { keep: [address] })).catch(late))) return false
  return true
}
