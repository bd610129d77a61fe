import { gzipSync } from 'node:zlib'
import { createRandom, pickIndex } from '../../base/random.ts'
import { type Charset, encodeText } from './encode-text.ts'
import { notice, type Reply, redirect, reply, text } from './reply.ts'
import type { SiteScript } from './site-schema.ts'

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

const words =
  'harbour regatta keel mast tide anchor buoy current lagoon breeze compass chart ferry gull island jetty knot lighthouse mooring oar pier quay reef sail tiller wake yacht winch'.split(
    ' ',
  )
const cacheLimit = 4_096

export class Site {
  readonly script: SiteScript
  #seed: number
  #branching: number
  #cache = new Map<string, Reply>()

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
    const title = `Page ${index}: ${words[pickIndex(random, words.length)]} ${words[pickIndex(random, words.length)]}`
    const charset: Charset =
      random() >= this.script.charsets ? 'utf-8' : random() < 0.5 ? 'windows-1252' : 'shift_jis'
    return { path: pathOf(index), title, nonce, depth: this.#depth(index), charset }
  }

  /** The site's answer, or undefined when the path is none of its own. `base` is scheme and host, for absolute links. */
  answer(path: string, query: string, base: string): Reply | undefined {
    const print = query === 'print=1'
    const key = print
      ? `${path}?`
      : path.startsWith('/sitemap') || path === '/robots.txt'
        ? base + path
        : path
    const kept = this.#cache.get(key)
    if (kept) return kept
    const made = this.#make(path, print, base)
    if (made && this.#cache.size < cacheLimit) this.#cache.set(key, made)
    return made
  }

  #make(path: string, print: boolean, base: string): Reply | undefined {
    if (path === '/robots.txt') return this.#robots(base)
    if (path.startsWith('/sitemap')) return this.#sitemap(path, base)
    if (path === '/') return this.#render(0, print)
    const [, kind, rest] = /^\/([a-z]+)\/(\d+)$/.exec(path) ?? []
    if (path === '/quiet') {
      const robots = '<meta name="robots" content="noindex, nofollow">'
      return reply(
        200,
        `<!doctype html><html><head><title>Quiet</title>${robots}</head><body><a href="/hidden/0">no</a></body></html>`,
      )
    }
    const index = Number(rest)
    const { pages, orphans } = this.script
    if (kind === 'page') return index > 0 && index < pages ? this.#render(index, print) : undefined
    if (kind === 'moved') return index < pages ? redirect(pathOf(index), 301) : undefined
    if (kind === 'orphan') return index < orphans ? notice(200, `Orphan ${index}`) : undefined
    if (kind === 'hidden' || kind === 'disallowed')
      return notice(200, `You should not be here: ${kind} ${index}`)
    return undefined
  }

  #render(index: number, print: boolean): Reply {
    const page = this.page(index)
    const random = this.#luck(index, 1)
    const paragraph = Array.from({ length: 40 }, () => words[pickIndex(random, words.length)]).join(' ')
    const sample = {
      'utf-8': 'Ægir — naïve café',
      'windows-1252': 'Crème brûlée à Zürich – 5 €',
      shift_jis: 'こんにちは、みなと',
    }
    const inHeader = page.charset === 'utf-8' || index % 2 === 0
    const links = this.#links(index).map((href) => `<li><a href="${href}">${href}</a></li>`)
    const hidden = index === 0 ? this.#oddLinks() : []
    const html =
      `<!doctype html>\n<html lang="en"><head>${inHeader ? '' : `<meta charset="${page.charset}">`}<title>${page.title}</title>` +
      `<meta name="description" content="About ${page.title.toLowerCase()}"><link rel="canonical" href="${page.path}"></head>\n` +
      `<body><h1>${page.title}</h1>${print ? '<p>Print version</p>' : ''}<p class="nonce">${page.nonce}</p><p>${paragraph}</p>` +
      `<p class="sample">${sample[page.charset]}</p>\n<ul>${links.join('')}${hidden.join('')}</ul>`
    const end = '</body></html>\n'
    const missing = Math.max(0, this.script.pageBytes - html.length - end.length)
    const filler =
      missing > 7
        ? `<p>${`${paragraph} `.repeat(Math.ceil(missing / paragraph.length)).slice(0, missing - 7)}</p>`
        : ''
    const body = encodeText(html + filler + end, page.charset)
    return reply(200, body, { type: inHeader ? `text/html; charset=${page.charset}` : 'text/html' })
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

  #robots(base: string): Reply {
    const { disallow, crawlDelay, sitemap } = this.script
    const lines = ['User-agent: *', ...disallow.map((path) => `Disallow: ${path}`)]
    if (crawlDelay !== undefined) lines.push(`Crawl-delay: ${crawlDelay}`)
    if (sitemap !== 'none') lines.push('', `Sitemap: ${base}/sitemap.xml${sitemap === 'gzip' ? '.gz' : ''}`)
    return text(200, `${lines.join('\n')}\n`)
  }

  #sitemap(path: string, base: string): Reply | undefined {
    const { sitemap, pages, orphans } = this.script
    const all = [
      ...Array.from({ length: Math.min(pages, 50_000 - orphans) }, (_, i) => pathOf(i)),
      ...Array.from({ length: orphans }, (_, i) => `/orphan/${i}`),
    ]
    const half = Math.ceil(all.length / 2)
    const plain = (part: string[]) => xml(urlSet(part, base))
    const zipped = (part: string[]) => reply(200, gzipSync(urlSet(part, base)), { type: 'application/gzip' })
    if (sitemap === 'plain' && path === '/sitemap.xml') return plain(all)
    if (sitemap === 'gzip' && path === '/sitemap.xml.gz') return zipped(all)
    if (sitemap !== 'index') return undefined
    if (path === '/sitemap.xml') {
      const parts = ['/sitemap-1.xml', '/sitemap-2.xml.gz'].map(
        (part) => `<sitemap><loc>${base}${part}</loc></sitemap>`,
      )
      return xml(
        `<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex ${namespace}>${parts.join('')}</sitemapindex>`,
      )
    }
    if (path === '/sitemap-1.xml') return plain(all.slice(0, half))
    return path === '/sitemap-2.xml.gz' ? zipped(all.slice(half)) : undefined
  }

  #depth(index: number): number {
    let depth = 0
    for (let at = index; at > 0; at = Math.floor((at - 1) / this.#branching)) depth++
    return depth
  }

  #luck(index: number, purpose: number) {
    return createRandom(this.#seed * 4 + purpose + index * 0x1_0000_0000)
  }
}

const namespace = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'

function urlSet(paths: string[], base: string): string {
  const urls = paths.map((path) => `<url><loc>${base}${path}</loc></url>`)
  return `<?xml version="1.0" encoding="UTF-8"?>\n<urlset ${namespace}>${urls.join('\n')}</urlset>`
}

function xml(body: string): Reply {
  return reply(200, body, { type: 'application/xml' })
}

function pathOf(index: number): string {
  return index === 0 ? '/' : `/page/${index}`
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
