import { gzipSync } from 'node:zlib'
import { type Reply, reply, text } from './reply.ts'
import { pathOf } from './site-paths.ts'
import type { SiteScript } from './site-schema.ts'

/** What a made-up site tells machines: robots.txt, and sitemaps as its script wants them. */

export function robotsReply({ disallow, crawlDelay, sitemap }: SiteScript, base: string): Reply {
  const lines = ['User-agent: *', ...disallow.map((path) => `Disallow: ${path}`)]
  if (crawlDelay !== undefined) lines.push(`Crawl-delay: ${crawlDelay}`)
  if (sitemap !== 'none') lines.push('', `Sitemap: ${base}/sitemap.xml${sitemap === 'gzip' ? '.gz' : ''}`)
  return text(200, `${lines.join('\n')}\n`)
}

export function sitemapReply(
  { sitemap, pages, orphans }: SiteScript,
  path: string,
  base: string,
): Reply | undefined {
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

const namespace = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'

function urlSet(paths: string[], base: string): string {
  const urls = paths.map((path) => `<url><loc>${base}${path}</loc></url>`)
  return `<?xml version="1.0" encoding="UTF-8"?>\n<urlset ${namespace}>${urls.join('\n')}</urlset>`
}

function xml(body: string): Reply {
  return reply(200, body, { type: 'application/xml' })
}
