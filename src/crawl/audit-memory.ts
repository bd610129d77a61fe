import { isSecretName } from '../base/redact.ts'
import type { Lease, Recall } from '../contracts/frontier.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { Testimony } from '../contracts/trust.ts'
import { withoutAnswer } from '../race/testimony.ts'
import type { Brought, Word } from './brought.ts'
import type { OpenCrawl } from './open-crawl.ts'

/**
 * What exits have brought that is to be audited, in the state of the crawl, so that a process that is killed in the middle of the
 * closing audit leaves the rest of it to the next one. It is written when an audit begins, one value for each exit, and not
 * before: while a crawl runs, most of what is doubtful is believed a moment later.
 *
 * A page that is about to be visited again is taken out before its visit begins. So what is found here after a kill has been settled, is not
 * under way, and was not corrected yet: nothing is corrected twice. The answers themselves are not kept; their exits
 * are asked for them once more.
 */
interface Entry {
  readonly recall: Recall
  readonly word: Word
  /** What others can be asked for, where the exit has brought the page itself. */
  readonly asked?: { readonly request: FetchRequest; readonly isEnd: boolean }
}

/** A page as all exits have left it that had to do with it. */
interface Page {
  readonly recall: Recall
  readonly words: Map<string, Word>
  testimony?: Testimony
}

export class AuditMemory {
  readonly #crawl: OpenCrawl
  readonly #brought: Brought
  /** Pages in the state, by exit. */
  readonly #kept = new Map<string, ReadonlySet<string>>()

  constructor(crawl: OpenCrawl, brought: Brought) {
    this.#crawl = crawl
    this.#brought = brought
  }

  /** What a process that was killed has left. */
  async open(): Promise<void> {
    const pages = new Map<string, Page>()
    for await (const [key, value] of this.#crawl.frontier.side.scan(prefix)) {
      if (value.length === 0) continue
      const exit = key.slice(prefix.length)
      const entries = JSON.parse(Buffer.from(value).toString()) as Entry[]
      this.#kept.set(exit, new Set(entries.map(idOf)))
      for (const { recall, word, asked } of entries) {
        const { id } = recall.lease.request
        const page: Page = pages.get(id) ?? { recall, words: new Map() }
        page.words.set(exit, word)
        if (asked) page.testimony = withoutAnswer({ proxy: exit, ...asked })
        pages.set(id, page)
      }
    }
    for (const [id, { recall, words, testimony }] of pages)
      this.#brought.remember(id, recall, words, testimony)
  }

  /** These exits are about to be audited. True when something was written. */
  async keep(exits: readonly string[]): Promise<boolean> {
    if (this.#crawl.frontier.outputs === undefined) return false
    const fresh = exits.filter((exit) => !this.#isKept(exit))
    for (const exit of fresh) await this.#write(exit)
    return fresh.length > 0
  }

  /** These are about to be visited: what they brought before is not what is there afterwards. */
  async leave(leases: readonly Lease[]): Promise<void> {
    if (this.#kept.size === 0) return
    const ids = new Set(leases.map(({ request }) => request.id))
    for (const [exit, pages] of [...this.#kept])
      if (leases.some(({ request }) => pages.has(request.id))) await this.#write(exit, ids)
  }

  /** What it has brought is right: nothing is left to be asked. */
  believe(exit: string): void {
    if (this.#kept.has(exit)) this.#put(exit, []).catch((error: unknown) => this.#crawl.life.fail(error))
  }

  /** The crawl has come to its end by itself. */
  async clear(): Promise<void> {
    for (const exit of [...this.#kept.keys()]) await this.#put(exit, [])
  }

  #isKept(exit: string): boolean {
    const kept = this.#kept.get(exit)
    if (!kept) return false
    for (const [id] of this.#brought.pagesOf(exit)) if (!kept.has(id)) return false
    return true
  }

  async #write(exit: string, without: ReadonlySet<string> = new Set()): Promise<void> {
    const asked = new Map(this.#brought.testimoniesOf(exit))
    const entries: Entry[] = []
    for (const [id, word, recall] of this.#brought.pagesOf(exit)) {
      if (without.has(id) || isSecret(recall)) continue
      const testimony = asked.get(id)
      const own = testimony && { request: testimony.request, isEnd: testimony.isEnd }
      entries.push({ recall, word, ...(own && { asked: own }) })
    }
    await this.#put(exit, entries)
  }

  async #put(exit: string, entries: readonly Entry[]): Promise<void> {
    if (entries.length > 0) this.#kept.set(exit, new Set(entries.map(idOf)))
    else this.#kept.delete(exit)
    const value = entries.length > 0 ? Buffer.from(JSON.stringify(entries)) : new Uint8Array()
    await this.#crawl.frontier.side.put(prefix + exit, value)
  }
}

/** In the state. */
const prefix = 'audit/'

const idOf = ({ recall }: Entry) => recall.lease.request.id

/** The queue seals what is secret, and these values are not sealed. */
function isSecret({ lease: { request } }: Recall): boolean {
  return request.body !== undefined || Object.keys(request.headers).some(isSecretName)
}
