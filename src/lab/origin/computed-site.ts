import { createRandom, pickIndex, type Random } from '../../base/random.ts'
import { readMessage, writeMessage } from '../lies/whole-message.ts'
import { type Charset, encodeText } from './encode-text.ts'
import { drawOffer, promotions } from './offer.ts'
import { renderPage, shellPage, softMissingPage } from './page-template.ts'
import { json, notice, type Reply, redirect, reply } from './reply.ts'
import { robotsReply, sitemapReply } from './site-map.ts'
import { indexOf, itemOf, pathOf } from './site-paths.ts'
import type { SiteScript } from './site-schema.ts'
import { drawWords, translated } from './site-words.ts'
import { type Look, lookOf, looksIn, plainLook, type Visit } from './variation.ts'

/**
 * A site that is computed, not stored: page `i` follows from the seed alone, so 100,000 pages cost nothing until asked
 * for. A tree makes every page reachable at a known depth; random cross links make it look like the web.
 */
export interface SitePage {
  readonly path: string
  readonly title: string
  /** Random text that stands on this page and nowhere else. */
  readonly nonce: string
  readonly depth: number
  readonly charset: Charset
}

const cacheLimit = 4_096

export class Site {
  readonly script: SiteScript
  #seed: number
  #branching: number
  #cache = new Map<string, Reply>()
  #visits = 0

  constructor(script: SiteScript, seed: number) {
    this.script = script
    this.#seed = script.seed ?? seed
    this.#branching =
      script.depth === undefined ? script.linksPerPage : Math.ceil(branchingFor(script.pages, script.depth))
  }

  /** Every page that a polite crawler should bring home by links alone, by number. */
  *pages(): Generator<SitePage> {
    for (let index = 0; index < this.script.pages; index++) yield this.page(index)
  }

