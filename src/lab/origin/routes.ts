import type { EmulatedVisit, Emulation } from '../emulations/emulation.ts'
import type { Resources } from '../resources.ts'
import { brokenReply, chunkedReply, encodedReply, slowReply, unboundedReply } from './broken.ts'
import type { Site } from './computed-site.ts'
import type { Crumbs } from './crumb.ts'
import { filler } from './filler.ts'
import { largeReply } from './large.ts'
import type { Manners } from './manners.ts'
import type { Exchange } from './origin-exchange.ts'
import { json, notice, type Reply, redirect, reply } from './reply.ts'

/**
 * What every origin answers, with or without a service that it emulates or a site of its own:
 * /bytes/N /echo /status/CODE /delay/MS /hang /redirect/N /redirect-loop /redirect-to?url= /empty /cookie?name=&value=
 * /crumb /quote /login /consent /encoded/CODING/N /chunked/N /unbounded/N /large/N /large/gzip/N /slow /bomb /broken/… ; `filler` of N bytes at most 64 MiB.
 */
export interface Desk {
  readonly manners: Manners
  readonly site: Site | undefined
  readonly emulation: Emulation | undefined
  readonly crumbs: Crumbs
  readonly resources: Resources
  /** Of a visitor's address: two letters. */
  countryOf(address: string): string
  /** Scheme and port-less default of absolute links, when a request names no host. */
  readonly scheme: 'http' | 'https'
}

const sizeLimit = 64 * 1024 * 1024
const cacheLimit = 1_024
const notFound = notice(404, 'Not Found')
/** Answers that depend on the path alone. */
const fixed = new Map<string, Reply>()

/** Scheme and host as the visitor named them. */
export function baseOf(exchange: Exchange, scheme: string): string {
  return `${scheme}://${exchange.header('host') ?? 'localhost'}`
}

export function route(
  exchange: Exchange,
  desk: Desk,
  visit?: EmulatedVisit,
): Reply | 'silence' | { afterMs: number; reply: Reply } {
  const { path, query } = exchange
  const emulated = visit && desk.emulation?.answer(exchange, visit)
  if (emulated) return emulated
  const kept = fixed.get(path)
  if (kept) return kept
  if (desk.site) {
    const address = exchange.exitIp
    const look = { address, country: desk.countryOf(address), atMs: desk.resources.elapsed() }
    const page = desk.site.answer(path, query, baseOf(exchange, desk.scheme), look)
    if (page) return page
  }
  const now = desk.resources.elapsed()
  switch (path) {
    case '/echo':
      return json(200, {
        ip: exchange.exitIp,
        exitIp: exchange.exitIp,
        method: exchange.method,
        path,
        query,
        headers: exchange.headers(),
        body: exchange.body,
      })
    case '/hang':
      return 'silence'
    case '/crumb':
      return desk.crumbs.give(exchange, now, desk.manners.crumb.ttlMs)
    case '/quote':
      return desk.crumbs.quote(exchange, now)
    case '/login':
    case '/consent':
      return admission(exchange, path.slice(1))
    case '/cookie':
      return notice(200, 'Cookie', '', {
        'set-cookie': `${exchange.parameter('name') ?? 'name'}=${exchange.parameter('value') ?? 'value'}; Path=/`,
      })
    case '/redirect-loop':
      return redirect('/redirect-loop')
    case '/redirect-to':
      return redirect(exchange.parameter('url') ?? '/', Number(exchange.parameter('status') ?? 302))
    case '/slow':
      return slowReply(
        Math.min(sizeLimit, Number(exchange.parameter('bytes') ?? 100)),
        Number(exchange.parameter('every') ?? 1_000),
        desk.resources,
      )
  }
  const [, coding, length] = /^\/large\/(gzip\/)?(\d{1,12})$/.exec(path) ?? []
  if (length !== undefined) {
    const cut = exchange.parameter('cut')
    return largeReply(Number(length), coding !== undefined, cut === undefined ? undefined : Number(cut))
  }
  const [, kind, number] = /^\/(status|delay|redirect)\/(\d+)$/.exec(path) ?? []
  const value = Number(number)
  if (kind === 'delay') return { afterMs: value, reply: reply(200, `waited ${value} ms`) }
  if (kind === 'redirect') return value > 0 ? redirect(`/redirect/${value - 1}`) : notice(200, 'Arrived')
  if (kind === 'status' && (value === 204 || value === 304)) return reply(value, '')
  if (kind === 'status' && value >= 200 && value <= 599) return notice(value, `Status ${value}`)
  const made =
    path === '/bomb' || path.startsWith('/broken/') ? brokenReply(path, desk.resources) : sized(path)
  if (!made) return desk.site?.missing(path) ?? notFound
  if (!made.play && made.wire.length < 1_000_000 && fixed.size < cacheLimit) fixed.set(path, made)
  return made
}

function sized(path: string): Reply | undefined {
  if (path === '/empty') return reply(200, '')
  const [, kind, coding, number] =
    /^\/(bytes|chunked|unbounded|encoded)(?:\/([a-z]+))?\/(\d{1,8})$/.exec(path) ?? []
  const size = Number(number)
  if (!kind || size > sizeLimit) return undefined
  if (kind === 'encoded') return encodedReply(coding ?? '', size)
  if (kind === 'chunked') return chunkedReply(size)
  if (kind === 'unbounded') return unboundedReply(size)
  return reply(200, filler(size), { type: 'text/plain; charset=utf-8' })
}

/** A page that asks, and, when asked again with `accept`, the cookie and the way back. */
function admission(exchange: Exchange, kind: string): Reply {
  const next = exchange.parameter('next') ?? '/'
  if (exchange.parameter('accept')) return redirect(next, 302, { 'set-cookie': `${kind}=yes; Path=/` })
  const title = kind === 'login' ? 'Please log in' : 'Before you continue'
  return notice(200, title, `<form action="/${kind}"><input type="hidden" name="accept" value="1"></form>`)
}
