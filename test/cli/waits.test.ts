import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer as createWebServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { endCommands, startCommand } from './process.ts'

/** What a shell sees of a list of proxies that are all dead. */
const list = join(tmpdir(), `regatta-dead-${process.pid}.txt`)
beforeAll(async () => {
  await writeFile(list, (await closedPorts(3)).map((port) => `http://127.0.0.1:${port}\n`).join(''))
})
afterAll(endCommands)

/** Ports at which nobody listens. */
async function closedPorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))))
  return ports
}

test('a crawl through dead proxies ends with exit 1 and says what to do', async () => {
  const run = startCommand(['crawl', 'http://example.test/', '--proxies', list, '--no-state'])
  expect(await run.ended).toMatchObject({ code: 1 })
  expect(run.stderr()).toMatch(
    /None of the 3 proxies has answered \(3 dial-refused\)\. .*--keep-trying.*proxies check LIST/,
  )
  expect(run.stderr()).not.toContain('in 0 ms')
})

test('with --keep-trying it waits, says so, and --deadline ends the page that waits for its robots.txt', async () => {
  const wait = ['--keep-trying', '--deadline', '2s']
  const run = startCommand(['crawl', 'http://example.test/', '--proxies', list, '--no-state', ...wait])
  expect(await run.ended).toMatchObject({ code: 1 })
  expect(run.stderr()).toMatch(
    /gave up http:\/\/example\.test\/: no answer from example\.test within the deadline \(2\.0 s\); the last attempt .*dial-refused.*robots\.txt/,
  )
  expect(run.stderr()).toMatch(/attempts {2}[1-9]/)
})

test('the second Ctrl-C ends a crawl whose parse never settles, within seconds', async () => {
  const site = createWebServer((_, response) => void response.end('<p>here</p>')).listen(0, '127.0.0.1')
  await once(site, 'listening')
  const { port } = site.address() as AddressInfo
  const source = join(tmpdir(), `regatta-stuck-${process.pid}.mjs`)
  await writeFile(
    source,
    `export default {
      name: 'stuck', robots: false, params: none(), item: none(),
      *seeds() { yield 'http://127.0.0.1:${port}/' },
      async *parse() {
        setInterval(() => {}, 1_000)
        console.error('in parse')
        await new Promise(() => {})
      },
    }
    function none() {
      return { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }
    }`,
  )
  const run = startCommand(['crawl', source, '--direct', '--no-state'])
  try {
    await run.untilStderr(/in parse/)
    run.child.kill('SIGINT')
    await run.untilStderr(/Ctrl-C again/)
    const from = performance.now()
    run.child.kill('SIGINT')
    expect(await run.ended).toEqual({ code: 130, signal: null })
    expect(performance.now() - from).toBeLessThan(9_000)
  } finally {
    site.close()
  }
})
