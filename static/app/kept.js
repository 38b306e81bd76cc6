// What the worker keeps of this release beyond the shell: it is told which files, and says when it has them.

import { within } from "./deadline.js"

const PATIENCE = 30_000 // milliseconds for one file

async function keepOne(address) {
  const worker = (await navigator.serviceWorker.ready).active
  const { port1, port2 } = new MessageChannel()
  const told = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)))
  worker.postMessage({ keep: [address] }, [port2])
  return told
}

/** Has the worker keep these files of its release with the others. → false when one cannot be had, or not in good time. */
export async function keep(addresses) {
  if (!navigator.serviceWorker) return true
  for (const address of addresses) if (!(await within(PATIENCE, () => keepOne(address)).catch(() => false))) return false
  return true
}
