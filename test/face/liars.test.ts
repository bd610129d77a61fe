import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Crawler, createCrawler } from '../../src/index.ts'
import { type Lab, startLab } from '../../src/lab/index.ts'

let lab: Lab
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-liars-'))
  lab = await startLab({
    origins: { shop: { site: { pages: 60 } } },
    proxies: [
      { name: 'honest', count: 4, protocol: 'http' },
      { name: 'liar', protocol: 'http', fault: { kind: 'lie', how: 'numbers' } },
    ],
  })
})
afterEach(async () => {
  await lab.close()
  await rm(folder, { recursive: true, force: true })
})

const standing = (crawler: Crawler) => {
  const { state, reason, trust } = crawler.proxies().find(({ id }) => id === lab.proxy('liar').url)!
  return { state, reason, trust }
}

test('a proxy that lies stays out in the next run, and begins anew when it is let in again', async () => {
  const open = () =>
    createCrawler({ proxies: [...lab.proxies], state: folder, politeness: { interval: 5 }, seed: 1 })
  {
    await using crawler = await open()
    expect(standing(crawler).trust).toBe('unproven')
    for (let n = 1; n < 60 && standing(crawler).trust !== 'lies'; n++)
      await crawler.fetch(`${lab.origins.shop!.url}/page/${n}`)
    expect(standing(crawler)).toEqual({ state: 'isolated', reason: 'lies', trust: 'lies' })
  }
  await using crawler = await open()
  expect(standing(crawler)).toEqual({ state: 'isolated', reason: 'lies', trust: 'lies' })
  crawler.readmit(lab.proxy('liar').url)
  expect(standing(crawler)).toEqual({ state: 'closed', reason: '', trust: 'unproven' })
})
