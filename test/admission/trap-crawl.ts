import { hash } from 'node:crypto'
import { admitLinks, admitSeed } from '../../src/admission/admission.ts'
import { createTraps, type Traps } from '../../src/admission/traps.ts'
import type { TrapOptions } from '../../src/contracts/trap-options.ts'
import { createMemoryFrontier } from '../../src/frontier/memory.ts'
import { ManualClock } from '../manual-clock.ts'

/** A page of a made-up site. */
export interface MadeUpPage {
  /** Relative to the page. */
  readonly links: readonly string[]
  /** Items that the source reads from it. Default 0. */
  readonly items?: number
  /** Default: its URL, which makes every page different. */
  readonly text?: string
}

export type MadeUpSite = (url: URL) => MadeUpPage | undefined

/** The loop of a crawl without its network: a frontier, the door and the traps. Stops after `most` pages. */
export async function crawlMadeUp(
  seeds: readonly string[],
  site: MadeUpSite,
  options: { readonly traps?: TrapOptions; readonly most?: number; readonly known?: Traps } = {},
) {
  const clock = new ManualClock()
  const frontier = createMemoryFrontier({ clock })
  const traps = options.known ?? createTraps(options.traps ?? {}, { clock })
  const admission = { source: 'test', hostKey: (url: URL) => url.host, now: 0 }
  await frontier.discover(seeds.map((url) => admitSeed(url, admission)))
  const fetched: string[] = []
  const most = options.most ?? 100_000
  for (;;) {
    const leases = await frontier.take({ max: 16, now: clock.now() })
    if (leases.length === 0) break
    for (const lease of leases) {
      await frontier.settle([{ lease, kind: 'done' }])
      const { request } = lease
      if (traps.refuses(request) !== undefined) continue
      fetched.push(request.url)
      const page = site(new URL(request.url))
      if (!page) continue
      const text = page.text ?? `This is ${request.url}`
      const digest = hash('sha256', `${text}\n${page.links.join('\n')}`, 'base64url')
      const visit = traps.visit(request, { url: request.url, digest })
      const links = page.links.map((url) => ({ url }))
      const refuse = visit.refuses
      const { discovered } = admitLinks(links, { ...admission, parent: request, refuse })
      visit.found(discovered, await frontier.discover(discovered))
      visit.end(page.items ?? 0, () => text)
    }
    if (fetched.length >= most) break
  }
  return { fetched, traps, isEnded: fetched.length < most }
}

/** Another word for every number. */
export const words = (id: number): string =>
  [...String(id)].map((digit) => 'abcdefghij'[Number(digit)]).join('')
