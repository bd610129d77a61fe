import { pickIndex, type Random } from '../base/random.ts'
import type { Chaos } from '../lab/work.ts'
import type { VirtualClock } from './clock.ts'
import type { Life } from './life.ts'

/**
 * What befalls the crawler itself, at moments drawn from the seed: each is bound to a number of answers and a delay behind
 * it, so that it strikes in the middle of the work however long that takes.
 */
interface Stroke {
  /** After so many answers… */
  readonly afterAnswers: number
  /** …and so many ms. */
  readonly delayMs: number
  readonly kind: 'death' | 'clock-jump' | 'stall' | 'refresh'
}

const hour = 3_600_000

export class ChaosPlan {
  readonly #strokes: Stroke[]
  readonly #chaos: Chaos
  readonly #time: VirtualClock
  readonly #random: Random
  readonly #proxies: readonly string[]
  readonly #die: () => void
  readonly #cancels = new Set<() => void>()
  #life: Life | undefined
  #answers = 0

  constructor(parts: {
    readonly chaos: Chaos
    readonly answers: number
    readonly time: VirtualClock
    readonly random: Random
    readonly proxies: readonly string[]
    die(): void
  }) {
    const { chaos, answers, random } = parts
    this.#chaos = chaos
    this.#time = parts.time
    this.#random = random
    this.#proxies = parts.proxies
    this.#die = () => parts.die()
    const draw = (kind: Stroke['kind'], count: number) =>
      Array.from({ length: count }, (): Stroke => {
        return { afterAnswers: pickIndex(random, answers), delayMs: random() ** 2 * 5_000, kind }
      })
    this.#strokes = [
      ...draw('death', chaos.deaths),
      ...draw('clock-jump', chaos.clockJumps),
      ...draw('stall', chaos.stalls),
      ...draw('refresh', chaos.refreshes),
    ].sort((one, other) => other.afterAnswers - one.afterAnswers)
  }

  /** Strikes hit this process from now on. */
  aim(life: Life): void {
    this.#life = life
    this.#arm()
  }

  answered(): void {
    this.#answers++
    this.#arm()
  }

  end(): void {
    for (const cancel of this.#cancels) cancel()
    this.#cancels.clear()
  }

  #arm(): void {
    for (;;) {
      const stroke = this.#strokes.at(-1)
      if (!stroke || stroke.afterAnswers > this.#answers) return
      this.#strokes.pop()
      this.#after(stroke.delayMs, () => this.#strike(stroke))
    }
  }

  #after(ms: number, fire: () => void): void {
    const cancel = this.#time.after(ms, () => {
      this.#cancels.delete(cancel)
      fire()
    })
    this.#cancels.add(cancel)
  }

  #strike({ kind }: Stroke): void {
    switch (kind) {
      case 'death':
        return this.#die()
      case 'clock-jump':
        return this.#time.setWall(this.#time.wall() + (this.#random() < 0.5 ? hour : -hour))
      case 'stall':
        return this.#life?.clock.stall(this.#random() * this.#chaos.stallMs)
      case 'refresh':
        return this.#storm()
    }
  }

  /** The list comes odd, five ask for it at once, and a few seconds later it is whole again. */
  #storm(): void {
    const whole = this.#proxies
    const odd = [
      whole,
      whole.slice(0, Math.ceil(whole.length / 2)),
      [...whole, ...whole],
      [],
      whole.filter(() => this.#random() < 0.8),
    ]
    const shown = odd[pickIndex(this.#random, odd.length)]!
    const believe = shown.length > 0 && this.#random() < 0.5
    this.#show(shown, believe)
    this.#after(2_000 + this.#random() * 10_000, () => this.#show(whole, true))
  }

  #show(proxies: readonly string[], believe: boolean): void {
    const life = this.#life
    if (!life) return
    life.list.show(proxies)
    // A list that is not believed is an alert, not an error of the storm.
    for (let n = 0; n < 5; n++) life.crawler.refresh({ believe }).catch(() => {})
  }
}
