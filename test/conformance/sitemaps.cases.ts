import { gzipSync } from 'node:zlib'
import type { Standard } from './standard.ts'

/** The file at /sitemap.xml (or several by their paths) of http://www.example.com, with its type where that matters. */
export interface Sitemaps {
  readonly files: Readonly<Record<string, string | Uint8Array>>
  readonly type?: string
}

type Urls = readonly string[]

interface Facts {
  readonly title: string
  readonly file?: string | Uint8Array
  readonly files?: Sitemaps['files']
  readonly type?: string
  /** Paths of http://www.example.com, or whole URLs. */
  readonly pages?: Urls
  readonly ours?: Urls
  readonly why?: string
}

const site = 'http://www.example.com'
const whole = (url: string) => (url.startsWith('/') ? site + url : url)

function fact({ title, file, files = { '/sitemap.xml': file! }, type, pages = [], ours, why }: Facts) {
  const input: Sitemaps = { files, ...(type !== undefined && { type }) }
  const differs = ours && { differs: { ours: ours.map(whole), why: why! } }
  return { title, input, expected: pages.map(whole), ...differs }
}

const namespace = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
const urls = (...paths: string[]) =>
  `<urlset ${namespace}>\n${paths.map((path) => `<url>\n<loc>${whole(path)}</loc>\n<lastmod>2005-01-01</lastmod>\n</url>`).join('\n')}\n</urlset>\n`
const index = (...paths: string[]) =>
  `${declaration}<sitemapindex ${namespace}>\n${paths.map((path) => `<sitemap><loc>${whole(path)}</loc><lastmod>2004-10-01T18:23:17+00:00</lastmod></sitemap>`).join('\n')}\n</sitemapindex>`
const latin1 = (text: string) => Buffer.from(text, 'latin1')
const utf16 = (text: string, isLittle: boolean) => {
  const bytes = Buffer.from(text, 'utf16le')
  return isLittle ? bytes : bytes.swap16()
}
const cyrillic = (text: string) =>
  Buffer.from(
    [...text].map((letter) =>
      letter >= 'а' && letter <= 'я' ? letter.charCodeAt(0) - 0x430 + 0xe0 : letter.charCodeAt(0),
    ),
  )

const protocol = [
  fact({
    title: 'the protocol’s sample',
    file: `${declaration}<urlset ${namespace}>
  <url><loc>http://www.example.com/</loc><lastmod>2005-01-01</lastmod><changefreq>monthly</changefreq><priority>0.8</priority></url>
  <url><loc>http://www.example.com/catalog?item=12&amp;desc=vacation_hawaii</loc><changefreq>weekly</changefreq></url>
  <url><loc>http://www.example.com/catalog?item=74&amp;desc=vacation_newfoundland</loc><lastmod>2004-12-23T18:00:15+00:00</lastmod></url>
</urlset>`,
    pages: ['/', '/catalog?item=12&desc=vacation_hawaii', '/catalog?item=74&desc=vacation_newfoundland'],
  }),
  fact({
    title: 'the protocol’s escaped URL',
    file: urls('/%C3%BCmlat.php&amp;q=name'),
    pages: ['/%C3%BCmlat.php&q=name'],
  }),
  fact({
    title: 'all five entities, and numbers',
    file: urls('/a?b=&lt;&gt;&quot;&apos;&amp;&#x2F;&#47;'),
    pages: ['/a?b=%3C%3E%22%27&//'],
  }),
  fact({
    title: 'an index, its files packed or not',
    files: {
      '/sitemap.xml': index('/sitemap1.xml.gz', '/sitemap2.xml'),
      '/sitemap1.xml.gz': gzipSync(urls('/1')),
      '/sitemap2.xml': urls('/2'),
    },
    pages: ['/1', '/2'],
  }),
  fact({
    title: 'a text file',
    file: 'http://www.example.com/catalog?item=1\nhttp://www.example.com/catalog?item=11\n',
    pages: ['/catalog?item=1', '/catalog?item=11'],
  }),
  fact({
    title: 'a text file with a mark, empty lines and other line ends',
    file: '\ufeff\r\n http://www.example.com/1 \r\n\r\nhttp://www.example.com/2\rhttps://www.example.com/3',
    pages: ['/1', '/2', 'https://www.example.com/3'],
  }),
  fact({ title: 'a text file of one line without an end', file: 'http://www.example.com/1', pages: ['/1'] }),
  fact({
    title: 'a text file that calls itself HTML',
    file: 'http://www.example.com/1\n',
    type: 'text/html',
    pages: ['/1'],
  }),
  fact({
    title: 'lines of a text file that are no URL',
    file: 'http://www.example.com/1\n/2\nabout us\nhttp://www.example.com/3 was moved\nmailto:a@b.example\nhttp://www.example.com/4',
    pages: ['/1', '/4'],
  }),
]

