import { type Difference, differenceOf } from './difference.ts'
import type { Glance } from './glance.ts'
import type { HostTrust } from './host-trust.ts'
import { type Kind, kinds } from './kind.ts'
import type { Profile } from './profile.ts'
import { related } from './related.ts'

/**
 * What several exits say to one question, and what is to be made of it. Those that give the same answer form a camp. As long as there
 * is one camp, the question is how large it is; where there are more, others are asked until one camp outweighs the rest, or
 * it is clear that none will. Before an exit is held to have said something wrong it is asked once more: a page may have
 * changed in between, or be another one each time.
 *
 * Two answers may differ honestly: a nonce, an advertisement, a counter, a price for the visitor's country. What differs among most of
 * those who were asked is the page's own way, and is left out of comparisons at that host from then on (host-trust.ts).
 */
export interface Voice<Said> {
  readonly proxy: number
  /** Exits of one network are one another's neighbours: each further one weighs half. */
  readonly network: string
  /** Where it leaves, where that is known. */
  readonly country: string | undefined
  /** It was found honest before, by more than one who hangs together with it. */
  readonly isProven: boolean
  /** It has said something else than others before. */
  readonly isSuspect: boolean
  /** It has said here what others say, on other pages, and nothing speaks against it. */
  readonly isKnown: boolean
  readonly profile: Profile
  readonly kind: Kind
  /** Undefined where nothing has come that could be looked at. */
  readonly glance: Glance | undefined
  /** What it has brought. */
  readonly said: Said
}

export type Finding<Said> =
  /** Another exit is to be asked. */
  | { readonly kind: 'ask' }
  /** This exit is to be asked once more. */
  | { readonly kind: 'ask again'; readonly proxy: number }
  /** All say the same, and they are enough. */
  | { readonly kind: 'agreed'; readonly voice: Voice<Said>; readonly camp: readonly Voice<Said>[] }
  /** One camp outweighs the others. */
  | {
      readonly kind: 'decided'
      readonly voice: Voice<Said>
      readonly camp: readonly Voice<Said>[]
      readonly deviants: readonly Deviant[]
    }
  /** None does. */
  | { readonly kind: 'contested'; readonly voice: Voice<Said>; readonly exits: readonly number[] }
  /** Nobody else could be asked, or each answer is another one. */
  | {
      readonly kind: 'open'
      readonly voice: Voice<Said>
      /** Where most bring versions of one page: those that bring something else altogether. */
      readonly deviants?: readonly Deviant[]
    }

/** An exit that has said something else than the rest. */
export interface Deviant {
  readonly proxy: number
  readonly glance: Glance | undefined
  /** It has said so twice. */
  readonly isRepeated: boolean
  /** Others get the same text, which may be meant for them: no lie is proven, and nobody is believed. */
  readonly isShared: boolean
  /** It was asked again, and said what the others say. */
  readonly isWavering: boolean
  /** Another status, another place, or hardly anything in common. */
  readonly isBlatant: boolean
  /** How much the others weigh together. */
  readonly against: number
  /** What differs. */
  readonly keys: readonly string[]
}

/** Weight of a camp that decides, where the difference is blatant and proven exits are in it, and otherwise. */
const decidesBlatant = 3
const decidesSlight = 5
/** So many times the other camp. */
const leadBlatant = 2
const leadSlight = 3
/** Exits after which a page about which hardly two agree shows what it changes by itself. */
const enoughToLearn = 7
/** Versions of one page that are enough to tell something else from it. */
const enoughRelated = 3
/** Deviants that are asked once more. */
const mostAskedAgain = 3
/** Share of those who were asked that may agree by chance where each answer is another one. */
const scattered = 0.2
/** Exits that are known here, of which so many have to show what a page changes by itself as soon as there are more. */
const enoughKnown = 3
/** Share of exits that must differ in a part of the page which is held to be different for everybody. */
const sharedByMost = 0.5
/** Exits asked in all. */
const mostAsked = 21
/** Share up to which a camp is a minority after so many. */
const minority = 0.3
/** Exits that say otherwise before one alone is held to have changed a text. */
const enoughForVisitors = 8
/** A proven exit weighs so much, and one that has said something else than the others before. */
const provenWeight = 2
const suspectWeight = 0.5

