import { counted } from '../base/format.ts'
import type { Lease, Recall } from '../contracts/frontier.ts'
import type { TaskResult } from '../contracts/job.ts'
import type { Trust } from '../contracts/trust.ts'
import type { OpenCrawl } from './open-crawl.ts'

/**
 * Hosts at which exits contradict each other and none of the versions outweighs the others. Nobody can tell then which exits were
 * right there, and those that vouched for each other may be the ones that lie together. So from that moment on no page of the
 * host that a proxy can have changed is believed in this crawl, however it was judged; and those that were believed before
 * are asked once more, so that their outputs are replaced by marked ones (corrections.ts).
 *
 * With a state the names of the hosts outlive the process: the exits that had vouched for each other by then are
 * remembered as honest ones. A crawl that comes to its end forgets them, and dead letters that are retried are heard anew.
 */
export class Contests {
  readonly #crawl: OpenCrawl
  readonly #recall: (pages: readonly Recall[]) => void
  readonly #hosts = new Set<string>()
  /** Believed answers whose requests are not settled yet, by request. */
  readonly #open = new Map<string, OpenAnswer>()
  /** Believed pages that are settled, by host and request, the oldest first. */
  readonly #pages = new Map<string, Map<string, Recall>>()
  /** The host of each of these, the oldest first. */
  readonly #hostOf = new Map<string, string>()
  /** How many pages of a host were forgotten. */
  readonly #forgotten = new Map<string, number>()

  /** `recall` asks pages once more. */
  constructor(crawl: OpenCrawl, recall: (pages: readonly Recall[]) => void) {
    this.#crawl = crawl
    this.#recall = recall
  }

  /** What an earlier run has found. */
  async open(): Promise<void> {
    for await (const [key, value] of this.#crawl.frontier.side.scan(prefix))
      if (value.length > 0) this.#hosts.add(key.slice(prefix.length))
    const [first, ...others] = this.#hosts
    if (first === undefined) return
    const hosts = others.length === 0 ? first : `${first} and ${counted(others.length, 'other host')}`
    const message = `Exits contradicted each other in an earlier run about pages of ${hosts}. Such pages are marked as contested in this run, too.`
    this.#crawl.world.emit('alert', { code: 'EXITS_CONTRADICT', message })
  }

  /** An answer as it counts in this crawl. Told in the turn in which it comes. */
  answered({ request }: Lease, result: TaskResult): TaskResult {
    const { id, session, idempotent } = request
    this.#open.delete(id)
    if (result.proxy === undefined || !isDecided(result.trust)) return result
    const host = this.#crawl.world.engine.hosts.keyOf(result.ok ? result.response.url : request.url)
    if (this.#isContested(host)) return { ...result, trust: 'contested' }
    if (session === undefined && idempotent) this.#open.set(id, { host, isDoubted: false })
    return result
  }

  /** Whether the answer to this request was believed when it came, and is not any more. */
  isDoubted(request: string): boolean {
    return this.#open.get(request)?.isDoubted === true
  }

  /** Whether its answer is to be remembered when it is settled. */
  isOpen(request: string): boolean {
    return this.#open.has(request)
  }

  /** Its request is settled. */
  settled(request: string, recall: Recall): void {
    const answer = this.#open.get(request)
    this.over(request)
    if (!answer) return
    if (answer.isDoubted) this.#recall([recall])
    else this.#remember(answer.host, request, recall)
  }

  /** Its visit is over, whether or not it was settled. */
  over(request: string): void {
    this.#open.delete(request)
  }

  /** It is asked once more anyway, or was visited again: its newest visit counts. */
  forget(request: string): void {
    const host = this.#hostOf.get(request)
    if (host === undefined) return
    this.#hostOf.delete(request)
    const pages = this.#pages.get(host)
    pages?.delete(request)
    if (pages?.size === 0) this.#pages.delete(host)
  }

  /** Exits contradict each other there from now on. */
  contestedAt(host: string): void {
    if (this.#hosts.has(host)) return
    this.#hosts.add(host)
    const { frontier, life } = this.#crawl
    frontier.side.put(prefix + host, Uint8Array.of(1)).catch((error: unknown) => life.fail(error))
    for (const answer of this.#open.values()) if (answer.host === host) answer.isDoubted = true
    const pages = [...(this.#pages.get(host)?.values() ?? [])]
    for (const { lease } of pages) this.forget(lease.request.id)
    this.#tellForgotten(host)
    if (pages.length > 0) this.#recall(pages)
  }

  /** `isComplete`: the crawl has come to its end by itself. */
  async end(isComplete: boolean): Promise<void> {
    if (!isComplete) return
    const { side } = this.#crawl.frontier
    for (const host of this.#hosts) await side.put(prefix + host, new Uint8Array())
  }

  #isContested(host: string): boolean {
    if (this.#hosts.has(host)) return true
    // Another crawl, or a fetch, has found it.
    if (this.#crawl.world.engine.router.pools.get(host)?.record.trust.isContested !== true) return false
    this.contestedAt(host)
    return true
  }

  #remember(host: string, id: string, recall: Recall): void {
    const pages = this.#pages.get(host) ?? new Map<string, Recall>()
    this.#pages.set(host, pages)
    pages.set(id, recall)
    this.#hostOf.set(id, host)
    if (this.#hostOf.size <= mostPages) return
    const [oldest] = this.#hostOf
    this.forget(oldest![0])
    this.#forgotten.set(oldest![1], (this.#forgotten.get(oldest![1]) ?? 0) + 1)
  }

  #tellForgotten(host: string): void {
    const { world, counting, frontier } = this.#crawl
    const ours = this.#forgotten.get(host) ?? 0
    // Which of them are of this host nobody knows any more.
    const before = frontier.outputs ? counting.earlier.pages : 0
    this.#forgotten.delete(host)
    if (ours + before === 0) return
    const which = [
      ...(ours > 0 ? [counted(ours, 'page')] : []),
      ...(before > 0 ? ['those of earlier runs'] : []),
    ]
    const message = `Not marked: of the pages of ${host} ${which.join(' and ')}. Exits contradict each other about it, and only its newest pages of this run are remembered. Crawl them again.`
    world.emit('alert', { code: 'NOT_CORRECTED', message })
  }
}

interface OpenAnswer {
  readonly host: string
  /** Exits contradict each other at its host since. */
  isDoubted: boolean
}

/** Believed pages that are remembered, about 1 kB each. */
const mostPages = 10_000

/** In the state. */
const prefix = 'contested/'

/** What an exit's word, or that of several, stands for. */
function isDecided(trust: Trust | undefined): boolean {
  return trust === 'agreed' || trust === 'proven' || trust === 'unproven'
}
