import { Buffer } from 'node:buffer'
import { beginsLikeHtml } from '../base/sniff-mime.ts'

/**
 * What a robots.txt says to one crawler: RFC 9309, and where it leaves room what Google's parser does (google/robotstxt).
 * Hand-written, because the libraries end groups at `Sitemap` lines, take paths apart by another encoding than the RFC's, or try
 * each star again and again. A rule costs time in proportion to the path that is asked about, whatever stars it has, and
 * all of them together have a bound.
 *
 * Read as bytes, one character each: rules and URLs are compared percent-encoded, so no encoding is guessed.
 */
export interface RobotsRules {
  /** `target`: the path and query of a URL as they are sent, `/a?b=c`. */
  allows(target: string): boolean
  /** Milliseconds between two requests, 0–1 h; what is more is an hour. Undefined when nothing, or nothing that can be read, is said. */
  readonly crawlDelay: number | undefined
  /** As written, in the order of the file. */
  readonly sitemaps: readonly string[]
}

/** What a file that is not there says. */
export const noRules: RobotsRules = { allows: () => true, crawlDelay: undefined, sitemaps: [] }

/** Milliseconds. The longest interval that the options know, too. */
const longestDelay = 3_600_000
/** Google's: eight times the longest URL of old browsers. What stands behind is cut off. */
const longestLine = 2_083 * 8

/** `agent` is our product token, without version; undefined when we have none, and only the groups for all count. Never throws. */
export function readRobots(body: Uint8Array, agent: string | undefined): RobotsRules {
  // An error page, or the start page, in its place.
  if (beginsLikeHtml(body)) return noRules
  const reader = new Reader(agent?.toLowerCase())
  for (const line of asBytes(body).split(/\r\n|[\r\n]/)) reader.take(line)
  return reader.rules
}

/** Path and query of a URL as they are sent. */
export function targetOf(url: string): string {
  const { href } = new URL(url)
  const start = href.indexOf('/', 8)
  const end = href.indexOf('#')
  return href.slice(start, end < 0 ? undefined : end)
}

/** The product token at the beginning of a text (RFC 9309, 2.2.1): letters, `_` and `-`. */
export function tokenAt(text: string): string {
  return /^[a-z_-]*/i.exec(text)![0]
}

/** UTF-8 without its mark, or a part of it, as bytes; UTF-16 as the UTF-8 that it should have been. */
function asBytes(body: Uint8Array): string {
  const [first, second] = body
  const utf16 =
    first === 0xff && second === 0xfe
      ? 'utf-16le'
      : first === 0xfe && second === 0xff
        ? 'utf-16be'
        : second === 0 && first !== 0
          ? 'utf-16le'
          : first === 0 && second !== 0 && second !== undefined
            ? 'utf-16be'
            : undefined
  const bytes = utf16 === undefined ? body : Buffer.from(new TextDecoder(utf16).decode(body))
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .toString('latin1')
    .replace(/^\xef(?:\xbb\xbf?)?/, '')
}

interface Group {
  readonly paths: Rule[]
  /** The longest of those that are said. */
  delay: number | undefined
}

class Reader {
  readonly #agent: string | undefined
  readonly #own: Group = { paths: [], delay: undefined }
  readonly #all: Group = { paths: [], delay: undefined }
  readonly #sitemaps: string[] = []
  /** There is a group that names us: then those for all do not count. */
  #isNamed = false
  /** Whom the lines are for. Names after a rule begin a new group; after any other line they join the names before it. */
  #isForUs = false
  #isForAll = false
  #hasRule = false
  /** The same for delays. They are rules of ours and of nobody's standard, so they end a group for each other only. */
  #delayFor: ReadonlySet<Group> = new Set()
  #hasDelay = false

  constructor(agent: string | undefined) {
    this.#agent = agent
  }