export class Hearing<Said> {
  readonly question: string
  readonly host: HostTrust
  /** Exits that must agree, where the caller has named a number. */
  readonly quorum: number
  /** The last word of each exit, in the order in which they spoke first. */
  readonly voices: Voice<Said>[] = []
  readonly #before = new Map<number, Voice<Said>>()
  /** Exits that could not be asked again. */
  readonly #silent = new Set<number>()
  /** Exits for which it has counted that others say the same. */
  readonly #counted = new Set<number>()

  constructor(question: string, host: HostTrust, quorum: number) {
    this.question = question
    this.host = host
    this.quorum = quorum
  }

  add(voice: Voice<Said>): void {
    const index = this.voices.findIndex(({ proxy }) => proxy === voice.proxy)
    if (index < 0) this.voices.push(voice)
    else {
      this.#before.set(voice.proxy, this.voices[index]!)
      this.voices[index] = voice
    }
  }

  /** True once for each exit: one question proves it once, however often it is looked at while more are asked. */
  counts(proxy: number): boolean {
    const before = this.#counted.size
    return this.#counted.add(proxy).size > before
  }

  /** It cannot be asked a second time. */
  isGone(proxy: number): void {
    this.#silent.add(proxy)
  }

  /** Not all say the same. */
  get isSplit(): boolean {
    return this.#camps().length > 1
  }

  /** What most say, as far as anybody was heard. */
  get favourite(): Voice<Said> {
    return this.#camps()[0]!.at(-1)!
  }

