import type { Standing } from '../contracts/trust.ts'
import { type Kind, kinds } from './kind.ts'

/**
 * Which exits are honest? Answers to the same question are compared, and exits that agree hang together (union-find): each
 * comparison judges two of them, so n exits need n - 1. Liars who tell one lie agree as well, so an exit is believed only when
 * enough hang together, and no group more than twice as large does. What an exit said against the others adds up
 * (Wald's sequential test): some of it is chance, much of it is a lie. One that was found honest is believed until something
 * speaks against it, or another one turns out to have changed its mind.
 */
interface Exit {
  /** Of whom the number was: proxies that leave give theirs to others. */
  readonly owner: object
  /** The exit that it was found to agree with; itself at the root. */
  parent: number
  /** Of the root: how many hang together. */
  size: number
  /** Of the root: more exits than these have brought something else. They vouch for nobody until others do for them. */
  isOutweighed: boolean
  /** Another one of them, and so on in a ring: a group can be told without a look at every exit. */
  next: number
  /** Units of evidence against it; it never falls below 0. */
  suspicion: number
  /** Questions to which it gave another answer than the rest. */
  readonly accusedOf: Set<string>
  /** Answers that were taken at its word since it was last found honest. */
  taken: number
  /** Answers that were ever taken at its word. */
  age: number
  /** Questions to which it said what others said, since the last alarm. */
  agreements: number
  /** Some others say what it says, against most: it is not believed for now. */
  isApart: boolean
  /** Of these kinds. */
  kinds: number
  /** It has ever done so. */
  hadProof: boolean
  /** Pages that others, too, said were not there. */
  ends: number
  alarm: number
  /** How often nobody else could be asked, and those who were agreed. */
  timesAlone: number
  /** The change of the groups as of which at least four hang together with it, and nobody outweighs them. */
  anchoredAsOf: number
  isConvicted: boolean
  /** It has said what others say after it had said something else. */
  isFickle: boolean
}

/** Exits that must hang together before one of them is believed. */
const enoughTogether = 4
/** The same before it is out of the question that all of them lie alike. */
const enoughToBeFirm = 8
/** Answers that are taken from an exit while few others are known to agree with it. */
const onTrust = 4
/** Endings that others must have confirmed before one is believed that this host is known to give. */
const enoughEnds = 2
/** Evidence at which an exit is no longer believed, and at which it is convicted. */
const doubtful = 0.9
const convicting = 4
/** An exit is convicted of several lies, never of one. */
const fewestLies = 2
/** What an agreement takes off. */
const acquittal = 0.25

export class Honesty {
  readonly #exits: (Exit | undefined)[] = []
  readonly #ownerOf: (proxy: number) => object | undefined
  readonly #isThere: (proxy: number) => boolean
  /** A member of the largest group. */
  #largest: number | undefined
  /** Those that have said something else than the others, and are not convicted. */
  readonly suspects = new Set<number>()
  #alarm = 0
  readonly #convicted = new Set<number>()
  #required = 1
  /** Goes up whenever a group grows, shrinks or is outweighed: what was found of the groups before is to be found anew. */
  #changes = 0

  /** `ownerOf` tells the proxies of one number apart; `isThere`: it has not left the fleet. */
  constructor(ownerOf: (proxy: number) => object | undefined, isThere: (proxy: number) => boolean) {
    this.#ownerOf = ownerOf
    this.#isThere = isThere
  }

  /** Agreements that it takes to be believed. */
  get required(): number {
    return this.#required
  }