const encodings = [
  fact({ title: 'UTF-8 with a mark', file: `\ufeff${declaration}${urls('/é')}`, pages: ['/%C3%A9'] }),
  ...[true, false].flatMap((isLittle) => [
    fact({
      title: `UTF-16 with a mark, ${isLittle ? 'little' : 'big'} end first`,
      file: utf16(`\ufeff<?xml version="1.0" encoding="UTF-16"?>${urls('/é')}`, isLittle),
      pages: ['/%C3%A9'],
    }),
    fact({
      title: `UTF-16 without a mark, ${isLittle ? 'little' : 'big'} end first`,
      file: utf16(`<?xml version="1.0" encoding="UTF-16"?>${urls('/é')}`, isLittle),
      pages: ['/%C3%A9'],
    }),
  ]),
  fact({
    title: 'ISO-8859-1, declared',
    file: latin1(`<?xml version="1.0" encoding="ISO-8859-1"?>${urls('/caf\xe9')}`),
    pages: ['/caf%C3%A9'],
  }),
  fact({
    title: 'ISO-8859-1, by the header',
    file: latin1(urls('/caf\xe9')),
    type: 'application/xml; charset=ISO-8859-1',
    pages: ['/caf%C3%A9'],
  }),
  fact({
    title: 'windows-1251, declared',
    file: cyrillic(`<?xml version='1.0' encoding='windows-1251'?>${urls('/мир')}`),
    pages: ['/%D0%BC%D0%B8%D1%80'],
  }),
  fact({
    title: 'a declaration behind empty lines',
    file: latin1(`\n \n<?xml version="1.0" encoding="ISO-8859-1"?>${urls('/\xe9')}`),
    pages: ['/%C3%A9'],
  }),
  fact({
    title: 'a text file in UTF-16',
    file: utf16('\ufeffhttp://www.example.com/1\r\nhttp://www.example.com/2', true),
    pages: ['/1', '/2'],
  }),
  fact({
    title: 'packed, in a plain .xml',
    file: gzipSync(urls('/1')),
    type: 'application/xml',
    pages: ['/1'],
  }),
  fact({
    title: 'packed twice',
    file: gzipSync(gzipSync(urls('/1'))),
    type: 'application/x-gzip',
    pages: ['/1'],
  }),
  fact({
    title: 'packed, and called text',
    file: gzipSync('http://www.example.com/1'),
    type: 'text/plain',
    pages: ['/1'],
  }),
  fact({
    title: 'not packed, though it is called so',
    files: { '/sitemap.xml': index('/1.xml.gz'), '/1.xml.gz': urls('/1') },
    pages: ['/1'],
  }),
]

