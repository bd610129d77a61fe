import { showValue } from '../base/show.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Source, SourceRate } from '../contracts/source.ts'
import type { DeclaredRate } from '../router/pace.ts'
import type { CrawlWorld } from './crawl-world.ts'
import type { CrawlOrder } from './open-crawl.ts'

/**
 * How often a service bears to be asked is known to the one who wrote its source, and to few of those who use it. So the
 * source says it (`limits`), and the crawl tells each pool that its requests come to.
 */
const milliseconds: Readonly<Record<SourceRate['per'], number>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
}

export class SourcePace {
  readonly #world: CrawlWorld
  readonly #rate: DeclaredRate | undefined

  /** Throws SOURCE_INVALID naming the limit. */
  constructor({ source, params, world, life }: CrawlOrder) {
    this.#world = world
    const { perProxy, perHost } = source.limits?.(params, { env: world.options.env ?? {} }) ?? {}
    if (perProxy === undefined && perHost === undefined) return
    this.#rate = {
      interval: intervalOf(source, 'perProxy', perProxy),
      hostInterval: intervalOf(source, 'perHost', perHost),
      get isOver() {
        return life.state === 'stopped'
      },
    }
  }

  /** From now on it holds at the host of this URL, which is about to be asked. */
  hold(url: string): void {
    if (!this.#rate) return
    const { router, hosts } = this.#world.engine
    router.pool(hosts.keyOf(url)).spacing.declare(this.#rate)
  }
}

function intervalOf(source: Source, name: string, rate: SourceRate | undefined): number | undefined {
  if (rate === undefined) return undefined
  const { requests, per } = (rate ?? {}) as Partial<SourceRate>
  if (typeof requests === 'number' && requests >= 0.001 && per && Object.hasOwn(milliseconds, per)) {
    return milliseconds[per] / requests
  }
  throw new RegattaError(
    'SOURCE_INVALID',
    `Source "${source.name}": limits().${name} must be { requests, per }, with a number and second, minute, hour or day, such as { requests: 30, per: 'minute' } (got ${showValue(rate)}).`,
    { value: { source: source.name } },
  )
}
