import { z } from 'zod'
import type { Clock } from '../base/clock.ts'
import type { Discovered, Discovery } from '../contracts/frontier.ts'
import type { CrawlRequest } from '../contracts/request.ts'
import type { TrapOptions } from '../contracts/trap-options.ts'
import { Barren, type TemplateRecord, type Yield } from './barren.ts'
import { calendarKindOf, isTooFar } from './calendar.ts'
import { Echoes, isBelow } from './echoes.ts'
import { textDigest } from './page-text.ts'
import { queryRepeatsItself, repeatsItself } from './repetition.ts'
import { parseTrapOptions, type TrapLimits } from './trap-options.ts'
import { shapeOf, staysWithin, type UrlShape } from './url-shape.ts'

/**
 * Spider traps: sites that make new URLs for ever, most without meaning to. The field cuts by the URL alone (Mercator's
 * checks, Heritrix's deciding rules, Nutch's filters) or by a budget per host (IRLbot, BUbiNG). The first misses what
 * looks like a page, the second cuts large real sites. Here the URL decides only where it is certain, and for the rest
 * the pages do: a template whose pages bring nothing but more of their kind ends (barren.ts, echoes.ts). A budget per
 * host is the frontier's.
 *
 * Nothing here depends on the order of a run but on what pages brought; memory is bounded; `save` makes it durable.
 */
export interface Traps {
  /** A page has come. Its links are asked about and told to the visit. */
  visit(request: CrawlRequest, page: VisitedPage): TrapVisit
  /** Asked before a request leaves the frontier: its template may have ended since it was added. Never for a seed. */
  refuses(request: CrawlRequest): TrapReason | undefined
  /** Links refused so far, most first. A link on many pages counts on each. */
  rejected(): TrapRejection[]
  /** JSON for a later `createTraps`. */
  save(): TrapMemory
}

export interface VisitedPage {
  /** The URL that answered. */
  readonly url: string
  /** Any digest of the body. */
  readonly digest?: string | undefined
  /** It was visited before. What it led to then is no news now, so what it brings is not held against it. */
  readonly isAgain?: boolean
}

export interface TrapVisit {
  /** Why a link of this page must not be added; counts. */
  refuses(request: CrawlRequest): TrapReason | undefined
  /** What the frontier said to links of this page. */
  found(discovered: readonly Discovered[], answers: readonly Discovery[]): void
  /** The page is done: how many items and edges it gave, and its markup or text, read only when in doubt. */
  end(outputs: number, text?: () => string): void
}

export type TrapReason =
  | 'depth'
  | 'url-length'
  | 'path-segments'
  | 'repetition'
  | 'calendar'
  | 'template-budget'
  | 'barren'
  | 'echo'

export interface TrapRejection {
  readonly reason: TrapReason
  readonly count: number
  /** The first one. */
  readonly example: string
}

export type TrapMemory = z.output<typeof memorySchema>

const memorySchema = z.object({
  version: z.literal(1),
  /** By family: sets of query names. */
  ended: z.array(z.tuple([z.string(), z.array(z.array(z.string()))])),
  /** Template, score, URLs added. */
  records: z.array(z.tuple([z.string(), z.number(), z.number()])),
  /** Host, echoes. */
  echoes: z.array(z.tuple([z.string(), z.number()])),
  hasOutputs: z.boolean(),
  rejected: z.array(z.object({ reason: z.string(), count: z.number(), example: z.string() })),
})

export interface TrapParts {
  readonly clock: Pick<Clock, 'wall'>
  /** What `save` gave, read back. Anything else is as good as nothing. */
  readonly saved?: unknown
}

/** Throws OPTION_INVALID naming the option. */
export function createTraps(options: TrapOptions, parts: TrapParts): Traps {
  return new LearningTraps(parseTrapOptions(options), parts)
}

class LearningTraps implements Traps {
  readonly #limits: TrapLimits
  readonly #clock: Pick<Clock, 'wall'>
  readonly #barren: Barren
  readonly #echoes: Echoes
  readonly #rejected = new Map<TrapReason, { count: number; example: string }>()
  /** Whether the source ever gave something: one that never does says nothing by giving nothing. */
  #hasOutputs = false

  constructor(limits: TrapLimits, { clock, saved }: TrapParts) {
    this.#limits = limits
    this.#clock = clock
    this.#barren = new Barren(limits.barren === false ? Number.POSITIVE_INFINITY : limits.barren)
    this.#echoes = new Echoes(limits.echoes === false ? Number.POSITIVE_INFINITY : limits.echoes)
    const memory = memorySchema.safeParse(saved)
    if (memory.success) this.#restore(memory.data)
  }

  visit(request: CrawlRequest, page: VisitedPage): TrapVisit {
    const url = new URL(page.url)
    const isEcho = page.digest !== undefined && this.#echoes.hear(url, page.digest)
    const found: { readonly url: string; readonly isNew: boolean }[] = []
    return {
      refuses: (link) => {
        const target = new URL(link.url)
        const reason = isEcho && isBelow(target, url) ? 'echo' : this.#reasonAgainst(link, target)
        if (reason !== undefined) this.#count(reason, link.url)
        return reason
      },
      found: (discovered, answers) => {
        for (let at = 0; at < discovered.length; at++)
          found.push({ url: discovered[at]!.request.url, isNew: answers[at] === 'added' })
      },
      // The template is that of the URL that was asked for: those are what a trap makes.
      end: (outputs, text) =>
        this.#end(new URL(request.url), found, page.isAgain ? undefined : outputs, text),
    }
  }