  page(index: number): SitePage {
    const random = this.#luck(index, 0)
    const nonce = pickIndex(random, 2 ** 32)
      .toString(16)
      .padStart(8, '0')
    const title = `Page ${index}: ${drawWords(random, 2).join(' ')}`
    const charset: Charset =
      random() >= this.script.charsets ? 'utf-8' : random() < 0.5 ? 'windows-1252' : 'shift_jis'
    return { path: pathOf(index), title, nonce, depth: this.#depth(index), charset }
  }

  /**
   * The site's answer, or undefined when the path is none of its own. `base` is scheme and host, for absolute links. A site
   * that varies gives another one on each visit.
   */
  answer(path: string, query: string, base: string, visit?: Visit): Reply | undefined {
    const print = query === 'print=1'
    const { varies } = this.script
    if (varies && visit) {
      const look = lookOf(varies, visit, ++this.#visits, this.#seed)
      const made = this.#make(path, print, base, look)
      return made && this.#dress(made, look)
    }
    const key = print
      ? `${path}?`
      : path.startsWith('/sitemap') || path === '/robots.txt'
        ? base + path
        : path
    const kept = this.#cache.get(key)
    if (kept) return kept
    const plain = this.#make(path, print, base, plainLook)
    const made = plain && this.#dress(plain, plainLook)
    if (made && this.#cache.size < cacheLimit) this.#cache.set(key, made)
    return made
  }

  /** Answer to what is not there, where the site says so with 200. */
  missing(path: string): Reply | undefined {
    const { varies } = this.script
    if (varies?.shell) return reply(200, shellPage(plainLook, varies))
    if (!varies || varies.softMissing === 'no') return undefined
    return reply(200, softMissingPage(varies.softMissing === 'named' ? path : ''))
  }

  /** Whether the site could have sent this body for this path, on whatever visit and in whatever variant. */
  isTrue(path: string, body: Uint8Array, base = ''): boolean {
    const { varies } = this.script
    const mark = path.indexOf('?')
    const own = mark < 0 ? path : path.slice(0, mark)
    const print = mark >= 0 && path.slice(mark + 1) === 'print=1'
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    const isSame = (made: Reply | undefined) => made?.wire.subarray(made.headLength).equals(bytes) ?? false
    if (!varies) return isSame(this.#make(own, print, base, plainLook))
    for (const look of looksIn(varies, bytes.toString('latin1'))) {
      if (isSame(this.#make(own, print, base, look) ?? this.missing(own))) return true
    }
    return false
  }

  /** The page, or its JSON, as it was before its last revision, for those who keep old copies: a whole response. */
  older(path: string): Buffer | undefined {
    return this.#seen(path, this.script.revision - 1, 0)
  }

  /** Another page than this one, or its JSON; `luck` in [0, 1) says which. A whole response. */
  other(path: string, luck: number): Buffer | undefined {
    const { pages } = this.script
    if (pages < 2) return undefined
    const item = itemOf(path)
    const own = item ?? indexOf(path) ?? 0
    const index = (own + 1 + Math.floor(luck * (pages - 1))) % pages
    return this.#seen(item === undefined ? pathOf(index) : `/api/items/${index}`, this.script.revision, luck)
  }

  /** What some visitor got. */
  #seen(path: string, revision: number, luck: number): Buffer | undefined {
    const { varies, pages } = this.script
    const item = itemOf(path)
    const index = item ?? indexOf(path)
    if (index === undefined || index >= pages) return undefined
    const visit = { address: '127.9.9.9', country: 'US', atMs: 0 }
    const look = varies ? lookOf(varies, visit, Math.floor(luck * 1e6), this.#seed) : plainLook
    const made =
      item === undefined ? this.#render(index, false, look, revision) : this.#item(index, look, revision)
    return this.#dress(made, look).wire
  }

  #make(path: string, print: boolean, base: string, look: Look): Reply | undefined {
    const { pages, orphans, api, revision, varies } = this.script
    if (path === '/robots.txt') return robotsReply(this.script, base)
    if (path.startsWith('/sitemap')) return sitemapReply(this.script, path, base)
    const item = api ? itemOf(path) : undefined
    if (item !== undefined) return item < pages ? this.#item(item, look, revision) : undefined
    const shown = indexOf(path)
    if (varies?.country === 'redirect') {
      const local = /^\/[a-z]{2}(?=\/)/.exec(path)?.[0]
      if (local) return this.#make(path.slice(local.length), print, base, { ...look, country: '' })
      if (look.country !== '' && shown !== undefined && shown < pages)
        return redirect(`/${look.country.toLowerCase()}${path}`)
    }
    if (shown !== undefined && shown < pages) {
      return varies?.shell ? reply(200, shellPage(look, varies)) : this.#render(shown, print, look, revision)
    }
    const [, kind, rest] = /^\/([a-z]+)\/(\d+)$/.exec(path) ?? []
    if (path === '/quiet') {
      const robots = '<meta name="robots" content="noindex, nofollow">'
      return reply(
        200,
        `<!doctype html><html><head><title>Quiet</title>${robots}</head><body><a href="/hidden/0">no</a></body></html>`,
      )
    }
    const index = Number(rest)
    if (kind === 'moved') return index < pages ? redirect(pathOf(index), 301) : undefined
    if (kind === 'orphan') return index < orphans ? notice(200, `Orphan ${index}`) : undefined
    if (kind === 'hidden' || kind === 'disallowed')
      return notice(200, `You should not be here: ${kind} ${index}`)
    return undefined
  }

  #render(index: number, isPrint: boolean, look: Look, revision: number): Reply {
    const page = this.page(index)
    const { varies, shop } = this.script
    const sample = {
      'utf-8': 'Ægir — naïve café',
      'windows-1252': 'Crème brûlée à Zürich – 5 €',
      shift_jis: 'こんにちは、みなと',
    }
    const inHeader = page.charset === 'utf-8' || index % 2 === 0
    const links = this.#links(index).map((href) => `<li><a href="${href}">${href}</a></li>`)
    const { title, paragraph } = this.#wording(index, look, revision)
    const { html, extraLength } = renderPage(
      {
        ...page,
        title,
        paragraph,
        charset: inHeader ? '' : page.charset,
        sample: sample[page.charset],
        links: [...links, ...(index === 0 ? this.#oddLinks() : [])].join(''),
        isPrint,
        offer: shop ? this.#offer(index, look, revision) : undefined,
        related: varies?.related ? this.#related(index, look) : [],
        promotions: varies?.ads ? promotions(this.#seed, look.mood) : [],
      },
      varies,
      look,
    )
    const end = '</body></html>\n'
    const missing = Math.max(0, this.script.pageBytes - (html.length - extraLength) - end.length)
    const filler =
      missing > 7
        ? `<p>${`${paragraph} `.repeat(Math.ceil(missing / paragraph.length)).slice(0, missing - 7)}</p>`
        : ''
    const body = encodeText(html + filler + end, page.charset)
    return reply(200, body, { type: inHeader ? `text/html; charset=${page.charset}` : 'text/html' })
  }

  /** What a page says as JSON. */
  #item(index: number, look: Look, revision: number): Reply {
    const { shop, varies } = this.script
    const { path, nonce } = this.page(index)
    const { title, paragraph } = this.#wording(index, look, revision)
    const { price, ...offer } = this.#offer(index, look, revision)
    return json(200, {
      id: index,
      path,
      title,
      nonce,
      text: paragraph,
      ...(shop && { price: Number(price), ...offer }),
      ...(varies && varies.country !== 'nothing' && { country: look.country }),
      ...((varies?.nonces || varies?.random) && { request: look.token }),
    })
  }

  #wording(index: number, look: Look, revision: number): { title: string; paragraph: string } {
    const { varies } = this.script
    const words = drawWords(this.#luck(index, 1), 40)
    let { title } = this.page(index)
    if (revision !== 0) {
      const change = this.#luck(index, 1, revision)
      for (let at = 0; at < words.length; at++) if (change() < 0.15) words[at] = drawWords(change, 1)[0]!
    }
    if (varies?.random) {
      const random = createRandom(Number.parseInt(look.token, 16) + index * 0x1_0000_0000)
      return {
        title: `Page ${index}: ${drawWords(random, 3).join(' ')}`,
        paragraph: drawWords(random, 40).join(' '),
      }
    }
    let paragraph = words.join(' ')
    if (varies?.country === 'language') {
      title = translated(title, look.country)
      paragraph = translated(paragraph, look.country)
    }
    return { title, paragraph }
  }

  #offer(index: number, look: Look, revision: number) {
    const country = this.script.varies?.country === 'prices' ? look.country : undefined
    return drawOffer(this.#luck(index, 3, revision), index, country)
  }

  /** Four of eight pages, in the order of the mood. */
  #related(index: number, look: Look): string[] {
    const random = this.#luck(index, 2, 1)
    const paths = Array.from({ length: 8 }, () => pathOf(pickIndex(random, this.script.pages)))
    const order = createRandom(look.mood + 1)
    return paths
      .map((path) => ({ path, rank: order() }))
      .sort((one, other) => one.rank - other.rank)
      .slice(0, 4)
      .map(({ path }) => path)
  }

  /** Cookie, coding and framing, where a site has any. */
  #dress(made: Reply, look: Look): Reply {
    const { coding, framing, varies } = this.script
    if (coding === 'none' && framing === 'length' && !varies?.cookies) return made
    const message = made.status === 200 ? readMessage(made.wire) : undefined
    if (!message) return made
    const headers = varies?.cookies
      ? [...message.headers, ['set-cookie', `visit=${look.token}; Path=/`] as const]
      : message.headers
    const wire = writeMessage({
      ...message,
      headers,
      coding: coding === 'none' ? message.coding : coding,
      isChunked: framing === 'chunks',
    })
    return { ...made, wire, headLength: wire.indexOf('\r\n\r\n') + 4 }
  }

  #links(index: number): string[] {
    const { pages, linksPerPage, duplicates, canonicals } = this.script
    const targets: number[] = []
    const first = index * this.#branching + 1
    for (let child = first; child < Math.min(pages, first + this.#branching); child++) targets.push(child)
    const random = this.#luck(index, 2)
    while (targets.length < linksPerPage) targets.push(pickIndex(random, pages))
    const links: string[] = []
    for (const target of targets) {
      const luck = this.#luck(target, 3)
      const path = pathOf(target)
      links.push(luck() < this.script.redirects ? `/moved/${target}` : path)
      if (luck() < duplicates) links.push(`${path}?utm_source=lab&amp;utm_medium=link#top`)
      if (luck() < canonicals) links.push(`${path}?print=1`)
    }
    return links
  }

  #oddLinks(): string[] {
    const { nofollow, disallowed, missing } = this.script
    const item = (href: string, attributes = '') => `<li><a href="${href}"${attributes}>${href}</a></li>`
    return [
      ...Array.from({ length: nofollow }, (_, i) => item(`/hidden/${i + 1}`, ' rel="nofollow"')),
      ...(nofollow > 0 ? [item('/quiet')] : []),
      ...Array.from({ length: disallowed }, (_, i) => item(`/disallowed/${i}`)),
      ...Array.from({ length: missing }, (_, i) => item(`/missing/${i}`)),
    ]
  }

  #depth(index: number): number {
    let depth = 0
    for (let at = index; at > 0; at = Math.floor((at - 1) / this.#branching)) depth++
    return depth
  }

  /** Purposes are 0 to 3. */
  #luck(index: number, purpose: number, revision = 0): Random {
    const shift = revision * 0x1_0000
    return createRandom((this.#seed + shift) * 4 + purpose + index * 0x1_0000_0000)
  }
}

/** The smallest branching whose tree of this depth holds so many pages. */
function branchingFor(pages: number, depth: number): number {
  for (let branching = 1; ; branching++) {
    let level = 1
    let total = 1
    for (let i = 0; i < depth && total < pages; i++) total += level *= branching
    if (total >= pages) return branching
  }
}
