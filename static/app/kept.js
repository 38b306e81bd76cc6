// What the worker keeps of this release beyond the shell: it is told which files, and says when it has them.

/** Has the worker keep these files of its release with the others. → false when one cannot be had. */
export async function keep(addresses) {
  const worker = (await navigator.serviceWorker?.ready)?.active
  if (!worker || !addresses.length) return true
  const { port1, port2 } = new MessageChannel()
  const told = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)))
  worker.postMessage({ keep: addresses }, [port2])
  return told
}
