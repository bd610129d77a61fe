import { removeAddress, writeAddress } from '../address-file.ts'
import { type Dashboard, type DashboardOptions, serveDashboard } from '../serve-dashboard.ts'
import type { LiveParts } from './live-parts.ts'
import { LiveView } from './live-view.ts'

/** The dashboard of a live crawler. With a state its address is kept there, so that `regatta dashboard DIR` finds it. */
export async function openDashboard(parts: LiveParts, options: DashboardOptions): Promise<Dashboard> {
  const view = new LiveView(parts)
  let served: Dashboard | undefined
  try {
    const dashboard = await serveDashboard(view, options)
    served = dashboard
    const { stateDir } = parts
    const { port, token } = dashboard
    // biome-ignore lint/style/noRestrictedGlobals: the port is the process's own, so others are told its number
    if (stateDir !== undefined) await writeAddress(stateDir, { port, token, pid: process.pid })
    return new LiveDashboard(dashboard, async () => {
      if (stateDir !== undefined) await removeAddress(stateDir, port)
      await dashboard.close()
      view.close()
    })
  } catch (error) {
    await served?.close()
    view.close()
    throw error
  }
}

class LiveDashboard implements Dashboard {
  readonly #served: Dashboard
  readonly #end: () => Promise<void>
  #closed: Promise<void> | undefined

  constructor(served: Dashboard, end: () => Promise<void>) {
    this.#served = served
    this.#end = end
  }

  get url(): string {
    return this.#served.url
  }

  get port(): number {
    return this.#served.port
  }

  get token(): string {
    return this.#served.token
  }

  get clients(): number {
    return this.#served.clients
  }

  untilLeft(signal?: AbortSignal): Promise<void> {
    return this.#served.untilLeft(signal)
  }

  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
