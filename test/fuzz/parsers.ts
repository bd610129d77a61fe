import { Buffer } from 'node:buffer'
import { createServer, type Socket } from 'node:net'
import { InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { canonicalUrl } from '../../src/admission/canonical-url.ts'
import { textDigest } from '../../src/admission/page-text.ts'
import { queryRepeatsItself, repeatsItself } from '../../src/admission/repetition.ts'
import { createRobots } from '../../src/admission/robots.ts'
import { compilePattern } from '../../src/admission/scope.ts'
import { shapeOf } from '../../src/admission/url-shape.ts'
import { systemClock } from '../../src/base/clock.ts'
import { locationOf } from '../../src/base/location.ts'
import { charsetOf, mimeTypeOf } from '../../src/base/mime-type.ts'
import { sniffMime } from '../../src/base/sniff-mime.ts'
import { Wheel } from '../../src/base/wheel.ts'
import { createClassifier } from '../../src/classify/chain.ts'
import { proxyErrorOf } from '../../src/classify/proxy-status.ts'
import { readWait } from '../../src/classify/retry-after.ts'
import { readParams } from '../../src/cli/params.ts'
import * as cli from '../../src/cli/values.ts'
import type { ProxyEndpoint } from '../../src/contracts/endpoint.ts'
import type { Exchange } from '../../src/contracts/outcome.ts'
import { readProxy } from '../../src/fleet/parse-proxy.ts'
import { readList } from '../../src/fleet/read-list.ts'
import { readEcho } from '../../src/health/echo.ts'
import { HostTable } from '../../src/options/host-table.ts'
import { parseOptions } from '../../src/options/options.ts'
import { nextRequest } from '../../src/race/next-request.ts'
import { CookieJar } from '../../src/router/cookie-jar.ts'
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
import { CredentialVault } from '../../src/transport/credentials.ts'
import { ResponseReader } from '../../src/transport/response-reader.ts'
import { createTransport } from '../../src/transport/socket-transport.ts'
import { plain, plainContext } from '../classify/exchanges.ts'
import { ManualClock } from '../manual-clock.ts'
import * as grammars from './grammars.ts'
import type { Grammar } from './mutate.ts'

/** Something that reads what strangers write. */
export interface Parser {
  readonly grammar: Grammar
  /** Reads a text; an error that is none of Regatta's is a fault of ours. */
  readonly read: (text: string) => unknown
}

const page = 'https://a.example/docs/page?id=1'
const address = { url: page, encoding: 'utf-8' }
const patterns = ['/*-*-*-x', '*/*/*/*.html', 're:(a+)+$', 're:(x|xx|-)*y$'].map(compilePattern)
const request = { url: page, method: 'GET', headers: {}, idempotent: true } as const

const hostSettings = new HostTable(parseOptions({})).plain

/** What fits into the head of a response. */
function headerOf(text: string): string {
  return text.slice(0, 16_384)
}

/** By what they read. */
export const parsers: Readonly<Record<string, Parser>> = {
  'HTTP responses, cut anywhere': {
    grammar: grammars.answers,
    read: (text) => {
      const bytes = Buffer.from(text, 'latin1')
      for (const size of [bytes.length || 1, 7]) {
        const listener = { onHead() {}, onBytes() {}, onEnd() {}, onBroken() {} }
        const reader = new ResponseReader(listener, false)
        for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
        reader.finish()
      }
    },
  },
  'HTTP responses through a socket': { grammar: grammars.answers, read: throughSocket() },
  'a page in one pass': {
    grammar: grammars.markup,
    read: (text) => {
      const document = readDocument(text, 'html', address)
      readDirectives(
        { document, mimeType: 'text/html', headers: { 'x-robots-tag': headerOf(text) } },
        'regatta',
      )
      return [document.text, document.headings, document.links, document.forms]
    },
  },
  'XHTML in one pass': {
    grammar: grammars.markup,
    read: (text) => {
      const document = readDocument(text, 'xml', address)
      return [document.text, document.headings, document.links, document.forms]
    },
  },
  'a tree of HTML': {
    grammar: grammars.markup,
    read: (text) => {
      const $ = parseMarkup(text, 'text/html')
      readContent($)
      collectLinks($, page, 'a[href], area[href]')
    },
  },
  'a tree of XML': {
    grammar: grammars.sitemaps,
    read: (text) => readContent(parseMarkup(text, 'application/xml')),
  },
  'the words of a page': { grammar: grammars.markup, read: (text) => textDigest(text, new URL(page), true) },
  'the encoding of a page': {
    grammar: grammars.markup,
    read: (text) => {
      for (const type of [headerOf(text), 'text/html', 'application/xml'])
        documentText(Buffer.from(text, 'latin1'), { 'content-type': type })
    },
  },
  'a type': {
    grammar: grammars.types,
    read: (text) => {
      mimeTypeOf(text)
      charsetOf(text)
      return sniffMime({ 'content-type': text }, Buffer.from(text))
    },
  },
  'a verdict': {
    grammar: grammars.markup,
    read: (text) => {
      const classifier = createClassifier([], { ownAddresses: ['203.0.113.9'] })
      const headers = { 'retry-after': headerOf(text), 'proxy-status': headerOf(text) }
      for (const type of [null, 'text/html', 'application/json'])
        classifier.classify(plain({ body: text, type, headers }), plainContext())
    },
  },
  'robots.txt': {
    grammar: grammars.robots,
    read: async (text) => {
      const fetch = async () => new Response(text)
      const robots = createRobots({ fetch, agent: () => 'regatta', clock: new ManualClock() })
      await robots.decide(`https://a.example/${text.slice(0, 500)}`)
      await robots.sitemaps('https://a.example')
    },
  },
  'a sitemap': {
    grammar: grammars.sitemaps,
    read: async (text) => {
      const fetch = async () => new Response(text)
      for await (const _ of readSitemaps([page], { fetch, log: () => {} }));
    },
  },
  'a list of proxies': {
    grammar: grammars.lists,
    read: (text) => {
      readList(Buffer.from(text), { trusted: false })
      readProxy(text)
    },
  },
  'dates and waits in headers': {
    grammar: grammars.waits,
    read: (text) => {
      const value = headerOf(text)
      for (const name of ['retry-after', 'ratelimit', 'ratelimit-reset', 'x-ratelimit-reset'])
        readWait({ [name]: value, date: value }, 0)
      proxyErrorOf({ 'proxy-status': value, 'x-proxy-error': value })
      const names = ['proxy-status', 'x-brd-err-code', 'retry-after', 'date']
      connectFailure(502, new Map(names.map((name) => [name, value])), 0)
    },
  },
  cookies: {
    grammar: grammars.cookies,
    read: (text) => {
      const jar = new CookieJar(() => 1_700_000_000_000)
      jar.take(page, text.split('\n', 20))
      jar.headerFor(page)
      jar.headerFor('http://b.a.example/')
    },
  },
  'where a redirect leads': {
    grammar: grammars.urls,
    read: (text) => {
      for (const status of [301, 303, 307]) {
        const to = locationOf({ status, url: page, headers: { location: text } })
        if (to instanceof URL)
          nextRequest(request, status, to, { settings: hostSettings, allowPrivate: true })
      }
    },
  },
  'a URL': {
    grammar: grammars.urls,
    read: (text) => {
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
  },
  'an echo': { grammar: grammars.texts, read: (text) => readEcho(plain({ body: text })) },
  'values of the command line': {
    grammar: grammars.values,
    read: (text) => {
      const { parseDuration, parsePause, parseRate, parseCount, parseSeed, collectParam, collectHeader } = cli
      for (const each of [
        parseDuration,
        parsePause,
        parseRate,
        parseCount,
        parseSeed,
        collectParam,
        collectHeader,
      ])
        refusing(() => each(text))
      refusing(() => compilePattern(text))
      refusing(() => readParams(params, collectParam(`n=${text}`), 'a source'))
    },
  },
}

const params = z.object({ n: z.union([z.number(), z.array(z.string()), z.boolean()]).optional() })

/** A value may be refused, by the word that the command line knows. */
function refusing(read: () => unknown): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error
  }
}

