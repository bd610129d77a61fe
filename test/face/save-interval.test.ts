import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { good, openScene, proxyList } from '../faults/simulation.ts'

test.each([
  [undefined, 5_000],
  [60_000, 60_000],
])(
  'with saveInterval %o, what was learnt of the proxies is first on disk after %i ms',
  async (saveInterval, due) => {
    const state = await mkdtemp(join(tmpdir(), 'regatta-save-'))
    const scene = await openScene({ proxies: proxyList(3), trust: 'blind', state, saveInterval }, () => good)
    const { clock, crawler } = scene
    const isSaved = () => existsSync(join(state, 'reputation.sqlite'))
    const openedAt = clock.now()
    await scene.until(crawler.fetch('http://own.test/page'))
    await clock.advance(openedAt + due - 100 - clock.now())
    expect(isSaved()).toBe(false)
    await clock.advance(200)
    await vi.waitFor(async () => {
      await clock.advance(1)
      expect(isSaved()).toBe(true)
    })
    expect(clock.now() - openedAt).toBeLessThan(due + 2_000)
    await scene.end()
    await rm(state, { recursive: true })
  },
)
