import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import type { RecordedExchange } from '../../src/contracts/recording.ts'
import type { Source } from '../../src/contracts/source.ts'
import { defineSource } from '../../src/source/define-source.ts'

/** A shop of two pages, a source that reads it, and as many ways to get it wrong as a test needs. */
export const front = 'https://shop.example/'

export const shop = defineSource({
  name: 'shop',
  params: z.object({ base: z.url().default(front) }),
  item: z.object({ title: z.string(), price: z.number() }),
  *seeds({ base }) {
    yield base
  },
  *parse(page) {
    for (const element of page.$('li')) {
      const found = page.$(element)
      yield page.item({ title: found.find('b').text(), price: Number(found.find('i').text()) })
    }
    yield page.follow('a.next')
  },
})

/** The same with other members; the compiler does not see what an author gets wrong. */
export function shopWith(members: object): Source {
  return defineSource({ ...shop, ...members } as never) as unknown as Source
}

export const product = (title: string, price: string) => `<li><b>${title}</b><i>${price}</i></li>`

export const listing = (products: string, next?: string) =>
  `<!doctype html><title>Shop</title><ul>${products}</ul>${next ? `<a class="next" href="${next}">more</a>` : ''}`

export const twoPages = [
  { url: front, body: listing(product('Rope', '3') + product('Oar', '20'), '/2') },
  { url: `${front}2`, body: listing(product('Bell', '7')) },
]

export const answer = (
  url: string,
  body: string,
  more: Partial<RecordedExchange> = {},
): RecordedExchange => ({
  method: 'GET',
  url,
  requestHeaders: {},
  status: 200,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: new TextEncoder().encode(body),
  startedAt: Date.UTC(2026, 5, 1),
  ...more,
})

export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-kit-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** What is wrong, as the author of a source reads it. */
export const complaint = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing',
    (error: Error & { code?: string }) => `${error.name} ${error.code}: ${error.message}`,
  )
