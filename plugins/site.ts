import { defineSource, type Page } from 'regatta'
import {
  canonicalUrl,
  compilePattern,
  createScope,
  fetchableUrl,
  flag,
  isHtml,
  list,
  readContent,
  readDirectives,
  readSitemaps,
  type Scope,
  wholeNumber,
} from 'regatta/source'
import { z } from 'zod'

/**
 * A whole site: every page in scope once, one item per page. This is what `regatta crawl https://…` runs.
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

const params = z.strictObject({
  /** One URL or several. */
  start: list().pipe(z.array(startUrl).min(1, 'expected at least one URL')),
  /** What belongs to the site: `host` (www. or not), `domain`, `prefix` (below the start URLs) or `any`. */
  scope: z.enum(['host', 'domain', 'prefix', 'any']).default('host'),
  /** Only URLs that match one of these: `/docs/*`, `https://docs.example.com/*`, `re:[.]html$`. Start URLs always count. */
  include: patterns,
  /** None that matches one of these. */
  exclude: patterns,
  /** Hops from a start URL. Default: no limit. */
  maxDepth: wholeNumber().pipe(z.int().min(0)).optional(),
  /** Pages fetched at most. Default: no limit. */
  maxPages: wholeNumber().pipe(z.int().min(1)).optional(),
  /** Start also from the pages that the site's sitemaps name; not with `maxDepth` 0. */
  sitemaps: flag().default(true),
  /** Obey nofollow and noindex: in rel, in meta elements, in X-Robots-Tag. */
  nofollow: flag().default(true),
  /** Leave a page that names another one in scope as its canonical address to that one. */
  canonical: flag().default(true),
})

const item = z.object({
  url: z.string(),
  status: z.number(),
  title: z.string(),
  description: z.string(),
  headings: z.array(z.object({ level: z.number(), text: z.string() })),
  text: z.string(),
  /** Absolute, all of them, in scope or not. */
  links: z.array(z.string()),
  /** ISO 8601. */
  fetchedAt: z.string(),
  depth: z.number(),
  /** Label of the proxy. */
  via: z.string(),
  /** Body bytes on the wire. */
  bytes: z.number(),
  attempts: z.number(),
})

type Params = z.output<typeof params>
type SitePage = Page<Params, z.output<typeof item>>

/** A longer URL is a trap (a link that adds a segment to itself) more often than a page. */
const maxUrlLength = 2_000

export const site = defineSource({
  name: 'site',
  description: 'Every page of a web site: text, headings and links',
  params,
  item,
  parsesErrors: true,

  async *seeds(params, context) {
    yield* params.start
    if (!params.sitemaps || params.maxDepth === 0) return
    const scope = scopeOf(params)
    for (const origin of new Set(params.start.map((url) => new URL(url).origin))) {
      const named = await context.sitemaps(origin)
      const files = named.length > 0 ? named : [`${origin}/sitemap.xml`]
      for await (const url of readSitemaps(files, context)) if (mayFollow(url, scope)) yield url
    }
  },

  *parse(page, context) {
    const scope = scopeOf(page.params)
    if (!page.params.start.includes(page.request.url) && !scope.holds(page.url)) {
      context.log(`${page.request.url} led out of scope, to ${page.url}.`)
      return
    }
    const html = isHtml(page.contentType)
    const says = page.params.nofollow ? readDirectives(page) : { noindex: false, nofollow: false }
    const links = html ? page.links().links : []
    const address = otherAddress(page, scope, html)
    if (address !== undefined)
      yield page.follow([address], { label: 'alias', priority: page.request.priority })
    else if (!says.noindex)
      yield page.item(
        describe(
          page,
          html,
          links.map(({ url }) => url),
        ),
      )

    // The links of an error page lead to more error pages.
    if (says.nofollow || page.status >= 400 || depthOf(page) >= (page.params.maxDepth ?? Infinity)) return
    const followed = links.filter(({ rel }) => !page.params.nofollow || !rel.includes('nofollow'))
    yield page.follow(followed.map(({ url }) => url).filter((url) => mayFollow(url, scope)))
  },

  limits: ({ maxPages, maxDepth }) => ({
    ...(maxPages !== undefined && { pages: maxPages }),
    ...(maxDepth !== undefined && { depth: maxDepth + 1 }), // one more for an alias
  }),
})

/**
 * Where the page really lives, if that is another request: behind a redirect, or at its canonical address. It is asked
 * for there, once, however many pages lead to it; that is how a page with ten addresses becomes one item. An alias is described
 * whatever it says next, so this ends. Two linked pages that each name the other lose both: `canonical: false` helps.
 */
function otherAddress(page: SitePage, scope: Scope, html: boolean): string | undefined {
  if (page.request.label === 'alias') return undefined
  const here = canonicalUrl(page.url)
  if (here !== canonicalUrl(page.request.url)) return page.url
  if (!html || !page.params.canonical || page.status >= 400) return undefined
  const url = page.links('link[rel~="canonical" i]').links[0]?.url
  return url !== undefined && canonicalUrl(url) !== here && mayFollow(url, scope) ? url : undefined
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
  const { $ } = page
  const description = $('meta[name="description" i], meta[property="og:description" i]')
    .first()
    .attr('content')
  const { text, headings } = readContent($)
  return {
    ...known,
    title: oneLine($('head title, title').first().text()),
    description: oneLine(description ?? ''),
    headings: [...headings],
    text,
  }
}

/** An alias was found one hop behind its page, and is as deep. */
function depthOf(page: SitePage): number {
  return page.request.depth - (page.request.label === 'alias' ? 1 : 0)
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

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function isPattern(pattern: string): boolean {
  try {
    compilePattern(pattern)
    return true
  } catch {
    return false
  }
}
