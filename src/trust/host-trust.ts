import type { Difference } from './difference.ts'
import type { Glance } from './glance.ts'
import { Oddities } from './oddities.ts'
import { related } from './related.ts'

interface Pair {
  answers: number
  isCompared: boolean
  /** It has brought something that no rule objects to. */
  bringsPages: boolean
  /** Evidence against it for what a rule took for no page, as long as it has brought none. */
  accused: number
  hasAgreed: boolean
}

/** Parts that a host may be known to change. */
const mostVarying = 512
/** Pages whose answers had nothing in common, after which only status, type and target are compared. */
const hopeless = 3
/** Answers of one exit at this host after which it is compared here, too, though it is believed. */
const answersBeforeProof = 4
const mostPairs = 20_000
/** Exits that must have agreed here before the word of others counts less. */
const fewestKnown = 4
/** Exits that must have brought a form, and their share of those that were compared here, before it is the host's own. */
const fewestOfForm = 4
const shareOfForm = 0.25
const mostOfForm = 256
const mostForms = 256
/** Nats at which it is out of the question that the host itself has brought such a thing in place of a page. */
const surprising = 3

const always: ReadonlySet<string> = new Set(['status', 'type', 'target'])

/**
 * What comparisons have taught of one host: which parts of its pages are different for everybody (a nonce, a counter, an
 * advertisement), whether its pages can be compared at all, and which exits have been compared here.
 */
export class HostTrust {
  readonly oddities = new Oddities()
  /** Its pages come over plain HTTP, and are compared. */
  isOpenToLies = false
  /** Exits contradict each other here, and none of them outweighs the others. */
  isContested = false
  /** Two honest answers to one question may have nothing in common here. */
  #isRandom = false
  readonly #varying = new Set<string>()
  readonly #pairs = new Map<number, Pair>()
  /** Exits by the form of what they brought instead of a page. */
  readonly #forms = new Map<number, Set<number>>()
  #compared = 0
  #agreed = 0
  #scattered = 0
  /** Answers that no rule objects to, and what a rule took for no page of exits that had brought such. */
  #pages = 0
  #walls = 0

  /** The difference that counts here. */
  seen(difference: Difference): Difference {
    const { keys } = difference
    if (keys.length === 0) return difference
    if (this.#scattered >= hopeless) {
      const kept = keys.filter((key) => always.has(key))
      // All parts may differ, and it is still no version of the same page.
      if (kept.length === 0 && difference.likeness < related && !this.#isRandom)
        return { ...difference, keys: ['unlike'], isTextOnly: false }
      return { keys: kept, likeness: kept.length > 0 ? difference.likeness : 1, isTextOnly: false }
    }
    if (this.#varying.size === 0) return difference
    const kept = keys.filter((key) => !this.#varying.has(key))
    if (kept.length === keys.length) return difference
    // What varies is of various length.
    return { ...difference, keys: kept.length === 1 && kept[0] === 'size' ? [] : kept }
  }

  /** These parts are different for everybody. */
  varies(keys: readonly string[]): void {
    for (const key of keys) {
      if (!always.has(key) && this.#varying.size < mostVarying) this.#varying.add(key)
    }
  }

  /**
   * An exit that is honest here on other pages has brought this form instead of a page. True when so many have that it is the host
   * that treats its visitors so: it shows some of them a wall, now and then.
   */
  isOwnForm(form: number, proxy: number): boolean {
    const exits = this.#forms.get(form) ?? new Set<number>()
    if (this.isCompared(proxy) && exits.size < mostOfForm) exits.add(proxy)
    this.#forms.set(form, exits)
    if (this.#forms.size > mostForms) this.#forms.delete(this.#forms.keys().next().value!)
    return exits.size >= fewestOfForm && exits.size >= this.#compared * shareOfForm
  }

  /** Those that have. */
  exitsOf(form: number): Iterable<number> {
    return this.#forms.get(form) ?? []
  }

  /** All answers to a question were different, and nothing shows why. `isRelated`: most were versions of one page. */
  scattered(isRelated: boolean): void {
    this.#scattered++
    if (!isRelated) this.#isRandom = true
  }

  /** An exit has brought a page that was taken at its word. Whether it is time to compare it here. */
  took(proxy: number): boolean {
    const pair = this.#pairOf(proxy)
    pair.answers++
    return !pair.isCompared && pair.answers >= answersBeforeProof
  }

  compared(proxy: number): void {
    const pair = this.#pairOf(proxy)
    if (!pair.isCompared) this.#compared++
    pair.isCompared = true
  }

  /** It has been found to say here what others say. */
  agreed(proxy: number): void {
    this.compared(proxy)
    const pair = this.#pairOf(proxy)
    if (!pair.hasAgreed) this.#agreed++
    pair.hasAgreed = true
  }

  hasAgreed(proxy: number): boolean {
    return this.#pairs.get(proxy)?.hasAgreed === true
  }

  /** Exits have agreed here before, and those are not few. */
  get isKnownToSome(): boolean {
    return this.#agreed >= fewestKnown
  }

  /** No exit was compared here yet. */
  get isUnknown(): boolean {
    return this.#compared === 0
  }

  /** Whether it has been compared here. */
  isCompared(proxy: number): boolean {
    return this.#pairs.get(proxy)?.isCompared === true
  }

  /**
   * An exit has brought something that no rule objects to, whether or not it is believed. Returns what its walls had held against it:
   * they were the host's own.
   */
  brought(proxy: number): number {
    const pair = this.#pairOf(proxy)
    const { accused } = pair
    pair.bringsPages = true
    pair.accused = 0
    this.#pages++
    return accused
  }

  /**
   * An exit has brought something that a rule took for no page, and others have brought the page. Returns what that says of the
   * exit, from 0 to 1. One that brings pages from here, too, has met a wall of the host's own, and shows how many there are of
   * those: others meet them as often, so it takes the more of them in a row to say that an exit makes them up.
   */
  metWall(proxy: number): number {
    if (this.#pairOf(proxy).bringsPages) {
      this.#walls++
      return 0
    }
    return Math.min(1, Math.log((this.#pages + 2) / (this.#walls + 1)) / surprising)
  }

  /** A wall was held against it with so much. */
  accused(proxy: number, weight: number): void {
    this.#pairOf(proxy).accused += weight
  }

  /** Another proxy has the number, or it begins anew. */
  forget(proxy: number): void {
    if (this.isCompared(proxy)) this.#compared--
    if (this.hasAgreed(proxy)) this.#agreed--
    this.#pairs.delete(proxy)
  }

  /** Whether this is unlike what others bring from here. */
  isOdd(proxy: number, url: string, glance: Glance, isEnd: boolean): boolean {
    return this.oddities.isOdd(proxy, url, glance, isEnd)
  }

  #pairOf(proxy: number): Pair {
    const known = this.#pairs.get(proxy)
    if (known) return known
    const pair = { answers: 0, isCompared: false, hasAgreed: false, bringsPages: false, accused: 0 }
    this.#pairs.set(proxy, pair)
    if (this.#pairs.size > mostPairs) this.forget(this.#pairs.keys().next().value!)
    return pair
  }
}