/** Sends each text as an answer, byte for byte, and closes. */
function throughSocket(): (text: string) => Promise<Exchange> {
  const clock = systemClock
  let answer: Buffer = Buffer.alloc(0)
  let port: Promise<number> | undefined
  const transport = createTransport({
    ...{ maxBody: 1024 * 1024, maxRedirects: 0, allowPrivateTargets: true },
    ...{ credentials: new CredentialVault(), clock, wheel: new Wheel(clock) },
    timeouts: {
      dial: 2_000,
      handshake: 2_000,
      tls: 2_000,
      firstByte: 2_000,
      idle: 2_000,
      total: 5_000,
      minRate: 0,
    },
    connections: {
      rotation: 'request',
      maxRequestsPerConnection: 1,
      connectionMaxAge: 1_000,
      idleMax: 1_000,
    },
  })
  const proxy: ProxyEndpoint = {
    id: 'direct',
    protocol: 'direct',
    host: '',
    port: 0,
    credentialGroup: '',
    network: '',
    tags: {},
  }
  const serve = (socket: Socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(answer))
  }
  const open = () =>
    new Promise<number>((resolve) => {
      const server = createServer(serve)
      server.unref()
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
    })
  return async (text) => {
    port ??= open()
    const url = `http://127.0.0.1:${await port}/`
    answer = Buffer.from(text, 'latin1')
    return new Promise((deliver) => {
      transport.send({ request: { ...request, url }, proxy, deliver, limits: undefined, onPhase: () => {} })
    })
  }
}
