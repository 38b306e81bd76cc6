// The Markdown that XLSForm allows in labels and hints, as tokens: a text, or {is, inside, …} for something that holds
// tokens. Pure; shell/words.js draws them by DOM calls, so nothing in a label is ever read as HTML by the browser.
// What is not understood stays what it was: plain letters.
import { stripped } from "./values.js"

const LONGEST = 20000 // letters; a longer label is no label and is drawn as it is
const DEEPEST = 8
const PLAIN = /^[^\\*_#<&[\n]*$/ // most labels: nothing to find
const ESCAPED = /[!-/:-@[-`{-~]/
const LETTER = /[\p{L}\p{N}]/u
const LINK = /\[([^[\]\n]{1,500})\]\(\s*([^()\s<>]{1,2000})\s*\)/y
const TAG = /<(span|b|strong|i|em|u|sub|sup)(\s[^<>]{0,500})?>/iy
const KINDS = { b: "strong", i: "em" }
const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'", nbsp: "\u00a0" }
const HUES = {
  danger: /red|maroon|crimson|brick|tomato|coral|pink|magenta/,
  warn: /orange|gold|yellow|brown|chocolate/,
  ok: /green|lime|olive|teal/,
  accent: /blue|navy|indigo|purple|violet|cyan|aqua/,
  muted: /gr[ae]y|silver/,
}

/** Where a link may lead: out, by a way that runs nothing. */
const isHarmless = (address) => /^(https?:\/\/[^/\\]|mailto:|tel:)/i.test(address)

/** A colour as one of the few that this screen can show with enough contrast in every theme; null for any other. */
function toneOf(style = "") {
  const colour = /(?:^|[;"'\s])color\s*[:=]\s*["']?\s*(#[\da-f]{3,6}|[a-z]+)/i.exec(style)?.[1].toLowerCase()
  if (!colour) return null
  if (colour[0] !== "#") return Object.keys(HUES).find((tone) => HUES[tone].test(colour)) ?? null
  const digits =
    colour.length < 7
      ? [...colour.slice(1, 4)].map((one) => one + one)
      : /** @type {string[]} */ (colour.match(/[\da-f]{2}/g))
  const [red, green, blue] = digits.map((one) => parseInt(one, 16))
  const most = Math.max(red, green, blue)
  if (most - Math.min(red, green, blue) < 40) return most > 60 ? "muted" : null
  if (most === red) return green > red * 0.5 ? "warn" : "danger"
  return most === green ? "ok" : "accent"
}

/** Where the tag opened before `at` ends: [of its inside, of it]; null when it never does. */
function closing(text, name, at) {
  const tags = new RegExp(`<(/?)${name}(?:\\s[^<>]{0,500})?>`, "gi")
  tags.lastIndex = at
  let open = 1
  for (let found = tags.exec(text); found; found = tags.exec(text)) {
    open += found[1] ? -1 : 1
    if (!open) return [found.index, tags.lastIndex]
  }
  return null
}

/** The end of what `mark` opened: `mark` after something that is no space, and for _ not within a word. */
function ending(text, mark, from) {
  for (let at = text.indexOf(mark, from + 1); at > 0; at = text.indexOf(mark, at + 1)) {
    const after = at + mark.length
    if (mark.length === 1 && text[after] === mark)
      at += 1 // the double one is another's
    else if (/[\s\\]/.test(text[at - 1])) continue
    else if (mark[0] !== "_" || !LETTER.test(text[after] ?? "")) return at
  }
  return -1
}

/** What begins at `at`: [token, where it ends]; null when nothing does. */
function opening(text, at, depth, closed) {
  const letter = text[at]
  if (letter === "[") {
    LINK.lastIndex = at
    const [whole, words, address] = LINK.exec(text) ?? []
    if (!whole) return null
    const inside = inline(words, depth + 1)
    return [isHarmless(address) ? { is: "a", href: address, inside } : { is: "span", inside }, at + whole.length]
  }
  if (letter === "<") {
    const line = /<br\s*\/?>/iy
    line.lastIndex = at
    if (line.test(text)) return [{ is: "br" }, line.lastIndex]
    TAG.lastIndex = at
    const [whole, written, style] = TAG.exec(text) ?? []
    const name = written?.toLowerCase()
    if (!whole || closed.has(name)) return null
    const end = closing(text, name, at + whole.length)
    if (!end) return void closed.add(name) // nor does any later one end: not looked for again
    const inside = inline(text.slice(at + whole.length, end[0]), depth + 1)
    return [{ is: KINDS[name] ?? name, tone: name === "span" ? toneOf(style) : null, inside }, end[1]]
  }
  const mark = text[at + 1] === letter ? letter + letter : letter
  const start = at + mark.length
  if (closed.has(mark) || !text[start] || /\s/.test(text[start])) return null
  if (letter === "_" && at && LETTER.test(text[at - 1])) return null
  const end = ending(text, mark, start)
  if (end < 0) return void closed.add(mark)
  return [
    { is: mark.length === 2 ? "strong" : "em", inside: inline(text.slice(start, end), depth + 1) },
    end + mark.length,
  ]
}

function inline(text, depth = 0) {
  if (depth > DEEPEST || PLAIN.test(text)) return text ? [text] : []
  const tokens = []
  const closed = new Set() // what was opened and never ends
  let plain = ""
  const keep = (token) => {
    if (plain) tokens.push(plain)
    plain = ""
    if (token) tokens.push(token)
  }
  for (let at = 0; at < text.length; ) {
    const letter = text[at]
    const entity = letter === "&" && /^&(\w{2,4});/.exec(text.slice(at, at + 6))
    const found = "[<*_".includes(letter) && opening(text, at, depth, closed)
    if (letter === "\\" && ESCAPED.test(text[at + 1] ?? "")) {
      plain += text[at + 1]
      at += 2
    } else if (entity && entity[1] in ENTITIES) {
      plain += ENTITIES[entity[1]]
      at += entity[0].length
    } else if (found) {
      keep(found[0])
      at = found[1]
    } else {
      plain += letter
      at += 1
    }
  }
  keep()
  return tokens
}

/** @type {(line: string | undefined) => any} */
const itemOf = (line) => /^\s{0,3}(?:[-*+•]|(\d{1,4})[.)])\s+(.*)$/.exec(line ?? "")

/**
 * A label or hint as tokens. A list is two lines or more: "1. Họ tên" alone is a numbered question, not a list.
 */
export function markdown(text) {
  if (text.length > LONGEST || (PLAIN.test(text) && !/^\s*[-+•]/.test(text))) return text ? [text] : []
  const tokens = []
  const lines = text.replace(/\r\n?/g, "\n").trim().split("\n")
  const isText = () => tokens.length && !["heading", "ul", "ol"].includes(tokens.at(-1).is)
  for (let at = 0; at < lines.length; at += 1) {
    const level = /^#{1,6}(?=\s)/.exec(lines[at])?.[0].length
    const first = itemOf(lines[at])
    if (level) {
      const title = stripped(lines[at].slice(level), "#", { front: false }).trim()
      tokens.push({ is: "heading", level, inside: inline(title) })
    } else if (first && itemOf(lines[at + 1]) && !first[1] === !itemOf(lines[at + 1])[1]) {
      const items = []
      for (let item = first; item && !item[1] === !first[1]; item = itemOf(lines[(at += 1)]))
        items.push({ is: "li", inside: inline(item[2]) })
      at -= 1
      tokens.push(first[1] ? { is: "ol", start: Number(first[1]), inside: items } : { is: "ul", inside: items })
    } else {
      if (isText()) tokens.push({ is: "br" })
      tokens.push(...inline(lines[at]))
    }
  }
  return tokens
}

/** The words alone, in one line: for a title, a list to jump from, a screen reader. */
export function plainText(text) {
  const words = (tokens) =>
    tokens
      .map((one) =>
        typeof one === "string"
          ? one
          : (one.inside ? words(one.inside) : "") + (/br|heading|li/.test(one.is) ? " " : ""),
      )
      .join("")
  return words(markdown(text)).replace(/\s+/g, " ").trim()
}
