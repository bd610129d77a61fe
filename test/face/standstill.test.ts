import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startLab } from '../../src/lab/index.ts'

/** The crawler in a process of its own, which the test stops and continues as a closed laptop does. */
const program = (proxies: readonly string[], url: string) => `
  import { createCrawler } from ${JSON.stringify(fileURLToPath(new URL('../../src/index.ts', import.meta.url)))}
  const limits = { dial: 500, handshake: 500, firstByte: 900, idle: 900, total: 2_000 }
  const crawler = await createCrawler({ proxies: ${JSON.stringify(proxies)}, politeness: false, timeouts: limits })
  const outcomes = []
  crawler.on('outcome', ({ verdict, reason }) => outcomes.push(verdict + ' ' + reason))
  const all = Array.from({ length: 12 }, (_, n) => crawler.fetch(${JSON.stringify(url)} + '/delay/' + (300 + n), { deadline: 3_000 }))
  setTimeout(() => console.log('under way'), 150)
  const ended = await Promise.allSettled(all)
  const lost = ended.filter(({ status }) => status === 'rejected').map(({ reason }) => String(reason))
  const states = crawler.proxies().map(({ state }) => state)
  await crawler.stop()
  console.log(JSON.stringify({ lost, states, blamed: outcomes.filter((each) => !/^(success|neutral)/.test(each)) }))
`

test('a process that stood still for four seconds blames no proxy, and misses no deadline for it', async () => {
  await using lab = await startLab({ origins: { site: {} }, proxies: [{ count: 4 }] })
  const text = program(lab.proxies, lab.origins.site!.url)
  const child = spawn(process.execPath, ['--input-type=module', '--eval', text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  let isStopped = false
  child.stdout.on('data', (chunk) => {
    said += chunk
    if (isStopped || !said.includes('under way')) return
    isStopped = true
    child.kill('SIGSTOP')
    setTimeout(() => child.kill('SIGCONT'), 4_000)
  })
  await new Promise((ended) => child.on('close', ended))
  expect(JSON.parse(said.trim().split('\n').at(-1)!)).toEqual({
    lost: [],
    states: ['closed', 'closed', 'closed', 'closed'],
    blamed: [],
  })
}, 30_000)
