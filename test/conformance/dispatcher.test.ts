import { errors, request } from 'undici'
import { afterAll, beforeAll } from 'vitest'
import { type Crawler, createCrawler, RegattaError } from '../../src/index.ts'
import { checkStandard } from './check.ts'
import { type Asked, refused, standard } from './dispatcher.cases.ts'
import { startEchoServer } from './echo-server.ts'

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

checkStandard(standard, async ({ path = '/echo', options, through, read }: Asked) => {
  const own = crawler.dispatcher
  const dispatcher = through ? own.compose(through()) : own
  try {
    const given = await request(server.origin + path, { dispatcher, ...options?.() })
    return read ? await read(given) : await given.body.json()
  } catch (error) {
    const isRefused =
      error instanceof errors.InvalidArgumentError ||
      (error instanceof RegattaError && error.code === 'OPTION_INVALID') ||
      // Of `query`, undici says it without a code, before it asks the dispatcher.
      /^Query params cannot be passed/.test(String((error as Error).message))
    return isRefused ? refused : (error as Error).name
  }
})