const markup = [
  fact({
    title: 'white space around an address',
    file: urls('/').replace('/</loc>', '/1\n   </loc>').replace('<loc>', '<loc>\n  '),
    pages: ['/1'],
  }),
  fact({
    title: 'CDATA',
    file: urls('/').replace('http://www.example.com/', '<![CDATA[ http://www.example.com/a?b&c ]]>'),
    pages: ['/a?b&c'],
  }),
  fact({
    title: 'comments, within an address too',
    file: `<!-- a --><urlset ${namespace}><!-- <url><loc>http://www.example.com/no</loc></url> --><url><loc>http://www.example.com/<!-- x -->1</loc></url></urlset><!-- cache -->`,
    pages: ['/1'],
  }),
  fact({
    title: 'a style sheet and a document type before the root',
    file: `${declaration}<?xml-stylesheet type="text/xsl" href="/s.xsl"?><!DOCTYPE urlset>${urls('/1')}`,
    pages: ['/1'],
  }),
  fact({
    title: 'empty lines before the declaration',
    file: `\n\n${declaration}${urls('/1')}`,
    pages: ['/1'],
  }),
  fact({
    title: 'no namespace',
    file: '<urlset><url><loc>http://www.example.com/1</loc><lastmod /></url></urlset>',
    pages: ['/1'],
  }),
  fact({
    title: 'the wrong namespace',
    file: '<urlset xmlns="http://www.google.com/schemas/sitemap/0.84"><url xmlns=""><loc> http://www.example.com/1</loc></url></urlset>',
    pages: ['/1'],
  }),
  fact({
    title: 'a prefix',
    file: '<sm:urlset xmlns:sm="http://www.sitemaps.org/schemas/sitemap/0.9"><sm:url><sm:loc>http://www.example.com/1</sm:loc></sm:url></sm:urlset>',
    pages: ['/1'],
  }),
  fact({
    title: 'an index with a prefix',
    files: {
      '/sitemap.xml':
        '<s:sitemapindex xmlns:s="x"><s:sitemap><s:loc>http://www.example.com/2.xml</s:loc></s:sitemap></s:sitemapindex>',
      '/2.xml': urls('/2'),
    },
    pages: ['/2'],
  }),
  fact({
    title: 'names in upper case',
    file: '<URLSET><URL><LOC>http://www.example.com/1</LOC></URL></URLSET>',
    pages: ['/1'],
  }),
  fact({
    title: 'images, videos and news are no pages',
    file: `<urlset ${namespace} xmlns:image="i" xmlns:video="v" xmlns:news="n"><url><loc>http://www.example.com/1</loc><image:image><image:loc>http://www.example.com/i.png</image:loc></image:image><video:video><video:thumbnail_loc>http://www.example.com/t.png</video:thumbnail_loc><video:content_loc>http://www.example.com/v.mp4</video:content_loc><video:player_loc>http://www.example.com/p</video:player_loc></video:video><news:news><news:title>x</news:title></news:news></url></urlset>`,
    pages: ['/1'],
  }),
  fact({
    title: 'an image in a default namespace is none either',
    file: `<urlset ${namespace}><url><image xmlns="i"><loc>http://www.example.com/i.png</loc></image><loc>http://www.example.com/1</loc></url></urlset>`,
    pages: ['/1'],
  }),
  fact({
    title: 'other languages of a page have entries of their own',
    file: `<urlset ${namespace} xmlns:xhtml="http://www.w3.org/1999/xhtml"><url><loc>http://www.example.com/english/</loc><xhtml:link rel="alternate" hreflang="de" href="http://www.example.com/deutsch/"/><xhtml:link rel="alternate" hreflang="en"/></url></urlset>`,
    pages: ['/english/'],
  }),
  fact({
    title: 'an address of another site',
    file: '<urlset><url><loc>http://other.example/1</loc></url></urlset>',
    pages: ['http://other.example/1'],
  }),
  fact({
    title: 'addresses that are none of the web',
    file: '<urlset><url><loc>mailto:a@b.example</loc></url><url><loc>javascript:alert(1)</loc></url><url><loc>ftp://example.com/a</loc></url><url><loc></loc></url><url><loc>http://www.example.com/1</loc></url></urlset>',
    pages: ['/1'],
  }),
  fact({
    title: 'an address without host',
    file: '<urlset><url><loc>/1</loc></url></urlset>',
    ours: ['/1'],
    why: 'the protocol wants whole URLs; in a sitemap it is clear what is meant',
  }),
  fact({
    title: 'an entity from outside',
    file: `<!DOCTYPE foo [<!ENTITY xxe SYSTEM "file:///etc/passwd">]><urlset><url><loc>http://www.example.com/&xxe;</loc></url></urlset>`,
    pages: ['/'],
    ours: ['/&xxe;'],
    why: 'no entity is expanded, and none is taken out',
  }),
]

const feeds = [
  fact({
    title: 'RSS 2.0',
    file: `${declaration}<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>t</title><link>http://www.example.com/</link><atom:link href="http://www.example.com/feed" rel="self"/><image><url>http://www.example.com/i.png</url><link>http://www.example.com/</link></image><item><title>1</title><link>http://www.example.com/1</link><guid isPermaLink="false">http://www.example.com/?p=1</guid><enclosure url="http://www.example.com/1.mp3" length="1" type="audio/mpeg"/></item><item><link><![CDATA[ http://www.example.com/2 ]]></link></item></channel></rss>`,
    pages: ['/1', '/2'],
  }),
  fact({
    title: 'RSS 2.0 with names that are addresses',
    file: '<rss><channel><item><guid>http://www.example.com/1</guid></item><item><guid isPermaLink="false">http://www.example.com/2</guid></item><item><guid>tag:3</guid></item></channel></rss>',
    pages: ['/1'],
  }),
  fact({
    title: 'RSS 1.0',
    file: `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel rdf:about="http://www.example.com/feed"><link>http://www.example.com/</link><items><rdf:Seq><rdf:li resource="http://www.example.com/1"/></rdf:Seq></items></channel><item rdf:about="http://www.example.com/1"><link>http://www.example.com/1</link></item><item rdf:about="http://www.example.com/2"><title>2</title></item></rdf:RDF>`,
    pages: ['/1', '/2'],
  }),
  fact({
    title: 'Atom 1.0',
    file: `${declaration}<feed xmlns="http://www.w3.org/2005/Atom"><link href="http://www.example.com/atom.xml" rel="self"/><link href="http://www.example.com"/><id>http://www.example.com</id><entry><link href="http://www.example.com/1"/><link rel="alternate" type="text/html" href="http://www.example.com/1?alt"/><link rel="edit" href="http://www.example.com/1?edit"/><id>urn:1</id><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><link href="http://www.example.com/no"/></div></content></entry><entry><link rel="edit" href="http://www.example.com/e"/><link rel="alternate" href="http://www.example.com/2"/><source><link href="http://www.example.com/no"/></source></entry></feed>`,
    pages: ['/1', '/2'],
  }),
  fact({
    title: 'Atom 0.3',
    file: '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><link rel="alternate" type="text/html" href="http://www.example.com"/><entry><link rel="alternate" type="text/html" href="http://www.example.com/1"/></entry></feed>',
    pages: ['/1'],
  }),
  fact({
    title: 'Atom with xml:base',
    file: '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://www.example.com/blog/"><entry xml:base="2026/"><link href="1"/></entry><entry><link href="2"/></entry></feed>',
    pages: ['/blog/2026/1', '/blog/2'],
  }),
  fact({
    title: 'Atom with a prefix',
    file: '<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:link href="http://www.example.com/1"/></a:entry></a:feed>',
    pages: ['/1'],
  }),
  fact({
    title: 'a feed in an index',
    files: {
      '/sitemap.xml': index('/rss'),
      '/rss': '<rss><channel><item><link>http://www.example.com/1</link></item></channel></rss>',
    },
    pages: ['/1'],
  }),
]

