import { formatDuration } from '../base/format.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { DeadReason, Lease } from '../contracts/frontier.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import { digestOfBody, isReadable } from '../contracts/response-body.ts'
import type { Trust } from '../contracts/trust.ts'
import { headOf } from '../race/record.ts'
import { createPage } from '../source/page.ts'
import { spotOf } from '../source/spot.ts'
import type { OpenCrawl } from './open-crawl.ts'
import { outputsOf } from './outputs.ts'
import { PageOutputs } from './page-outputs.ts'
import type { PageReport, Skip } from './page-report.ts'
import { isUnchanged, memoOf } from './revisit.ts'
import { broken, dead, done, type Ended, type NextVisit, released, skipped, unchanged } from './settle.ts'
import type { Visit } from './visit.ts'

/** What a request brought home. */
export interface Answer {
  readonly response: HttpResponse
  /** Label of the proxy that brought it, or `cache`. */
  readonly via: string
  readonly attempts: number
  /** Wall-clock milliseconds. */
  readonly fetchedAt: number
  /** Milliseconds in which it was asked for. */
  readonly elapsedMs: number
  /** How far it may be believed. Default: `unchecked`, as what comes from the cache. */
  readonly trust?: Trust | undefined
  /** Of the verdict; an answer from the cache has none. */
  readonly reason?: string
}

/** From the answer to how its request ends. Links are added on the way; outputs are left to the settlement. */
export async function read(crawl: OpenCrawl, { lease }: Visit, answer: Answer): Promise<Ended> {
  const { source, world, options } = crawl
  const { response, via, fetchedAt, trust } = answer
  const { status } = response
  const { reason = `status-${status}` } = answer
  if (status >= 400 && !source.parsesErrors && source.judge !== false && reason !== 'accepted') {
    const heads = [headOf(response, via, reason, fetchedAt)]
    if (trust === 'contested') return dead(lease, contestedBy(via, `brings ${status}`), { heads })
    const isGone = status === 404 || status === 410
    const age =
      via === 'cache' ? ` (kept in the cache ${formatDuration(world.clock.wall() - fetchedAt)} ago)` : ''
    return dead(lease, { code: reason, detail: `the page answered ${status}${age}` }, { heads, isGone })
  }
  if (trust === 'contested' && options.contested === 'dead') {
    const heads = [headOf(response, via, reason, fetchedAt)]
    return dead(lease, contestedBy(via, 'brings this page'), { heads })
  }
  const digest = digestOfBody(response)
  if (!crawl.comesAgain) return parse(crawl, lease, answer, digest, {})
  const memo = memoOf(response, digest, lease.memo, fetchedAt)
  const next = { next: world.clock.now(), memo }
  if (isUnchanged(memo, lease.memo)) return unchanged(lease, next, reportOf(answer, { unchanged: true }))
  return parse(crawl, lease, answer, digest, next)
}

/** Whether this answer of a session says that nobody is logged in. Its source knows best, where it says how to tell. */
export function isLoggedOut(crawl: OpenCrawl, { request, memo: previous }: Lease, answer: Answer): boolean {
  const { source, params } = crawl
  if (!source.session?.isOver) return answer.response.status === 401 || answer.reason === 'redirect-login'
  return source.session.isOver(createPage({ source, request, params, previous, ...answer }))
}

async function parse(
  crawl: OpenCrawl,
  lease: Lease,
  answer: Answer,
  digest: string,
  next: NextVisit,
): Promise<Ended> {
  const { source, params, context, door, life } = crawl
  const { request, memo: previous } = lease
  const { response, via, attempts, trust, fetchedAt } = answer
  const page = createPage({ source, request, params, response, via, attempts, trust, fetchedAt, previous })
  const outputs = new PageOutputs(lease, source.name, (record) => crawl.outbox.tracesOf(record), trust)
  let links = 0
  let skip: Skip | undefined
  const trap = door.watch(lease, { url: page.url, digest })
  try {
    for await (const output of outputsOf(source, page, context)) {
      if (output.kind === 'requests') {
        links += output.requests.length
        await door.follow(output.requests, lease, page.url, trap)
      } else if (output.kind === 'skipped') {
        const { reason, detail, links: left } = output
        if (left) door.leave(left, reason)
        else skip = { reason, detail }
      } else if (outputs.count === 0 && (await door.isKnown(lease, page.url))) {
        const detail = `it leads to ${page.url}, which is known by itself`
        if (trust === 'contested') return dead(lease, contestedBy(via, `says that ${detail}`))
        return skipped(lease, { reason: 'duplicate', detail })
      } else outputs.take(output)
    }
  } catch (error) {
    if (life.isAborted) return released(lease)
    if (isOurs(error)) throw error
    outputs.end()
    const reason = parseFailure(error, source.name, request.label)
    return broken(lease, reason, outputs, [headOf(response, via, reason.code, fetchedAt)])
  }
  outputs.end()
  trap?.end(outputs.count, () => (isReadable(response) ? page.text() : ''))
  return done(lease, outputs, next, reportOf(answer, { links, skip }))
}

function reportOf(
  { response, via, attempts, elapsedMs, trust = 'unchecked' }: Answer,
  { links = 0, skip, unchanged = false }: Partial<Pick<PageReport, 'links' | 'skip' | 'unchanged'>>,
): PageReport {
  return { status: response.status, via, attempts, elapsedMs, trust, links, unchanged, ...(skip && { skip }) }
}

/** The disk is full, or the state is closed: not the page's doing. */
function isOurs(error: unknown): boolean {
  if (!(error instanceof RegattaError)) return false
  return error.code === 'SINK_FAILED' || error.code === 'STOPPED' || error.code.startsWith('STATE_')
}

/** Nobody can tell whether it is the page: as it is, it would be missing without a word. */
function contestedBy(via: string, says: string): DeadReason {
  const detail = `exits contradict each other about this host, and none of the versions outweighs the others: ${via} ${says}`
  return { code: 'contested', detail }
}

function parseFailure(error: unknown, source: string, label: string | undefined): DeadReason {
  const spot = spotOf(error)
  if (error instanceof RegattaError && error.code === 'ITEM_INVALID')
    return { code: 'item-invalid', detail: error.message, ...spot }
  if (error instanceof RegattaError && error.code === 'PAGE_OVER_BUDGET')
    return { code: 'page-over-budget', detail: error.message, ...spot }
  const place = spot.where === undefined ? '' : ` at ${spot.where}`
  const of = label === undefined ? '' : ` for the label "${label}"`
  const detail = `parse() of source "${source}"${of} failed${place}: ${messageOf(error)}`
  return { code: 'source-failed', detail, ...spot }
}
