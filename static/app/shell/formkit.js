// What formparts.js brought for the questionnaires that need it, and what stands in until then: a text as it is
// written, no pictures, a line as its points.

export const kit = {
  markdown: (text) => [text],
  plainText: (text) => text,
  /** @type {(media: any, interview: any, words: string, how?: { isFixed?: boolean }) => Element[]} */
  enclosed: () => [],
  lineWords: (_, text) => text,
}
