import { systemClock } from '../../src/base/clock.ts'
import { Wheel } from '../../src/base/wheel.ts'
import type { TaskResult } from '../../src/contracts/job.ts'
import type { FetchRequest } from '../../src/contracts/request.ts'
import { Engine } from '../../src/engine/engine.ts'
import { Telling } from '../../src/engine/telling.ts'
import { transportFor } from '../../src/face/wiring.ts'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import { type CrawlerOptions, parseOptions } from '../../src/options/options.ts'
import { CredentialVault } from '../../src/transport/credentials.ts'

/** The engine with real sockets and nothing around it: what a restart keeps is kept here. */
export class EngineClient {
  readonly wheel = new Wheel(systemClock)
  readonly engine: Engine
  attempts = 0
  readonly #transport
  #tasks = 0

  constructor(proxies: readonly string[], input: CrawlerOptions) {
    const options = parseOptions({ proxies: [...proxies], ...input })
    const vault = new CredentialVault()
    this.#transport = transportFor(options, vault, systemClock, this.wheel)
    this.engine = new Engine({
      options,
      clock: systemClock,
      wheel: this.wheel,
      transport: this.#transport,
      seed: options.seed ?? 1,
      telling: new Telling({ isHeard: () => false, announce: () => {} }, options.explain, systemClock),
    })
    for (const each of proxies) {
      const { endpoint, credentials } = parseProxy(each)
      if (credentials) vault.set(endpoint.id, credentials)
      const credentialGroup = credentials ? vault.accountOf(credentials) : ''
      this.engine.join({ endpoint: { ...endpoint, credentialGroup } })
    }
  }

  fetch(url: string, more: Partial<FetchRequest> = {}): Promise<TaskResult> {
    return new Promise((settle) => {
      this.engine.accept({
        id: `t${++this.#tasks}`,
        request: { url, method: 'GET', headers: {}, idempotent: true, ...more },
        host: new URL(url).host,
        priority: 2,
        mayHedge: more.session === undefined,
        settle: (result) => {
          this.attempts += result.attempts
          settle(result)
        },
      })
    })
  }

  /** Ends everything; `last` runs when nothing is sent any more and what was learned is still there. */
  async stop(last?: () => Promise<void>): Promise<void> {
    this.engine.crew.close()
    await this.#transport.close()
    this.engine.crew.judgeArrivals()
    await last?.()
    this.engine.close()
    this.wheel.clear()
  }
}