  get rules(): RobotsRules {
    const { paths, delay } = this.#isNamed ? this.#own : this.#all
    const sitemaps = this.#sitemaps
    // The most specific first, and of two that are as specific the one that allows: the first that fits decides.
    paths.sort((one, two) => two.weight - one.weight || Number(two.allows) - Number(one.allows))
    return { crawlDelay: delay, sitemaps, allows: (target) => isAllowed(target, paths) }
  }

  take(line: string): void {
    const pair = pairOf(line)
    if (!pair) return
    const [key, value] = pair
    if (/^user[- ]?agent/i.test(key)) this.#begin(value)
    else if (/^allow/i.test(key)) this.#add(value, true)
    else if (/^(?:dis{1,2}al{1,2}ow|diasllow|disallaw)/i.test(key)) this.#add(value, false)
    else if (/^site-?map/i.test(key)) this.#addSitemap(value)
    else if (/^crawl[- ]?delay/i.test(key)) this.#wait(value)
  }

  #begin(name: string): void {
    if (this.#hasRule) {
      this.#isForUs = false
      this.#isForAll = false
    }
    if (this.#hasRule || this.#hasDelay) this.#delayFor = new Set()
    this.#hasRule = false
    this.#hasDelay = false
    // "*" with words behind it is a comment that lacks its sign.
    if (/^\*(?:\s|$)/.test(name)) {
      this.#isForAll = true
      this.#delayFor = new Set([...this.#delayFor, this.#all])
    } else if (this.#agent !== undefined && tokenAt(name).toLowerCase() === this.#agent) {
      this.#isForUs = true
      this.#isNamed = true
      this.#delayFor = new Set([...this.#delayFor, this.#own])
    }
  }

  #add(path: string, allows: boolean): void {
    this.#hasRule = true
    // An empty one says nothing, and one that begins with anything else fits no path.
    if (path === '' || (path[0] !== '/' && path[0] !== '*')) return
    const rules = ruleOf(path, allows)
    if (this.#isForUs) this.#own.paths.push(...rules)
    else if (this.#isForAll) this.#all.paths.push(...rules)
  }

  /** An address is pasted, and may bring along a blank that is none of ASCII. */
  #addSitemap(address: string): void {
    const sitemap = Buffer.from(address, 'latin1').toString().trim()
    if (sitemap !== '') this.#sitemaps.push(sitemap)
  }

  #wait(value: string): void {
    this.#hasDelay = true
    const delay = delayOf(value)
    if (delay === undefined) return
    for (const group of this.#delayFor) group.delay = Math.max(group.delay ?? 0, delay)
  }
}

/** Key and value of a line. Where the colon is missing, a line of two words has them all the same. */
function pairOf(line: string): readonly [key: string, value: string] | undefined {
  const text = trim(/^[^#\0]*/.exec(line.slice(0, longestLine))![0])
  const at = text.indexOf(':')
  if (at >= 0) return at === 0 ? undefined : [trim(text.slice(0, at)), trim(text.slice(at + 1))]
  const [, key, value] = /^([^ \t]+)[ \t]+([^ \t]+)$/.exec(text) ?? []
  return key === undefined ? undefined : [key, value!]
}

/** White space of ASCII; in bytes, a no-break space is half a letter. */
function trim(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13)
}

/** `2.5`, `10 s`. A negative one says nothing. */
function delayOf(value: string): number | undefined {
  const [, seconds] = /^(\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})\s*(?:s|secs?|seconds?)?$/i.exec(value) ?? []
  return seconds === undefined ? undefined : Math.min(longestDelay, Number(seconds) * 1_000)
}

interface Rule {
  readonly allows: boolean
  /** Octets of the path, as written but percent-encoded. */
  readonly weight: number
  /** What stands between the stars, in the comparable form. */
  readonly pieces: readonly string[]
  /** The same with the query's `:` and `/` escaped, where that differs. */
  readonly escaped: readonly string[] | undefined
  /** It ends in `$`: the path must end there, too. */
  readonly isWhole: boolean
}

