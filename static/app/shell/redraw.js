// A screen is drawn again one time after the other: of two drawings side by side the older could be the last to end.

/**
 * `draw` in turn: while it is under way, whoever asks again gets one more after it, all of them the same one. What it
 * draws has therefore been read after it was asked for. A drawing that fails is the failure of who asked for it alone.
 */
export function inTurn(draw) {
  /** @type {Promise<void> | null} */
  let running = null
  /** @type {Promise<void> | null} */
  let waiting = null
  const begin = () => {
    waiting = null
    const ended = () => {
      if (!waiting) running = null // else who waits begins next, and not whoever asks in the moment between
    }
    return (running = Promise.resolve(draw()).finally(ended))
  }
  return () => (running ? (waiting ??= running.then(begin, begin)) : begin())
}
