import { readMessage, writeMessage } from '../lies/whole-message.ts'
import { encodeText } from './encode-text.ts'
import { promotions } from './offer.ts'
import { renderPage, shellPage, softMissingPage } from './page-template.ts'
import { json, notice, type Reply, redirect, reply } from './reply.ts'
import { SiteContent, type SitePage } from './site-content.ts'
import { robotsReply, sitemapReply } from './site-map.ts'
import { indexOf, itemOf, pathOf } from './site-paths.ts'
import type { SiteScript } from './site-schema.ts'
import { type Look, lookOf, looksIn, plainLook, type Visit } from './variation.ts'

const cacheLimit = 4_096

/**
 * A site that is computed, not stored, so that 100,000 pages cost nothing until asked for: what it answers, and whether it
 * could have sent a body. What its pages say is the content's.
 */
export class Site {
  readonly script: SiteScript
  readonly #content: SiteContent
  #cache = new Map<string, Reply>()
  #visits = 0

  constructor(script: SiteScript, seed: number) {
    this.script = script
    this.#content = new SiteContent(script, seed)
  }

  /** Every page that a polite crawler should bring home by links alone, by number. */
  *pages(): Generator<SitePage> {
    for (let index = 0; index < this.script.pages; index++) yield this.page(index)
  }

  page(index: number): SitePage {
    return this.#content.page(index)
  }

  /**
   * The site's answer, or undefined when the path is none of its own. `base` is scheme and host, for absolute links. A site
   * that varies gives another one on each visit.
   */
  answer(path: string, query: string, base: string, visit?: Visit): Reply | undefined {
    const print = query === 'print=1'
    const { varies } = this.script
    if (varies && visit) {
      const look = lookOf(varies, visit, ++this.#visits, this.#content.seed)
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
    const isSame = (made: Reply | undefined) =>
      made?.status === 200 && made.wire.subarray(made.headLength).equals(bytes)
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
    const look = varies ? lookOf(varies, visit, Math.floor(luck * 1e6), this.#content.seed) : plainLook
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
    const links = this.#content.links(index).map((href) => `<li><a href="${href}">${href}</a></li>`)
    const { title, paragraph } = this.#content.wording(index, look, revision)
    const { html, extraLength } = renderPage(
      {
        ...page,
        title,
        paragraph,
        charset: inHeader ? '' : page.charset,
        sample: sample[page.charset],
        links: [...links, ...(index === 0 ? this.#content.oddLinks() : [])].join(''),
        isPrint,
        offer: shop ? this.#content.offer(index, look, revision) : undefined,
        related: varies?.related ? this.#content.related(index, look) : [],
        promotions: varies?.ads ? promotions(this.#content.seed, look.mood) : [],
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
    const { title, paragraph } = this.#content.wording(index, look, revision)
    const { price, ...offer } = this.#content.offer(index, look, revision)
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
}