/** `/index.html` that is allowed allows its folder, too. */
function ruleOf(path: string, allows: boolean): Rule[] {
  const isWhole = path.endsWith('$')
  const weight = path.replace(/[\x80-\xff]/g, '%00').length
  const pattern = isWhole ? path.slice(0, -1) : path
  const pieces = patternPieces(pattern)
  const query = pattern.indexOf('?')
  const inEscaped = query < 0 ? pattern : pattern.slice(0, query) + escapeQuery(pattern.slice(query))
  const escaped = inEscaped === pattern ? undefined : patternPieces(inEscaped)
  const rule: Rule = { allows, weight, pieces, escaped, isWhole }
  const folder = path.slice(0, path.lastIndexOf('/') + 1)
  if (!allows || !path.startsWith('index.htm', folder.length)) return [rule]
  return [
    rule,
    { allows, weight: folder.length + 1, pieces: patternPieces(folder), escaped: undefined, isWhole: true },
  ]
}

function patternPieces(pattern: string): string[] {
  const pieces = pattern.split('*').map(comparable)
  return pieces.filter((piece, at) => piece !== '' || at === 0 || at === pieces.length - 1)
}

function isAllowed(target: string, rules: readonly Rule[]): boolean {
  if (rules.length === 0) return true
  const path = comparable(target)
  if (path === '/robots.txt') return true
  const query = path.indexOf('?')
  const escaped = query < 0 ? path : path.slice(0, query) + escapeQuery(path.slice(query))
  let steps = 0
  for (const rule of rules) {
    if (rule.pieces.length > 1) steps += path.length
    // So many stars are asked about so long a path only to keep us busy.
    if (steps > mostSteps) return false
    if (fits(rule.pieces, rule.isWhole, path)) return rule.allows
    if (escaped === path && rule.escaped === undefined) continue
    if (fits(rule.escaped ?? rule.pieces, rule.isWhole, escaped)) return rule.allows
  }
  return true
}

/** Characters of paths that rules with stars may look at for one URL: 25,000 rules for a path of 200. Beyond that the answer is no. */
const mostSteps = 5_000_000

/** Each piece at the first place where it fits: with nothing but stars between them, a later place is never better. */
function fits(pieces: readonly string[], isWhole: boolean, path: string): boolean {
  const first = pieces[0]!
  const last = pieces.length - 1
  if (!path.startsWith(first)) return false
  if (last === 0) return !isWhole || path.length === first.length
  let at = first.length
  const before = isWhole ? last - 1 : last
  for (let n = 1; n <= before; n++) {
    const found = path.indexOf(pieces[n]!, at)
    if (found < 0) return false
    at = found + pieces[n]!.length
  }
  if (!isWhole) return true
  const end = pieces[last]!
  return path.length - end.length >= at && path.endsWith(end)
}

/**
 * RFC 9309, 2.2.2: what is not ASCII percent-encoded, escapes of unreserved characters undone, the others in upper case.
 * So is whatever a URL's path cannot hold as it is. `*` and `$` are special in rules only, and escaped where they are
 * not; an apostrophe is escaped in queries only, so it never is.
 */
function comparable(text: string): string {
  if (plain.test(text)) return text
  return text.replace(/%([0-9a-f]{2})|[^\w.~!&'()+,;=:@/?[\]#%-]/gi, (character, hex: string | undefined) => {
    const code = hex === undefined ? character.charCodeAt(0) : Number.parseInt(hex, 16)
    const letter = String.fromCharCode(code)
    if (hex !== undefined && /[\w.~'-]/.test(letter)) return letter
    return `%${code.toString(16).toUpperCase().padStart(2, '0')}`
  })
}

const plain = /^[\w.~!&'()+,;=:@/?[\]#-]*$/

/** A URL within a query may be escaped or not (the RFC's own example). */
function escapeQuery(query: string): string {
  return query.replace(/[:/]/g, (character) => (character === ':' ? '%3A' : '%2F'))
}
