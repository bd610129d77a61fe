import { canonicalUrl } from '../../src/admission/canonical-url.ts'
import { textDigest } from '../../src/admission/page-text.ts'
import { queryRepeatsItself, repeatsItself } from '../../src/admission/repetition.ts'
import { createRobots } from '../../src/admission/robots.ts'
import { compilePattern } from '../../src/admission/scope.ts'
import { shapeOf } from '../../src/admission/url-shape.ts'
import { createRandom, pickIndex, type Random } from '../../src/base/random.ts'
import { createClassifier } from '../../src/classify/chain.ts'
import { proxyErrorOf } from '../../src/classify/proxy-status.ts'
import { readWait } from '../../src/classify/retry-after.ts'
import { readList } from '../../src/fleet/read-list.ts'
import { readEcho } from '../../src/health/echo.ts'
import { documentText } from '../../src/source/charset.ts'
import { readContent } from '../../src/source/content.ts'
import { readDirectives } from '../../src/source/directives.ts'
import { documentUrl } from '../../src/source/document-url.ts'
import { fileNameFor } from '../../src/source/file-name.ts'
import { collectLinks } from '../../src/source/links.ts'
import { parseMarkup } from '../../src/source/markup.ts'
import { readDocument } from '../../src/source/read-document.ts'
import { readSitemaps } from '../../src/source/sitemap.ts'
import { connectFailure } from '../../src/transport/connect-reply.ts'
import { plain, plainContext } from '../classify/exchanges.ts'
import { ManualClock } from '../manual-clock.ts'
import { samples } from './samples.ts'

/**
 * Everything that reads what strangers write, given broken, repeated and mixed samples of it, with a stopwatch. The same
 * seed gives the same texts.
 */
export interface SlowText {
  readonly reader: string
  readonly ms: number
  /** The text, or as much of it as tells. */
  readonly text: string
  readonly length: number
  /** What it threw that is no error of Regatta. */
  readonly thrown?: string
}

export interface FuzzOptions {
  readonly seed: number
  readonly rounds: number
  /** Milliseconds that one reader may take for one text. */
  readonly most: number
  /** Characters of a text at most. */
  readonly longest: number
}

const page = 'https://a.example/docs/page?id=1'
const address = { url: page, encoding: 'utf-8' }

/** By name; each is given any text. */
const readers: Record<string, (text: string) => unknown> = {
  'HTML and what is read of it': (text) => {
    const $ = parseMarkup(text, 'text/html')
    readContent($)
    collectLinks($, page, 'a[href], area[href]')
  },
  'a page in one pass': (text) => {
    const document = readDocument(text, 'html', address)
    readDirectives(
      { document, mimeType: 'text/html', headers: { 'x-robots-tag': headerOf(text) } },
      'regatta',
    )
    return [document.text, document.headings, document.links, document.forms]
  },
  'XHTML in one pass': (text) => {
    const { links, headings, forms } = readDocument(text, 'xml', address)
    return [text, links, headings, forms]
  },
  XML: (text) => readContent(parseMarkup(text, 'application/xml')),
  'a sitemap': async (text) => {
    const fetch = async () => new Response(text)
    for await (const _ of readSitemaps([page], { fetch, log: () => {} }));
  },
  'robots.txt': async (text) => {
    const fetch = async () => new Response(text)
    const robots = createRobots({ fetch, userAgent: () => 'regatta/1', clock: new ManualClock() })
    await robots.decide(`https://a.example/${text.slice(0, 500)}`)
    await robots.sitemaps('https://a.example')
  },
  'a charset': (text) => documentText(Buffer.from(text, 'latin1'), { 'content-type': headerOf(text) }),
  'an encoding of HTML': (text) => documentText(Buffer.from(text, 'latin1'), { 'content-type': 'text/html' }),
  'a verdict': (text) => {
    const classifier = createClassifier([], { ownAddresses: ['203.0.113.9'] })
    const headers = { 'retry-after': headerOf(text), 'proxy-status': headerOf(text) }
    for (const type of [null, 'text/html', 'application/json'])
      classifier.classify(plain({ body: text, type, headers }), plainContext())
  },
  'headers of waits and proxies': (text) => {
    const value = headerOf(text)
    readWait({ 'retry-after': value, ratelimit: value, 'x-ratelimit-reset': value, date: value }, 0)
    proxyErrorOf({ 'proxy-status': value, 'x-proxy-error': value })
    connectFailure(
      502,
      new Map([
        ['proxy-status', value],
        ['x-brd-err-code', value],
        ['retry-after', value],
      ]),
      0,
    )
  },
  'a URL': (text) => {
    const url = URL.parse(text.trim(), page)
    if (!url || url.hostname === '') return
    canonicalUrl(url)
    for (const encoding of ['windows-1251', 'shift_jis', 'gb18030']) documentUrl(text, page, encoding)
    shapeOf(url)
    repeatsItself(url.pathname.split('/').filter(Boolean).slice(0, 40), 3)
    queryRepeatsItself(url.search, 3)
    fileNameFor(url.href, headerOf(text), 'request')
    for (const matches of patterns) matches(url)
  },
  'the words of a page': (text) => textDigest(text, new URL(page), true),
  'a list of proxies': (text) => readList(text, { trusted: false }),
  'an echo': (text) => readEcho(plain({ body: text })),
}

