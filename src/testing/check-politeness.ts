import type { RequestInput } from '../contracts/request.ts'
import type { Source, SourceLimits, SourceRate } from '../contracts/source.ts'
import { type Check, checked } from './check-report.ts'
import type { Trial } from './fixture-trial.ts'

/**
 * What a source says of how it asks, and what of it may be more than its service bears. None of it is a failure: whose
 * interface allows it knows better.
 */
export function checkPoliteness(source: Source, params: unknown, trials: readonly Trial[]): Check {
  let limits: SourceLimits = {}
  try {
    limits = source.limits?.(params, {}) ?? {}
  } catch {
    // A crawl says so at its start, and so do the fixtures.
  }
  const said = [
    source.robots === false ? 'robots.txt is not asked' : 'robots.txt is obeyed',
    ...limitWords(limits),
    ...(source.session ? ['sessions'] : []),
    ...(source.use === undefined ? [] : ['only some proxies']),
  ]
  const notices = noticesOf(source, limits, trials)
  const detail = said.join(', ')
  return notices.length === 0
    ? checked('politeness', 'ok', detail)
    : checked('politeness', 'notice', detail, { more: notices })
}

function limitWords({ pages, depth, perProxy, perHost }: SourceLimits): string[] {
  const rate = ({ requests, per }: SourceRate) => `${requests} a ${per}`
  return [
    ...(pages === undefined ? [] : [`${pages} pages at most`]),
    ...(depth === undefined ? [] : [`${depth} hops at most`]),
    ...(perProxy === undefined ? [] : [`${rate(perProxy)} and address`]),
    ...(perHost === undefined ? [] : [`${rate(perHost)} in all`]),
  ]
}

function noticesOf(source: Source, limits: SourceLimits, trials: readonly Trial[]): string[] {
  const notices: string[] = []
  const { pages, depth, perProxy, perHost } = limits
  if (source.robots === false) {
    const rates = (perProxy ?? perHost) ? '' : ', and no rate is said in limits (perProxy, perHost)'
    notices.push(`robots: false is for interfaces whose terms allow it${rates}`)
  }
  if (source.judge === false) {
    notices.push('judge: false reads refusals and errors as pages, and slows down for none of them')
  }
  if (trials.some(({ watch }) => watch.isEndless) && pages === undefined) {
    notices.push('seeds() goes on without end, and limits says no pages')
  }
  const seeds = trials.flatMap(({ watch }) => watch.seeds)
  const asked = trials.flatMap(({ visits }) =>
    visits.flatMap(({ outputs }) =>
      outputs.flatMap((output) => (output.kind === 'requests' ? output.requests : [])),
    ),
  )
  const own = new Set(seeds.map(hostOf))
  const away = asked.map(hostOf).find((host) => host !== undefined && !own.has(host))
  if (away !== undefined && pages === undefined && depth === undefined && !source.admit) {
    notices.push(`it follows links to other hosts, such as ${away}, without admit or limits`)
  }
  const writing = [...seeds, ...asked].find(isWriting)
  if (writing !== undefined) {
    notices.push(
      `${writing.method} ${String(writing.url)} may be sent once only: say idempotent: true where it changes nothing there`,
    )
  }
  return notices
}

function hostOf(request: RequestInput | string): string | undefined {
  return URL.parse(typeof request === 'string' ? request : String(request.url))?.host
}

function isWriting(request: RequestInput | string): request is RequestInput {
  if (typeof request === 'string' || request.method === undefined) return false
  return !/^(GET|HEAD|OPTIONS)$/i.test(request.method) && request.idempotent === undefined
}
