import { defineSource, type Page, type PageLink } from 'regatta'
import {
  asksNotToFollow,
  canonicalUrl,
  compilePattern,
  createScope,
  fetchableUrl,
  file,
  flag,
  isHtml,
  list,
  readDirectives,
  readFeed,
  readSitemaps,
  readUrls,
  type Scope,
  wholeNumber,
} from 'regatta/source'
import { z } from 'zod'

/**
 * A whole site: every page in scope once, one item per page. This is what `regatta crawl https://…` runs. Or those pages alone
 * that a feed, a sitemap or a list of URLs names.
 */
const startUrl = z.string().transform((text, context) => {
  const url = fetchableUrl(text)
  if (url !== undefined) return url
  context.addIssue('expected an absolute http or https URL without user and password')
  return z.NEVER
})
const patterns = list()
  .refine(
    (all) => all.every(isPattern),
    'expected a pattern such as /docs/*, https://docs.example.com/* or re:[.]html$',
  )
  .default([])

const urls = list().pipe(z.array(startUrl)).default([])

const shape = z.strictObject({
  start: urls
    .meta({ needed: true })
    .describe('Where the site begins: one URL or several, or a feed; or give `feed`, `sitemap` or `urls`.'),
  feed: urls.describe('Feeds (RSS, Atom, JSON Feed): the pages that they name.'),
  sitemap: urls.describe('Sitemaps, or indexes of them: the pages that they name.'),
  urls: file().optional().describe('A file with a URL on each line, or `-` for stdin: these pages.'),
  follow: flag()
    .default(false)
    .describe(
      'Also follow the links of the pages that `feed`, `sitemap` and `urls` name, in the scope of each.',
    ),
  scope: z
    .enum(['host', 'domain', 'prefix', 'any'])
    .default('host')
    .describe(
      'What belongs to the site: `host` (www. or not), `domain`, `prefix` (below the start URLs) or `any`.',
    ),
  include: patterns.describe(
    'Only URLs that match one of these: `/docs/*`, `https://docs.example.com/*`, `re:[.]html$`. Start URLs always count.',
  ),
  exclude: patterns.describe('None that matches one of these.'),
  maxDepth: wholeNumber()
    .pipe(z.int().min(0))
    .optional()
    .describe('Hops from a start URL. Default: no limit.'),
  maxPages: wholeNumber()
    .pipe(z.int().min(1))
    .optional()
    .describe('Pages fetched at most. Default: no limit.'),
  sitemaps: flag()
    .default(true)
    .describe("Start also from the pages that the site's sitemaps name; not with `maxDepth` 0."),
  nofollow: flag()
    .default(true)
    .describe(
      'Obey nofollow and noindex: in rel (ugc and sponsored too), in meta elements, in X-Robots-Tag.',
    ),
  forms: flag()
    .default(false)
    .describe('Send the forms that ask for a page (GET) as they come, filled in by their defaults.'),
  canonical: flag()
    .default(true)
    .describe('Leave a page that names another one in scope as its canonical address to that one.'),
  edges: flag().default(false).describe('Yield an edge for each link of a page as well.'),
})
const params = shape.refine(
  ({ start, feed, sitemap, urls }) => start.length + feed.length + sitemap.length > 0 || urls !== undefined,
  { path: ['start'], error: 'expected at least one URL, here or in "feed", "sitemap" or "urls"' },
)

const item = z.object({
  url: z.string().describe('Where the page is, after redirects.'),
  status: z.number().describe('HTTP status.'),
  title: z.string().describe("Of the page; '' where it has none."),
  description: z.string().describe('Its own summary of itself, from its metas.'),
  headings: z
    .array(z.object({ level: z.number(), text: z.string() }))
    .describe('In document order; level 1 to 6.'),
  text: z.string().describe('What a reader sees, one line for each block.'),
  links: z.array(z.string()).describe('Absolute, all of them, in scope or not.'),
  fetchedAt: z.string().describe('ISO 8601.'),
  depth: z.number().describe('Hops from a start URL.'),
  via: z.string().describe('Label of the proxy.'),
  bytes: z.number().describe('Body bytes on the wire.'),
  attempts: z.number().describe('Attempts that it needed.'),
})

