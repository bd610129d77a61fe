import { afterAll, beforeAll } from 'vitest'
import { type Crawler, createCrawler, RegattaError } from '../../src/index.ts'
import { checkStandard } from './check.ts'
import { type Seen, startEchoServer } from './echo-server.ts'
import { type Asked, refused, standard } from './fetch.cases.ts'

let server: Awaited<ReturnType<typeof startEchoServer>>
let crawler: Crawler
beforeAll(async () => {
  server = await startEchoServer()
  crawler = await createCrawler({ direct: true, politeness: false, hedge: false })
})
afterAll(async () => {
  await crawler?.stop()
  server?.close()
})

checkStandard(standard, async ({ path = '/echo', url, init, request, read = seen }: Asked) => {
  const target = url ? url(server.origin) : server.origin + path
  try {
    return await read(await crawler.fetch(request ? request(target) : target, init?.()))
  } catch (error) {
    const isRefused = error instanceof RegattaError && /^(OPTION|URL)_INVALID$/.test(error.code)
    return isRefused ? refused : error instanceof Error ? error.name : error
  }
})

async function seen(response: Response): Promise<Omit<Seen, 'url'>> {
  const { method, body, headers } = (await response.json()) as Seen
  return { method, body, headers }
}
