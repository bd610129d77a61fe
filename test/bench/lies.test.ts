import { expect, it } from 'vitest'
import type { LieCase } from '../../bench/lies/case.ts'
import { drawnCase } from '../../bench/lies/lie-cases.ts'
import { runInLab, runSimulated } from '../../bench/lies/run.ts'

const small: LieCase = { name: 'small', pages: 40, fleet: { proxies: 6, liars: 0, protocol: 'http' } }

it.each([
  { walk: 'links', site: { varies: { nonces: true, related: true, clock: true } } },
  { walk: 'list', site: { varies: { shell: true } } },
  { walk: 'items', site: { api: true } },
  { walk: 'sitemap', site: { sitemap: 'plain' } },
  { walk: 'fetch', site: { coding: 'gzip', charsets: 0 } },
  { walk: 'fetch-items', site: { api: true } },
] as const)('every page of an honest site counts as right: by $walk', async (each) => {
  const tally = await runSimulated({ ...small, ...each }, 3)
  expect(tally).toMatchObject({ right: 40, wrong: 0, missing: 0, convictedHonest: 0 })
})

it('no page counts as right where all lie', async () => {
  const fleet = { proxies: 6, liars: 6, protocol: 'socks5' } as const
  const tally = await runSimulated({ ...small, fleet, lie: { how: 'numbers' } }, 3)
  expect(tally).toMatchObject({ right: 0, missing: 40, liars: 6, convictedHonest: 0 })
})

it('sockets bring what virtual time brings', async () => {
  expect(await runInLab(small, 3)).toMatchObject({ right: 40, wrong: 0, missing: 0 })
})

it('a drawn case is the same for the same seed, and another for another', () => {
  expect(drawnCase(5)).toEqual(drawnCase(5))
  expect(drawnCase(6)).not.toEqual(drawnCase(5))
})