  refuses(request: CrawlRequest): TrapReason | undefined {
    if (request.depth === 0) return undefined
    const url = new URL(request.url)
    if (!this.#barren.knows(url.host) || !this.#barren.holds(shapeOf(url))) return undefined
    this.#count('barren', request.url)
    return 'barren'
  }

  rejected(): TrapRejection[] {
    return [...this.#rejected]
      .map(([reason, { count, example }]) => ({ reason, count, example }))
      .sort((one, other) => other.count - one.count)
  }

  save(): TrapMemory {
    return {
      version: 1,
      ...this.#barren.save(),
      echoes: [...this.#echoes.counts],
      hasOutputs: this.#hasOutputs,
      rejected: this.rejected(),
    }
  }

  #restore(memory: TrapMemory): void {
    this.#barren.restore(memory)
    for (const [host, count] of memory.echoes) this.#echoes.counts.set(host, count)
    this.#hasOutputs = memory.hasOutputs
    for (const { reason, count, example } of memory.rejected)
      this.#rejected.set(reason as TrapReason, { count, example })
  }

  #reasonAgainst({ depth, url: text }: CrawlRequest, url: URL): TrapReason | undefined {
    const limits = this.#limits
    if (limits.depth !== false && depth > limits.depth) return 'depth'
    if (limits.urlLength !== false && text.length > limits.urlLength) return 'url-length'
    const segments = url.pathname.split('/').filter(Boolean)
    if (limits.pathSegments !== false && segments.length > limits.pathSegments) return 'path-segments'
    if (limits.repetition !== false) {
      if (repeatsItself(segments, limits.repetition)) return 'repetition'
      if (queryRepeatsItself(url.search, limits.repetition)) return 'repetition'
    }
    const { calendar, perTemplate } = limits
    const kind = calendar === false ? undefined : calendarKindOf(url)
    if (calendar !== false && kind !== undefined) {
      const to = new Date(this.#clock.wall()).getUTCFullYear() + calendar.ahead
      if (isTooFar(url, kind, { from: calendar.from, to })) return 'calendar'
    }
    const isCounted = perTemplate !== false || kind === 'calendar'
    if (!isCounted && !this.#barren.knows(url.host)) return undefined
    const shape = shapeOf(url)
    if (this.#barren.holds(shape)) return 'barren'
    if (!isCounted) return undefined
    const added = this.#barren.added(shape)
    if (perTemplate !== false && added >= perTemplate) return 'template-budget'
    if (calendar === false || kind !== 'calendar' || calendar.pages === false) return undefined
    return added >= calendar.pages ? 'calendar' : undefined
  }

  #count(reason: TrapReason, url: string): void {
    const known = this.#rejected.get(reason)
    if (known) known.count++
    else this.#rejected.set(reason, { count: 1, example: url })
  }

  #end(
    url: URL,
    found: readonly { readonly url: string; readonly isNew: boolean }[],
    outputs: number | undefined,
    text: (() => string) | undefined,
  ): void {
    if (outputs !== undefined && outputs > 0) this.#hasOutputs = true
    const shape = shapeOf(url)
    let ways: Ways = 'none'
    for (const { url: text, isNew } of found) {
      if (!isNew) continue
      const link = new URL(text)
      const target = shapeOf(link)
      this.#countAdded(link, target)
      if (ways === 'out' || !staysWithin(shape, target)) ways = 'out'
      else if (ways === 'none') ways = target.template === shape.template ? 'own' : 'refined'
      else if (target.template !== shape.template) ways = 'refined'
    }
    if (outputs === undefined) return
    // Nothing varies in it: no template, one page.
    if (shape.keys.length === 0 && !shape.family.includes('{')) return
    this.#barren.count(shape, ways === 'out' ? 'something' : this.#yieldOf(shape, url, ways, outputs, text))
  }

  /** What a page is worth that leads to no new page outside its family. */
  #yieldOf(shape: UrlShape, url: URL, ways: Ways, outputs: number, text: (() => string) | undefined): Yield {
    if (this.#limits.barren === false) return 'nothing'
    const isProductive = outputs > 0 || !this.#hasOutputs
    if (!isProductive && ways === 'none') return 'nothing'
    const isRepeated = text !== undefined && this.#isRepeated(this.#barren.record(shape), text, url, shape)
    if (isProductive && !isRepeated) return 'something'
    if (ways === 'none') return 'nothing'
    if (isRepeated) return 'again'
    return ways === 'refined' ? 'refining' : 'listing'
  }

  /** Looks at every text while they repeat, and ever more rarely, down to one in 64, while they do not. */
  #isRepeated(record: TemplateRecord, text: () => string, url: URL, shape: UrlShape): boolean {
    if (record.skip > 0) {
      record.skip--
      return false
    }
    const isDated = isDatedUrl(url, shape)
    const digest = textDigest(text(), url, isDated)
    if (record.texts.includes(digest)) {
      record.backoff = 0
      return true
    }
    record.texts.push(digest)
    // An empty calendar says Monday or Tuesday, January or February; a list that is empty says one thing.
    if (record.texts.length > (isDated ? 96 : 4)) record.texts.shift()
    record.backoff = isDated ? 0 : Math.min(64, record.backoff * 2 || 1)
    record.skip = record.backoff
    return false
  }

  #countAdded(url: URL, shape: UrlShape): void {
    const { perTemplate, calendar } = this.#limits
    const isCounted = perTemplate !== false || (calendar !== false && calendarKindOf(url) === 'calendar')
    if (isCounted) this.#barren.record(shape).added++
  }
}

/** Where the new links of a page lead: out of its family, to its own template, or to others of its family. */
type Ways = 'none' | 'own' | 'refined' | 'out'

function isDatedUrl(url: URL, shape: UrlShape): boolean {
  if (shape.family.includes('{date}') || shape.family.includes('{month}')) return true
  return calendarKindOf(url) !== undefined || /\/(19|2[01])\d\d\/\d{1,2}(\/|$)/.test(url.pathname)
}
