import type { HeldFor, Judgement, Trust, TrustFinding } from '../contracts/trust.ts'
import type { Deviant, Finding, Hearing } from '../trust/hearing.ts'
import type { JudgedAttempt } from './judge.ts'
import type { RaceListener } from './listener.ts'
import type { Race } from './race.ts'

/** Parts of an answer that are named where it differs, and characters of a name: pages choose them. */
const mostKeys = 5
const longestKey = 120

type News =
  | { readonly proxy: string; readonly reason: HeldFor }
  | { readonly proxy: undefined; readonly judgement: Judgement }

/**
 * What a race tells of its belief: that an answer is held and why, and what came of it. It is known in the middle of judging an
 * attempt, and told behind that attempt, so that a timeline reads in the order in which things happened.
 */
export class BeliefNews {
  readonly #race: Race
  readonly #listener: RaceListener
  #news: News[] = []

  constructor(race: Race, listener: RaceListener) {
    this.#race = race
    this.#listener = listener
  }

  held({ lease }: JudgedAttempt, reason: HeldFor): void {
    this.#news.push({ proxy: lease.endpoint.id, reason })
  }

  /** Without a hearing of its own; `trust` is undefined when the answer is thrown away. */
  judged({ lease }: JudgedAttempt, finding: TrustFinding, trust?: Trust): void {
    const { id } = lease.endpoint
    this.#add({ finding, trust, taken: trust && id, exits: [id], deviants: [] })
  }

  found(
    hearing: Hearing<JudgedAttempt>,
    finding: Finding<JudgedAttempt> | { readonly kind: 'open' },
    taken: JudgedAttempt,
    trust: Trust,
  ): void {
    const labels = new Map<number, string>()
    for (const { lease } of hearing.brought()) labels.set(lease.proxy, lease.endpoint.id)
    const { kind } = finding
    this.#add({
      finding: kind === 'agreed' || kind === 'decided' || kind === 'contested' ? kind : 'unproven',
      trust,
      taken: taken.lease.endpoint.id,
      exits: [...labels.values()],
      deviants: kind === 'decided' ? deviantsOf(finding.deviants, labels) : [],
    })
  }

  /** In the order in which it came to be known. */
  tell(): void {
    if (this.#news.length === 0) return
    const { job } = this.#race
    const news = this.#news
    this.#news = []
    for (const each of news) {
      if (each.proxy === undefined) this.#listener.judged(job, each.judgement)
      else this.#listener.held(job, each.proxy, each.reason)
    }
  }

  #add(judgement: Judgement): void {
    this.#news.push({ proxy: undefined, judgement })
  }
}

/** One that has said two wrong things is named once. */
function deviantsOf(deviants: readonly Deviant[], labels: ReadonlyMap<number, string>) {
  const found = new Map<number, Judgement['deviants'][number]>()
  for (const { proxy, keys, isRepeated } of deviants) {
    const before = found.get(proxy)
    if (before?.isRepeated) continue
    const named = keys.map((key) => key.slice(0, longestKey))
    found.set(proxy, { proxy: labels.get(proxy)!, keys: named.slice(0, mostKeys), isRepeated })
  }
  return [...found.values()]
}
