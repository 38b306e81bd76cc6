// How long something may take. AbortSignal.timeout is younger than many phones (docs/browsers.md).

/**
 * What `work(signal, again)` gives, if it does so within so many milliseconds of its beginning or of its last
 * `again()`, by which it says that something moved. Else `signal` is aborted and a DOMException "TimeoutError" is
 * thrown, whatever becomes of the work.
 */
export async function within(milliseconds, work) {
  const controller = new AbortController()
  let again
  let timer
  const late = new Promise((_, reject) => {
    const giveUp = () => {
      reject(new DOMException("too late", "TimeoutError"))
      controller.abort()
    }
    again = () => {
      clearTimeout(timer)
      timer = setTimeout(giveUp, milliseconds)
    }
  })
  again()
  try {
    return await Promise.race([late, work(controller.signal, again)])
  } finally {
    clearTimeout(timer)
  }
}
