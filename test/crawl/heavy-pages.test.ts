import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { createCrawler, defineSource } from '../../src/index.ts'

const KiB = 1_024

/** A site of text pages, so many KiB each. */
async function startSite(kib: readonly number[]): Promise<string> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/plain')
    response.end(Buffer.alloc((kib[Number(request.url!.slice(1))] ?? 0) * KiB, 'word '))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('heavy pages are read a few at a time, and one that is too heavy for company alone', async () => {
  const kib = [...Array.from({ length: 24 }, () => 200), 1_500, ...Array.from({ length: 4 }, () => 200)]
  const origin = await startSite(kib)
  let reading = 0
  let most = 0
  let besideTheHeaviest = 0
  const source = defineSource({
    name: 'heavy',
    params: z.object({}),
    item: z.object({ length: z.number() }),
    robots: false,
    *seeds() {
      for (const at of kib.keys()) yield `${origin}/${at}`
    },
    async *parse(page) {
      most = Math.max(most, ++reading)
      await pause(15)
      const { length } = page.text()
      if (length > 1_000 * KiB) besideTheHeaviest = reading - 1
      reading--
      yield page.item({ length })
    },
  })
  // Two mebibytes of memory for what is read, by estimate: three pages of 200 KiB.
  await using crawler = await createCrawler({ direct: true, politeness: false, bodies: { total: KiB * KiB } })
  const lengths: number[] = []
  for await (const { length } of crawler.crawl(source)) lengths.push(length)
  expect(lengths.toSorted((one, two) => one - two)).toEqual(
    kib.map((each) => each * KiB).toSorted((one, two) => one - two),
  )
  expect(most).toBeLessThanOrEqual(3)
  expect(besideTheHeaviest).toBe(0)
})