  /** All that was brought, first words included. */
  *brought(): Generator<Said> {
    for (const { said } of this.voices) yield said
    for (const { said } of this.#before.values()) yield said
  }

  /** `isExhausted`: nobody else can be asked. */
  find(isExhausted: boolean): Finding<Said> {
    const finding = this.#find(isExhausted)
    if (finding.kind !== 'open' || this.voices.length < 3 || !this.#learn(isExhausted)) return finding
    return this.#find(isExhausted)
  }

  #find(isExhausted: boolean): Finding<Said> {
    const camps = this.#camps()
    const [first, second] = camps
    if (!first) return { kind: 'ask' }
    const isOver = isExhausted || this.voices.length >= mostAsked
    if (!second) {
      if (first.length < Math.max(2, this.quorum))
        return isOver ? { kind: 'open', voice: first.at(-1)! } : { kind: 'ask' }
      // They may have been found wrong with the very same.
      if (!isOver && first.every(({ isSuspect }) => isSuspect)) return { kind: 'ask' }
      const voice = first.at(-1)!
      // All say the same now, but not all did so at once.
      const deviants = this.#deviants(camps)
      return deviants.length > 0
        ? { kind: 'decided', voice, camp: first, deviants }
        : { kind: 'agreed', voice, camp: first }
    }
    const difference = this.#difference(first[0]!, second[0]!)
    if (this.#isDecided(first, second, difference) || (isOver && this.#isMajority(first, second))) {
      const again = this.#toAskAgain(camps)
      if (again !== undefined) return { kind: 'ask again', proxy: again }
      return { kind: 'decided', voice: first.at(-1)!, camp: first, deviants: this.#deviants(camps) }
    }
    // Where two of few agree in everything, it is not different for everybody.
    const isScattered = first.length <= Math.max(1, this.voices.length * scattered)
    // Of two that have nothing in common one lies, and a third who could say which is not there.
    const isPair = isOver && this.voices.length === 2 && isBlatant(difference)
    if (isPair)
      return { kind: 'contested', voice: first.at(-1)!, exits: camps.flat().map(({ proxy }) => proxy) }
    if (isScattered && (isOver || (this.voices.length >= enoughToLearn && this.#areFit(false)))) {
      return this.#scatteredFinding(first)
    }
    if (!isOver) return { kind: 'ask' }
    if (!isBlatant(difference)) this.host.varies(difference.keys)
    this.host.isContested = true
    // A page that several have brought is worth more than the word of others that there is none.
    const page = camps.find((camp) => camp.length > 1 && camp[0]!.kind !== kinds.end) ?? first
    return { kind: 'contested', voice: page.at(-1)!, exits: camps.flat().map(({ proxy }) => proxy) }
  }

  /** Hardly two say the same, but most may speak of one page. */
  #scatteredFinding(first: readonly Voice<Said>[]): Finding<Said> {
    const [family, second] = this.#families()
    const head = family![0]!
    const voice = first.length > 1 && family!.includes(first[0]!) ? first.at(-1)! : head
    if (family!.length < enoughRelated || family!.length < leadBlatant * (second?.length ?? 0))
      return { kind: 'open', voice }
    const manner = { isRepeated: false, isWavering: false, isShared: false }
    const deviants = this.voices
      .filter((each) => !family!.includes(each) && !this.#isForeign(each, family!))
      .map((each) => deviantOf(each, manner, this.#difference(head, each), weightOf(family!)))
    return { kind: 'open', voice, ...(deviants.length > 0 && { deviants }) }
  }

  /** Those that bring versions of one page, most first. */
  #families(): Voice<Said>[][] {
    const families: Voice<Said>[][] = []
    for (const voice of this.voices) {
      const family = families.find(([head]) => !isBlatant(this.#difference(head!, voice)))
      if (family) family.push(voice)
      else families.push([voice])
    }
    return families.sort((one, other) => other.length - one.length)
  }

  /** Those that agree, the weightiest camp first. */
  #camps(): Voice<Said>[][] {
    const camps: Voice<Said>[][] = []
    for (const voice of this.voices) {
      const camp = camps.find(([head]) => this.#difference(head!, voice).keys.length === 0)
      if (camp) camp.push(voice)
      else camps.push([voice])
    }
    return camps.sort((one, other) => weightOf(other) - weightOf(one))
  }

  #difference(one: Voice<Said>, other: Voice<Said>): Difference {
    return this.host.seen(differenceOf(one.profile, other.profile))
  }

  #isDecided(first: Voice<Said>[], second: Voice<Said>[], difference: Difference): boolean {
    const lead = weightOf(first)
    const rest = weightOf(second)
    const isEnough = first.length >= Math.max(2, this.quorum)
    // Where nobody is known yet, it may be the liars who spoke first.
    const isEasy = isBlatant(difference) && first.some(({ isProven }) => isProven)
    // What differs may be meant for its visitor: others of the same place must have had their chance to say so, too.
    if (isForVisitor(difference, first[0]!, second[0]!) && first.length < enoughForVisitors) return false
    if (!isBlatant(difference) && first.length < decidesSlight) return false
    return isEasy
      ? isEnough && lead >= decidesBlatant && lead >= leadBlatant * rest
      : isEnough && lead >= decidesSlight && lead >= leadSlight * rest
  }

  /** Nobody is left to ask: the larger camp is right where the others are few. */
  #isMajority(first: Voice<Said>[], second: Voice<Said>[]): boolean {
    if (first.length < Math.max(2, this.quorum)) return false
    if (this.voices.length < enoughToLearn) return first.length >= 2 * second.length
    return second.length <= minority * this.voices.length
  }

  #toAskAgain(camps: Voice<Said>[][]): number | undefined {
    for (const { proxy } of camps.slice(1).flat().slice(0, mostAskedAgain)) {
      if (!this.#before.has(proxy) && !this.#silent.has(proxy)) return proxy
    }
    return undefined
  }

  #deviants([first, ...others]: Voice<Said>[][]): Deviant[] {
    const [head] = first!
    const against = weightOf(first!)
    const deviants: Deviant[] = []
    for (const camp of others)
      for (const voice of camp) {
        const difference = this.#difference(head!, voice)
        if (this.#isForeign(voice, first!)) continue
        const before = this.#before.get(voice.proxy)
        const isRepeated = before !== undefined && this.#difference(head!, before).keys.length > 0
        const isShared = camp.length > 1 && isForVisitor(difference, head!, voice)
        if (isShared) this.host.isContested = true
        deviants.push(deviantOf(voice, { isRepeated, isWavering: false, isShared }, difference, against))
      }
    // Those that said so once, and then what the others say.
    for (const voice of first!) {
      const before = this.#before.get(voice.proxy)
      const difference = before && this.#difference(head!, before)
      if (difference && difference.keys.length > 0)
        deviants.push(
          deviantOf(before!, { isRepeated: false, isWavering: true, isShared: false }, difference, against),
        )
    }
    return deviants
  }

  /** It leaves in another country than those who say otherwise: prices, languages and greetings are not the same everywhere. */
  #isForeign({ country }: Voice<Said>, others: readonly Voice<Said>[]): boolean {
    return country !== undefined && !others.some((other) => other.country === country)
  }

  /**
   * Whether they can show what a page changes by itself. Exits that lie each in its own way differ from each other like visitors of
   * such a page, and are asked together more often than others are, because they are free while those who are believed
   * work. So where exits have agreed before, some of those have to show it, or very many others.
   */
  #areFit(isOver: boolean): boolean {
    if (!this.host.isKnownToSome || this.#known.length >= enoughKnown) return true
    return isOver && this.voices.length >= enoughToLearn
  }

  get #known(): Voice<Said>[] {
    return this.voices.filter(({ isKnown }) => isKnown)
  }

  /** What is different for most of those who were asked is the page's own way. True when anything was learnt. */
  #learn(isExhausted: boolean): boolean {
    const isOver = isExhausted || this.voices.length >= mostAsked
    if (!this.#areFit(isOver)) return false
    const known = this.#known.length >= enoughKnown ? this.#known : this.voices
    const [family] = this.#families() as [Voice<Said>[]]
    const voices = family.filter((voice) => known.includes(voice))
    const most = this.voices.length
    const least = isExhausted ? Math.max(3, Math.ceil(most * sharedByMost) + 1) : enoughToLearn
    if (this.voices.length < least) return false
    const differing = new Map<string, number>()
    const [base] = [...voices].sort((one, other) => this.#distance(one) - this.#distance(other))
    for (const voice of voices) {
      if (voice === base) continue
      const difference = this.#difference(base!, voice)
      if (isBlatant(difference)) continue
      for (const key of difference.keys) differing.set(key, (differing.get(key) ?? 0) + 1)
    }
    const needed = Math.max(2, Math.ceil(voices.length * sharedByMost))
    const learnt = [...differing].filter(([, times]) => times >= needed).map(([key]) => key)
    this.host.varies(learnt)
    if (learnt.length === 0) this.host.scattered(family.length > most / 2)
    return learnt.length > 0
  }

  /** How far it is from all others together. */
  #distance(voice: Voice<Said>): number {
    return this.voices.reduce((sum, other) => sum + this.#difference(voice, other).keys.length, 0)
  }
}

function deviantOf<Said>(
  { proxy, glance }: Voice<Said>,
  manner: Pick<Deviant, 'isRepeated' | 'isWavering' | 'isShared'>,
  difference: Difference,
  against: number,
): Deviant {
  return { proxy, glance, ...manner, isBlatant: isBlatant(difference), against, keys: difference.keys }
}

/** They are no two versions of one page. */
export function isBlatant({ keys, likeness }: Difference): boolean {
  return likeness < related || keys.includes('status') || keys.includes('type') || keys.includes('target')
}

/** A difference that a site makes for its visitors: of words and numbers, or of the place on the same site that they are sent to. */
function isForVisitor<Said>(difference: Difference, one: Voice<Said>, other: Voice<Said>): boolean {
  if (difference.isTextOnly) return true
  const [key, ...others] = difference.keys
  return key === 'target' && others.length === 0 && isSameSite(one.profile.target, other.profile.target)
}

function isSameSite(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return false
  return URL.parse(one)?.host === URL.parse(other)?.host
}

/** Each exit counts one, two where it is proven, half where it is suspected; half of that for each further one of a network. */
function weightOf<Said>(camp: readonly Voice<Said>[]): number {
  const networks = new Set<string>()
  let weight = 0
  for (const { network, isProven, isSuspect } of camp) {
    const own = isProven ? provenWeight : isSuspect ? suspectWeight : 1
    weight += networks.has(network) ? own / 2 : own
    networks.add(network)
  }
  return weight
}