type Params = z.output<typeof params>
type SitePage = Page<Params, z.output<typeof item>>

/** Labels: a page that was named, one that such pages lead to, and one that is said to be the same as another. */
const named = 'named'
const found = 'found'
const alias = 'alias'

/** A longer URL is a trap (a link that adds a segment to itself) more often than a page. */
const maxUrlLength = 2_000

/** Of one page. */
const mostForms = 20

/** Bytes; a start page beyond that is no feed. */
const longestFeed = 16 * 1024 * 1024

export const site = defineSource({
  name: 'site',
  description: 'Every page of a web site: text, headings and links',
  params,
  item,
  parsesErrors: true,

  async *seeds(params, context) {
    yield* params.start
    if (params.urls !== undefined)
      for await (const url of readUrls(params.urls, context)) yield { url, label: named }
    const wanted = createScope({ ...params, start: [], kind: 'any' })
    for await (const url of readSitemaps([...params.feed, ...params.sitemap], context))
      if (mayFollow(url, wanted)) yield { url, label: named }
    if (!params.sitemaps || params.maxDepth === 0) return
    const scope = scopeOf(params)
    for (const origin of new Set(params.start.map((url) => new URL(url).origin))) {
      const named = await context.sitemaps(origin)
      // One that nobody named is often not there, and a crawl that was stopped has no use for any.
      const log = (message: string) => {
        if (named.length > 0 && !context.signal.aborted) context.log(message)
      }
      const guess = `${origin}/sitemap.xml`
      const mayGuess = named.length === 0 && ((await context.allows?.(guess)) ?? true)
      const files = mayGuess ? [guess] : named
      for await (const url of readSitemaps(files, { ...context, log })) if (mayFollow(url, scope)) yield url
    }
  },

  /** Where a redirect leads. A start URL always counts, wherever it leads. */
  admit({ url }, asked, from) {
    if (from === undefined || isStart(from, asked) || scopeFor(from, asked).holds(url)) return undefined
    return { reason: 'scope', detail: 'it is out of scope' }
  },

  *parse(page) {
    const { params, request } = page
    const scope = scopeFor(request, params)
    const begins = isStart(request, params)
    if (!begins && !scope.holds(page.url)) {
      yield page.skip('scope', { detail: `it leads out of scope, to ${page.url}` })
      return
    }
    const html = isHtml(page)
    const says = params.nofollow ? readDirectives(page) : { noindex: false, nofollow: false }
    const links =
      begins && request.label === undefined ? linksOf(page, html) : html ? page.document.links : []
    const address = otherAddress(page, scope, html)
    if (address !== undefined) {
      const { url, ...why } = address
      yield page.skip(why.reason, why)
      yield page.follow([url], { label: alias, priority: request.priority })
    } else if (says.noindex) yield page.skip('noindex', { detail: 'it asks not to be indexed' })
    else {
      const urls = links.map(({ url }) => url)
      yield page.item(describe(page, html, urls))
      if (params.edges)
        for (const { url, rel } of links)
          yield page.edge({ from: page.url, to: url, type: 'link', ...(rel.length > 0 && { data: { rel } }) })
    }

    // The links of an error page lead to more error pages.
    if (page.status >= 400 || (request.label === named && !params.follow)) return
    const label = request.label === named || request.label === found ? { label: found } : {}
    const targets = params.forms && html ? [...links, ...formsOf(page)] : links
    const left = Map.groupBy(targets, (link) => whyNot(link, page, scope, says.nofollow))
    for (const [reason, some] of left) {
      const urls = some.map(({ url }) => url)
      yield reason === undefined ? page.follow(urls, label) : page.skip(reason, { links: urls })
    }
  },

  limits: ({ maxPages, maxDepth }) => ({
    ...(maxPages !== undefined && { pages: maxPages }),
    ...(maxDepth !== undefined && { depth: maxDepth + 1 }), // one more for an alias
  }),
})