const broken = [
  fact({
    title: 'an end that never came',
    file: urls('/1', '/2').replace('</urlset>\n', ''),
    pages: ['/1', '/2'],
  }),
  fact({ title: 'an address that is cut off', file: urls('/1', '/2').split('2<')[0]!, pages: ['/1'] }),
  fact({ title: 'an ampersand alone', file: urls('/a?b&c=d'), pages: ['/a?b&c=d'] }),
  fact({
    title: 'an index that names itself',
    files: { '/sitemap.xml': index('/sitemap.xml', '/2.xml'), '/2.xml': urls('/2') },
    pages: ['/2'],
  }),
  fact({
    title: 'two indexes that name each other',
    files: { '/sitemap.xml': index('/b.xml'), '/b.xml': `${index('/sitemap.xml')}${urls('/2')}` },
    pages: ['/2'],
  }),
  fact({
    title: 'an index that names robots.txt',
    files: {
      '/sitemap.xml': index('/robots.txt'),
      '/robots.txt': 'User-agent: *\nDisallow: /x\nSitemap: http://www.example.com/sitemap.xml',
    },
  }),
  ...Object.entries({
    'a page that says it is not there':
      '<!DOCTYPE html><html><head><title>Not Found</title></head><body>http://www.example.com/1</body></html>',
    'HTML without a document type':
      '<HTML><HEAD><TITLE>301 Moved</TITLE></HEAD><BODY><A HREF="http://www.example.com/1">here</A></BODY></HTML>',
    'a page with entries in it':
      '<html><body><urlset><url><loc>http://www.example.com/1</loc></url></urlset></body></html>',
    XHTML:
      '<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><body><url><loc>http://www.example.com/1</loc></url></body></html>',
    'two words': 'Not Found',
    'a path': '/1\n/2\n',
    'a sentence that begins with a URL': 'http://www.example.com/sitemap.xml was not found on this server.',
    'a name without scheme': 'www.example.com/1\nwww.example.com/2',
    'a JSON object': '{"error":"not found","url":"http://www.example.com/1"}',
    'a JSON array': '["http://www.example.com/1",\n"http://www.example.com/2"]',
    'a table': 'url,lastmod\nhttp://www.example.com/1,2026-01-01',
    'another kind of XML':
      '<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Key>http://www.example.com/1</Key></Error>',
    'a picture in XML': '<svg xmlns="http://www.w3.org/2000/svg"><a href="http://www.example.com/1"/></svg>',
    nothing: '',
    'white space': ' \n\n',
  }).map(([name, file]) => fact({ title: `in its place: ${name}`, file })),
  fact({
    title: 'in its place: a picture',
    file: Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
    type: 'image/png',
  }),
  fact({ title: 'in its place: something packed that is no sitemap', file: gzipSync('Not Found') }),
  fact({
    title: 'in its place: what only begins like gzip',
    file: Buffer.from('1f8b0102030405060708090a', 'hex'),
  }),
]

export const standard: Standard<Sitemaps, Urls> = {
  name: 'sitemaps.org',
  about: 'sitemaps: XML, feeds, text files, indexes, encodings, and what stands in their place',
  source:
    'the protocol’s samples; facts of the tests of scrapy (BSD-3-Clause), crawlee (Apache-2.0) and ultimate-sitemap-parser (GPL-3.0, facts only); own cases',
  cases: [...protocol, ...encodings, ...markup, ...feeds, ...broken],
}
