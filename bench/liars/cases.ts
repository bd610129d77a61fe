import type { Scenario } from '../../src/lab/index.ts'
import type { LieScript } from '../../src/lab/lies/lie-schema.ts'
import { isLiar, type LieCase, scenarioOf } from '../lies/case.ts'

/** Thirty HTTP proxies of which three lie, each on its own, and a site of 400 linked pages over plain HTTP. */
export interface LiarsCase extends LieCase {
  readonly lie: NonNullable<LieCase['lie']>
  /** What each of the three lies with, where the language is to be a certain one. */
  readonly seeds?: readonly number[]
}

const fleet = { proxies: 30, liars: 3, protocol: 'http' } as const
const one = (name: string, how: LieScript['how'], more: Partial<LiarsCase> = {}): LiarsCase => ({
  name,
  fleet,
  lie: { how },
  ...more,
})

export const liarsCases: readonly LiarsCase[] = [
  one('a few words on no list', 'notice'),
  one('a portal in Latin letters', 'portal', { seeds: [5, 7, 36] }),
  one('a portal in Chinese characters', 'portal', { seeds: [15, 27, 34] }),
  one('a page of the site’s shape, other content', 'likeness'),
  one('the first page they fetched, always', 'first-page'),
  one('one more script before </body>', 'script-at-end'),
  one('60 % of the body', 'truncated'),
  one('404 for every page', 'not-found'),
  one('410 for every page', 'gone'),
  one('a redirect to another host', 'redirect-away'),
  one('a few words after six honest pages', 'notice', { lie: { how: 'notice', afterAnswers: 6 } }),
  one('a few words, 40 % of the time', 'notice', { lie: { how: 'notice', share: 0.4 } }),
  one('empty JSON for an interface', 'empty-json', { walk: 'fetch-items', site: { api: true } }),
]

export function liarsScenario(each: LiarsCase, seed: number): Scenario {
  const scenario = scenarioOf(each, seed)
  let liar = 0
  const proxies = scenario.proxies?.map((proxy) =>
    each.seeds && isLiar(proxy.name ?? '')
      ? { ...proxy, fault: { kind: 'lie' as const, ...each.lie, seed: each.seeds[liar++]! } }
      : proxy,
  )
  return { ...scenario, ...(proxies && { proxies }) }
}
