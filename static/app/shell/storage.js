// The way to storage.lazy.js, which a phone keeps after its first sync; before that nothing is held back or refused.

const NONE = {
  room: async () => ({}),
  within: (_size, work) => work(),
  relieve: async () => false,
  persist: async () => navigator.storage?.persist?.(),
}

export const space = () => import("./storage.lazy.js").catch(() => NONE)
