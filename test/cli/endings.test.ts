import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, it } from 'vitest'
import { endCommands, startCommand } from './process.ts'

/** One's own machine and no proxy, as on the first day: each of these used to wait for minutes. */
const servers: Server[] = []
afterAll(async () => {
  await endCommands()
  for (const server of servers) server.close()
})

async function serverThatAnswers(status: number): Promise<string> {
  const server = createServer((_, reply) =>
    reply.writeHead(status, { 'content-type': 'text/html' }).end('<p>no'),
  )
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

async function crawl(url: string, ...flags: string[]) {
  const run = startCommand(['crawl', url, '--direct', '--no-state', ...flags])
  const { code } = await run.ended
  return { code, text: run.stderr() }
}

it.concurrent('a page that is refused is given up within seconds, with what the server has answered', async ({
  expect,
}) => {
  const { code, text } = await crawl(await serverThatAnswers(403))
  expect(code).toBe(1)
  expect(text).toMatch(/gave up http:\/\/127\.0\.0\.1:\d+\/: .*status 403/)
})

it.concurrent('a server that is not running is named, and its pages are given up within seconds', async ({
  expect,
}) => {
  const { code, text } = await crawl('http://127.0.0.1:1/')
  expect(code).toBe(1)
  expect(text).toMatch(/127\.0\.0\.1:1 cannot be reached \(dial-refused\): is it running/)
  expect(text).toMatch(/gave up .*no exit reaches 127\.0\.0\.1:1/)
})

it.concurrent('a server that answers 429 is said to limit us, and its pages end at their deadline', async ({
  expect,
}) => {
  const { code, text } = await crawl(await serverThatAnswers(429), '--deadline', '3s')
  expect(code).toBe(1)
  expect(text).toMatch(/127\.0\.0\.1:\d+ limits us \(status-429\)/)
  expect(text).toMatch(/deadline/)
})