  /**
   * Whether it is taken at its word, in a fleet with so many exits: about this kind of traffic, or any. A page that is not there is
   * believed of one that is honest about pages; a site that has nothing else proves exits by what they say of that.
   */
  isProven(proxy: number, exits: number, kind: Kind | undefined = undefined): boolean {
    const exit = this.#exits[proxy]
    if (!exit || exit.isConvicted || exit.owner !== this.#ownerOf(proxy)) return false
    if (exit.isApart || exit.suspicion >= doubtful || exit.alarm !== this.#alarm) return false
    const group = exit.anchoredAsOf === this.#changes ? undefined : this.#groupOf(proxy)
    if (group?.isOutweighed) return false
    if (kind === kinds.end && exit.ends >= enoughEnds * this.#required) return true
    const asked = kind === undefined || kind === kinds.end ? kindsOfPages : kind
    const isOfKind = (exit.kinds & asked) !== 0
    if (!isOfKind || exit.agreements < this.#required) return false
    // Asked of every candidate of every pick.
    if (group === undefined) return true
    // Two that agree may be two liars, and one that was honest once may have been so on purpose: that is looked at again soon.
    return exit.age < onTrust ? group.size > 1 : this.#isEnough(group, exit, exits)
  }

  /** It was found honest, and nothing speaks against it. */
  isCredible(proxy: number): boolean {
    const exit = this.#exits[proxy]
    if (!exit || exit.isConvicted || exit.isApart || exit.owner !== this.#ownerOf(proxy)) return false
    return exit.suspicion < doubtful && (exit.kinds & kindsOfPages) !== 0
  }

  /** Whether enough others agree with it, whatever else speaks against it. */
  isAnchored(proxy: number, exits: number): boolean {
    return this.#isEnough(this.#groupOf(proxy), this.#of(proxy), exits)
  }

  /** It hangs together with so many, and no larger group does, that it is not by chance that all of them lie alike. */
  isFirm(proxy: number, exits: number): boolean {
    const group = this.#groupOf(proxy)
    if (!this.#isEnough(group, this.#of(proxy), exits)) return false
    return group.size >= Math.min(enoughToBeFirm, exits - this.#liarsThere()) && group.size >= this.#most
  }

  /** Most exits hang together with it. */
  isOfMost(proxy: number, exits: number): boolean {
    const group = this.#groupOf(proxy)
    return this.#isEnough(group, this.#of(proxy), exits) && group.size * 2 > exits - this.#liarsThere()
  }

  /** So many exits have brought something else than this one: if its group is no larger, nobody takes its word for the others any more. */
  outweigh(proxy: number, by: readonly number[]): void {
    const root = this.#root(proxy)
    if (by.some((each) => this.#root(each) === root)) return
    const group = this.#of(root)
    if (group.size < 2 || by.length <= group.size) return
    group.isOutweighed = true
    this.#hasLess(root)
  }

  /** Others say as well that there is no such page. */
  agreeOnEnd(proxy: number): void {
    const exit = this.#known(proxy)
    exit.ends++
    exit.suspicion = Math.max(0, exit.suspicion - acquittal)
    if (exit.suspicion < doubtful) this.suspects.delete(proxy)
  }

  /** All others that could be asked agree with it, though they are few. */
  isAlone(proxy: number): void {
    this.#of(proxy).timesAlone++
  }

  isConvicted(proxy: number): boolean {
    const exit = this.#exits[proxy]
    return exit?.isConvicted === true && exit.owner === this.#ownerOf(proxy)
  }

  /** Another run found it honest: it hangs together with the others that were. */
  restore(proxy: number): void {
    const exit = this.#known(proxy)
    exit.agreements++
    exit.hadProof = true
    exit.kinds = kindsOfPages
    this.join(this.#largest ?? proxy, proxy)
  }

  /** It has said to one question what others say. */
  confirm(proxy: number, kind: Kind): void {
    const exit = this.#known(proxy)
    if (exit.alarm !== this.#alarm) exit.agreements = 0
    exit.alarm = this.#alarm
    exit.agreements++
    exit.hadProof = true
    exit.isApart = false
    if (exit.suspicion >= doubtful) exit.isFickle = true
    exit.kinds |= kind
    exit.suspicion = Math.max(0, exit.suspicion - acquittal)
    if (exit.suspicion < doubtful) this.suspects.delete(proxy)
    exit.taken = 0
  }

  /** They hang together. */
  join(one: number, other: number): void {
    this.#unite(this.#root(one), this.#root(other))
  }

  /** It has said something else than the others; `weight` says how sure that is no chance. True when it is convicted by that. */
  accuse(proxy: number, question: string, weight: number): boolean {
    const exit = this.#known(proxy)
    if (exit.isConvicted) return false
    exit.suspicion += weight
    exit.accusedOf.add(question)
    if (exit.suspicion >= doubtful) this.suspects.add(proxy)
    exit.isConvicted = exit.suspicion >= convicting && exit.accusedOf.size >= fewestLies
    if (exit.isConvicted) {
      this.#convicted.add(proxy)
      this.suspects.delete(proxy)
      this.#groupOf(proxy).size--
      this.#hasLess(proxy)
    }
    return exit.isConvicted
  }

  /** It was found to agree with somebody, and with too few that those vouch for it. */
  isLoose(proxy: number, exits: number): boolean {
    const exit = this.#exits[proxy]
    return exit !== undefined && !exit.isConvicted && exit.agreements > 0 && !this.isAnchored(proxy, exits)
  }

  /** One more comparison is due to this exit: a good witness, for each comparison judges two. */
  wantsProof(proxy: number): boolean {
    const exit = this.#exits[proxy]
    return exit === undefined || (!exit.isConvicted && exit.agreements === 0)
  }

  /** Whether as many hang together as it takes, whatever the exit. */
  get isFounded(): boolean {
    return this.#largest !== undefined && this.groupSize(this.#largest) >= enoughTogether
  }

  /** It is not believed until it says what others say. False when it was not before. */
  setApart(proxy: number): boolean {
    const exit = this.#known(proxy)
    const isNews = !exit.isApart && exit.hadProof
    exit.isApart = true
    return isNews
  }

  /** So much of what was held against it says nothing. */
  pardon(proxy: number, weight: number): void {
    const exit = this.#known(proxy)
    exit.suspicion = Math.max(0, exit.suspicion - weight)
    if (exit.suspicion < doubtful) this.suspects.delete(proxy)
  }

  /** What was held against these was the host's own doing. */
  absolve(proxies: Iterable<number>): void {
    for (const proxy of proxies) {
      const exit = this.#known(proxy)
      exit.suspicion = 0
      exit.accusedOf.clear()
      exit.isFickle = false
      this.suspects.delete(proxy)
    }
  }

  /** An answer was taken at its word. Returns how many have been since it was last found honest. */
  take(proxy: number): number {
    const exit = this.#known(proxy)
    exit.age++
    return ++exit.taken
  }

  /** In a word. */
  standingOf(proxy: number, exits: number): Standing {
    if (this.isConvicted(proxy)) return 'lies'
    if (this.suspects.has(proxy)) return 'suspect'
    return this.isProven(proxy, exits) ? 'proven' : 'unproven'
  }

  /** It has lied, then been honest, and lied again. */
  isFickle(proxy: number): boolean {
    return this.#of(proxy).isFickle
  }

  /** What speaks for it and against it, in sentences for people; none for one that was never compared. */
  describe(proxy: number): string[] {
    const exit = this.#exits[proxy]
    if (!exit || exit.owner !== this.#ownerOf(proxy)) return []
    const said: string[] = []
    const { agreements, ends, accusedOf, taken, suspicion, isConvicted } = exit
    const together = this.groupSize(proxy) - 1
    if (isConvicted) said.push('It was found lying, by comparison, and is believed in nothing.')
    if (accusedOf.size > 0)
      said.push(
        `It has answered otherwise than the rest ${times(accusedOf.size)}; evidence against it is ${suspicion.toFixed(1)} of ${convicting}.`,
      )
    if (agreements + ends > 0) said.push(`Others have brought the same ${times(agreements + ends)}.`)
    if (together > 0) said.push(`It is known to agree with ${together} of the others.`)
    if (taken > 0) said.push(`It was taken at its word ${times(taken)} since it was last compared.`)
    return said
  }

  /** Whether it was believed before it was found out. */
  hadProof(proxy: number): boolean {
    return this.#of(proxy).hadProof
  }

  /** What held so far does not any more: each exit has to agree with others so many times before it is believed again. */
  raiseAlarm(required: number): void {
    this.#alarm++
    this.#required = Math.max(this.#required, required)
  }

  /** Exits that hang together with it, itself first. */
  companions(proxy: number): number[] {
    const found = [proxy]
    for (let each = this.#of(proxy).next; each !== proxy; each = this.#of(each).next) found.push(each)
    return found
  }

  groupSize(proxy: number): number {
    return this.#groupOf(proxy).size
  }

  /** It begins anew, as one that nobody knows. */
  forget(proxy: number): void {
    const exit = this.#exits[proxy]
    if (!exit) return
    this.suspects.delete(proxy)
    const { isOutweighed } = this.#groupOf(proxy)
    this.#convicted.delete(proxy)
    // Those that hang on it hang on each other from now on.
    const others = this.companions(proxy).filter((each) => each !== proxy)
    const [head] = others
    if (head !== undefined) {
      for (const each of others) this.#of(each).parent = head
      this.#of(others.at(-1)!).next = head
      const size = others.filter((each) => !this.#of(each).isConvicted).length
      Object.assign(this.#of(head), { size, isOutweighed })
    }
    if (this.#largest === proxy) this.#largest = head
    this.#exits[proxy] = undefined
    if (head !== undefined) this.#hasLess(head)
  }

  /** The group of this exit has shrunk, or counts no more: another one may be the largest. */
  #hasLess(proxy: number): void {
    this.#changes++
    if (this.#largest === undefined || this.#root(this.#largest) !== this.#root(proxy)) return
    this.#largest = undefined
    for (let each = 0; each < this.#exits.length; each++) {
      if (!this.#exits[each]) continue
      const { isOutweighed, size } = this.#groupOf(each)
      if (!isOutweighed && size > this.#most) this.#largest = each
    }
  }

  #isEnough({ size, isOutweighed }: Exit, exit: Exit, exits: number): boolean {
    if (isOutweighed || size < 2 || size * 2 < this.#most) return false
    if (size >= enoughTogether) exit.anchoredAsOf = this.#changes
    return size >= enoughTogether || exit.timesAlone >= enoughTogether || size >= exits - this.#liarsThere()
  }

  /** Members of the largest group that nobody has outweighed. */
  get #most(): number {
    return this.#largest === undefined ? 1 : this.groupSize(this.#largest)
  }

  /** Those of the fleet that can vouch for nobody. */
  #liarsThere(): number {
    let liars = 0
    for (const proxy of this.#convicted) if (this.#isThere(proxy)) liars++
    return liars
  }

  /** What is known of it; another proxy may have got the number meanwhile. */
  #known(proxy: number): Exit {
    const exit = this.#exits[proxy]
    if (exit && exit.owner !== (this.#ownerOf(proxy) ?? nobody)) this.forget(proxy)
    return this.#of(proxy)
  }

  #of(proxy: number): Exit {
    const known = this.#exits[proxy]
    if (known) return known
    const exit: Exit = {
      owner: this.#ownerOf(proxy) ?? nobody,
      parent: proxy,
      size: 1,
      isOutweighed: false,
      next: proxy,
      suspicion: 0,
      accusedOf: new Set(),
      taken: 0,
      age: 0,
      agreements: 0,
      kinds: 0,
      isApart: false,
      hadProof: false,
      alarm: this.#alarm,
      ends: 0,
      timesAlone: 0,
      anchoredAsOf: -1,
      isConvicted: false,
      isFickle: false,
    }
    this.#exits[proxy] = exit
    return exit
  }

  /** The root speaks for all that hang together with it. */
  #groupOf(proxy: number): Exit {
    return this.#of(this.#root(proxy))
  }

  #root(proxy: number): number {
    let at = proxy
    for (let exit = this.#of(at); exit.parent !== at; exit = this.#of(at)) {
      exit.parent = this.#of(exit.parent).parent
      at = exit.parent
    }
    return at
  }

  #unite(one: number, other: number): void {
    if (one !== other) {
      this.#changes++
      const [head, tail] = this.#of(one).size >= this.#of(other).size ? [one, other] : [other, one]
      const [group, joining] = [this.#of(head), this.#of(tail)]
      joining.parent = head
      group.isOutweighed &&= joining.isOutweighed
      group.size += joining.size
      const { next } = group
      group.next = joining.next
      joining.next = next
    }
    const root = this.#root(one)
    const group = this.#of(root)
    const most = this.#largest === undefined ? 0 : this.#most
    if (!group.isOutweighed && group.size > most) this.#largest = root
  }
}

const nobody = {}
const kindsOfPages = kinds.html | kinds.json | kinds.xml | kinds.text | kinds.other

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}
