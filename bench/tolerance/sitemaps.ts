import { gzipSync } from 'node:zlib'
import { type Answer, html, page, paths, status, type ToleranceCase } from './case.ts'

/** A site whose page is named by its sitemap alone. Where the sitemap says SELF, the site's own address stands. */
const map = (
  title: string,
  text: (self: string) => string | Buffer,
  {
    type = 'application/xml',
    to = '/found',
    robots = 'Sitemap: SELF/map.xml',
    more = {},
  }: {
    type?: string
    to?: string
    robots?: string
    more?: Record<string, (self: string) => Answer>
  } = {},
): ToleranceCase => ({
  title: `sitemap: ${title}`,
  needs: 'sitemap',
  answer: paths({
    '/robots.txt': (self) =>
      page(`User-agent: *\nDisallow: /private\n${robots.replaceAll('SELF', self)}\n`, 'text/plain'),
    '/': page(html('nothing leads on')),
    '/map.xml': (self) => page(text(self), type),
    [to]: page(),
    ...more,
  }),
})
const urls = (self: string, path = '/found') =>
  `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>${self}${path}</loc></url></urlset>`
const declared = (self: string) => `<?xml version="1.0" encoding="UTF-8"?>\n${urls(self)}`

export const sitemapCases: readonly ToleranceCase[] = [
  map('plain', declared),
  map('as text/html', declared, { type: 'text/html' }),
  map('without a type', declared, { type: '' }),
  map('in UTF-16', (self) =>
    Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-16"?>${urls(self)}`, 'utf16le'),
  ),
  map(
    'in ISO-8859-1 as declared',
    (self) => Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?>${urls(self, '/café')}`, 'latin1'),
    { to: '/caf%C3%A9' },
  ),
  map('gzip in a plain name', (self) => gzipSync(declared(self))),
  map('gzip by its name', (self) => declared(self), {
    robots: 'Sitemap: SELF/map.xml.gz',
    more: { '/map.xml.gz': (self) => page(gzipSync(declared(self)), 'application/gzip') },
  }),
  map('gzip twice: of the file and of the transfer', () => '', {
    robots: 'Sitemap: SELF/map.xml.gz',
    more: {
      '/map.xml.gz': (self) =>
        page(gzipSync(gzipSync(declared(self))), 'application/gzip', 'Content-Encoding: gzip'),
    },
  }),
  map('comments', (self) => declared(self).replace('<url>', '<!-- <url><loc>x</loc></url> --><url>')),
  map('CDATA', (self) => declared(self).replace(/<loc>(.*)<\/loc>/, '<loc><![CDATA[$1]]></loc>')),
  map('white space around an address', (self) =>
    declared(self).replace(/<loc>(.*)<\/loc>/, '<loc>\n  $1\n </loc>'),
  ),
  map('white space before the declaration', (self) => `\n${declared(self)}`),
  map('a byte order mark', (self) => `\ufeff${declared(self)}`),
  map(
    'a prefix',
    (self) =>
      `<s:urlset xmlns:s="http://www.sitemaps.org/schemas/sitemap/0.9"><s:url><s:loc>${self}/found</s:loc></s:url></s:urlset>`,
  ),
  map('without a namespace', (self) => `<urlset><url><loc>${self}/found</loc></url></urlset>`),
  map('an entity in an address', (self) => urls(self, '/found?a=1&amp;b=2'), { to: '/found?a=1&b=2' }),
  map('a bare ampersand in an address', (self) => urls(self, '/found?a=1&b=2'), { to: '/found?a=1&b=2' }),
  map('cut off', (self) => declared(self).replace('</urlset>', '<url><loc>')),
  map('a list of text', (self) => `${self}/found\n${self}/other\n`, { type: 'text/plain' }),
  map(
    'RSS',
    (self) =>
      `<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><item><link>${self}/found</link></item></channel></rss>`,
  ),
  map(
    'Atom',
    (self) =>
      `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="${self}/found"/></entry></feed>`,
  ),
  map('an index', (self) => `<sitemapindex><sitemap><loc>${self}/two.xml</loc></sitemap></sitemapindex>`, {
    more: { '/two.xml': (self) => page(declared(self), 'application/xml') },
  }),
  map(
    'an index in an index',
    (self) => `<sitemapindex><sitemap><loc>${self}/two.xml</loc></sitemap></sitemapindex>`,
    {
      more: {
        '/two.xml': (self) =>
          page(
            `<sitemapindex><sitemap><loc>${self}/three.xml</loc></sitemap></sitemapindex>`,
            'application/xml',
          ),
        '/three.xml': (self) => page(declared(self), 'application/xml'),
      },
    },
  ),
  map('SITEMAP in capitals', declared, { robots: 'SITEMAP: SELF/map.xml' }),
  map('a sitemap named without its host', declared, { robots: 'Sitemap: /map.xml' }),
  map('two sitemaps, one of them missing', declared, {
    robots: 'Sitemap: SELF/none.xml\nSitemap: SELF/map.xml',
  }),
  map('a sitemap beside one that is a page', declared, {
    robots: 'Sitemap: SELF/soft.xml\nSitemap: SELF/map.xml',
    more: { '/soft.xml': () => page(html('Not Found')) },
  }),
  map('nobody names it', () => '', {
    robots: '',
    more: { '/sitemap.xml': (self) => page(declared(self), 'application/xml') },
  }),
  map('robots.txt is missing', () => '', {
    more: {
      '/robots.txt': () => status('404 Not Found'),
      '/sitemap.xml': (self) => page(declared(self), 'application/xml'),
    },
  }),
]