const patterns = ['/*-*-*-x', '*/*/*/*.html', 're:(a+)+$', 're:(x|xx|-)*y$'].map(compilePattern)

/** What undici lets through. */
function headerOf(text: string): string {
  return text.slice(0, 16_384)
}

/** Yields what was too slow, or threw what it should not. */
export async function* fuzz({ seed, rounds, most, longest }: FuzzOptions): AsyncGenerator<SlowText> {
  const random = createRandom(seed)
  for (let round = 0; round < rounds; round++) {
    const text = mutated(random, longest)
    for (const [reader, read] of Object.entries(readers)) {
      let { ms, thrown } = await timed(read, text)
      // Somebody else may have had the processor.
      for (let again = 0; ms > most && again < 2; again++) ms = Math.min(ms, (await timed(read, text)).ms)
      if (ms <= most && thrown === undefined) continue
      yield {
        reader,
        ms,
        text: text.slice(0, 200),
        length: text.length,
        ...(thrown !== undefined && { thrown }),
      }
    }
  }
}

async function timed(
  read: (text: string) => unknown,
  text: string,
): Promise<{ ms: number; thrown: string | undefined }> {
  const started = performance.now()
  let thrown: string | undefined
  try {
    await read(text)
  } catch (error) {
    if (!(error instanceof Error && error.name === 'RegattaError')) thrown = String(error)
  }
  return { ms: performance.now() - started, thrown }
}

/** A sample after some steps, each of which repeats, cuts, doubles or mixes in something. */
function mutated(random: Random, longest: number): string {
  const pick = <T>(list: readonly T[]): T => list[pickIndex(random, list.length)]!
  const piece = (text: string) => {
    const from = pickIndex(random, Math.max(1, text.length))
    return text.slice(from, from + 1 + pickIndex(random, pick([4, 12, 60])))
  }
  let text = pick(samples)
  const steps = 1 + pickIndex(random, 4)
  for (let step = 0; step < steps; step++) {
    const at = pickIndex(random, text.length + 1)
    const head = text.slice(0, at)
    const tail = text.slice(at)
    const grown = [
      () => head + piece(text).repeat(Math.floor(longest / 8)) + tail,
      () => head + pick(tokens).repeat(1 + pickIndex(random, longest / 8)) + tail,
      () => head + (piece(pick(samples)) + piece(text)).repeat(500) + tail,
      () => head + tail.slice(1 + pickIndex(random, 20)),
      () => head + pick(samples) + tail,
      () => tail + head,
    ]
    text = pick(grown)().slice(0, longest)
  }
  return text
}

const tokens = [
  ...[
    '<',
    '>',
    '<!--',
    '-->',
    '<!---->',
    '<a ',
    '<b>',
    '</b>',
    '<p>',
    '<font size=',
    '<svg><style>',
    '<div>',
    '<table>x',
  ],
  ...[
    '<template>',
    '<a href=',
    '<meta charset',
    '<link rel=',
    '<h1',
    '<title',
    '<script>',
    '<![CDATA[',
    '&',
    '&amp;',
    '&#x',
  ],
  ...[
    '"',
    "'",
    '\\"',
    '=',
    ' ',
    '\t',
    '\n',
    '\r',
    '\0',
    '*',
    '-',
    '/',
    '..',
    '.',
    ',',
    ';',
    ':',
    '@',
    '%',
    '%2e',
    '?a=',
    '#',
  ],
  ...[
    'a',
    '0',
    '1.',
    'é',
    '😀',
    '[',
    '{',
    '{"a":',
    '<?xml ',
    '<url><loc>',
    'Disallow: /*',
    'User-agent: *\n',
    ';error=',
    '10.0.0.',
  ],
]
