// Finding a household as people type: without tones, đ as d, words in any order, each by its beginning.

/** `text` as it is compared: lower case, no tones or marks, đ = d, only letters, digits and single spaces. */
export function fold(text) {
  return String(text ?? "")
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/đ/g, "d")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim()
}

/** Does every word of `query` begin a word of `key` (a text already folded)? An empty query finds everything. */
export function matches(key, query) {
  const words = fold(query).split(" ")
  return words.every((word) => key.startsWith(word) || key.includes(` ${word}`))
}