/**
 * Where the page really lives, if that is another request: at its canonical address. It is asked for there, once, however
 * many pages lead to it; that is how a page with ten addresses becomes one item. (A page behind a redirect is read where it
 * is, by the first that is led there.) An alias is described whatever it says next, so this ends. Two linked pages that each name the other lose both: `canonical: false` helps.
 */
function otherAddress(page: SitePage, scope: Scope, html: boolean): OtherAddress | undefined {
  if (page.request.label !== undefined) return undefined
  if (!html || !page.params.canonical || page.status >= 400) return undefined
  const url = page.document.canonical
  if (url === undefined || canonicalUrl(url) === canonicalUrl(page.url) || !mayFollow(url, scope))
    return undefined
  return { url, reason: 'canonical', detail: `its canonical address is ${url}` }
}

interface OtherAddress {
  readonly url: string
  readonly reason: 'canonical'
  readonly detail: string
}

/** The links of a page where a crawl begins: of a feed or a sitemap, whatever its type says, what it names. */
function linksOf(page: SitePage, html: boolean): readonly PageLink[] {
  const entries = page.size > longestFeed ? [] : readFeed(page)
  if (entries.length > 0) return entries.map((url) => ({ url, rel: [] }))
  return html ? page.document.links : []
}

/** Where the forms of a page lead to that ask for another one, as links. */
function formsOf(page: SitePage): PageLink[] {
  const { forms, base } = page.document
  if (!forms.some(({ method }) => method === 'GET')) return []
  const elements = page.$('form').toArray().slice(0, mostForms)
  return elements.flatMap(({ attribs: { action, rel = '' } }, at) => {
    if (action && fetchableUrl(action, base) === undefined) return []
    const { url, method } = page.form(`form:eq(${at})`).request()
    return method === 'GET' ? [{ url, rel: rel.toLowerCase().split(/\s+/) }] : []
  })
}

/** Why a link is not followed; undefined where it is. */
function whyNot({ url, rel }: PageLink, page: SitePage, scope: Scope, isClosed: boolean): string | undefined {
  if (!scope.holds(url)) return 'scope'
  if (isClosed || (page.params.nofollow && asksNotToFollow(rel))) return 'nofollow'
  if (depthOf(page) >= (page.params.maxDepth ?? Infinity)) return 'limit of depth'
  return url.length > maxUrlLength ? 'limit of length' : undefined
}

function describe(page: SitePage, html: boolean, links: string[]): z.input<typeof item> {
  const known = {
    url: page.url,
    status: page.status,
    links,
    fetchedAt: new Date(page.fetchedAt).toISOString(),
    depth: depthOf(page),
    via: page.via,
    bytes: page.bytes,
    attempts: page.attempts,
  }
  if (!html) return { ...known, title: '', description: '', headings: [], text: '' }
  const { title, description, headings, text } = page.document
  return { ...known, title, description, headings: [...headings], text }
}

/** An alias was found one hop behind its page, and is as deep. */
function depthOf(page: SitePage): number {
  return page.request.depth - (page.request.label === alias ? 1 : 0)
}

/** What is asked for by name always counts, wherever it leads. */
function isStart({ url, label }: Pick<SitePage['request'], 'url' | 'label'>, { start }: Params): boolean {
  return label === named || (label === undefined && start.includes(url))
}

/** A page that was named is a site of its own, and so are those that it leads to. */
function scopeFor({ url, label }: Pick<SitePage['request'], 'url' | 'label'>, params: Params): Scope {
  if (label !== named && label !== found) return scopeOf(params)
  return createScope({ ...params, start: [url], kind: params.scope })
}

/** Compiled once for each crawl: its pages share one params object. */
const scopes = new WeakMap<Params, Scope>()

function scopeOf(params: Params): Scope {
  let scope = scopes.get(params)
  if (!scope) {
    scope = createScope({ ...params, kind: params.scope })
    scopes.set(params, scope)
  }
  return scope
}

function mayFollow(url: string, scope: Scope): boolean {
  return url.length <= maxUrlLength && scope.holds(url)
}

function isPattern(pattern: string): boolean {
  try {
    compilePattern(pattern)
    return true
  } catch {
    return false
  }
}
