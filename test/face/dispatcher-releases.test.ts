import * as eight from 'undici'
import * as six from 'undici-6'
import * as seven from 'undici-7'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Crawler, createCrawler } from '../../src/index.ts'
import { type Lab, startLab } from '../../src/lab/index.ts'

/**
 * The interceptors of undici 6 are for handlers of the older kind, those of 8 for the newer one, and in 7 `compose` turns the
 * one into the other. The crawler's dispatcher has to do with all of them. (In 6 there are no `cache` and `responseError`.)
 */
let lab: Lab
let crawler: Crawler
let base: string
beforeAll(async () => {
  lab = await startLab({ origins: { site: { site: { pages: 5 } } }, proxies: [{ count: 2 }] })
  crawler = await createCrawler({ proxies: [...lab.proxies], politeness: false, hedge: false })
  base = lab.origins.site!.url
})
afterAll(async () => {
  await crawler?.stop()
  await lab?.close()
})

type Undici = typeof eight
const releases = [
  ['undici 6', six as unknown as Undici],
  ['undici 7', seven as unknown as Undici],
  ['undici 8', eight],
  [
    'undici 7, with the interceptors of 8',
    { ...(seven as unknown as Undici), interceptors: eight.interceptors },
  ],
] as const

describe.each(releases)('%s', (name, { request, fetch: fetchBy, interceptors, RetryAgent }) => {
  const through = (...own: eight.Dispatcher.DispatcherComposeInterceptor[]) =>
    crawler.dispatcher.compose(...own)
  const pageOf = async (path: string, dispatcher: eight.Dispatcher) => {
    const { statusCode, body } = await request(base + path, { dispatcher })
    return { statusCode, text: await body.text() }
  }
  const page = { statusCode: 200, text: expect.stringContaining('<html') }

  test('has the page by request and by fetch', async () => {
    expect(await pageOf('/page/1', crawler.dispatcher)).toEqual(page)
    const response = await fetchBy(`${base}/page/1`, { dispatcher: crawler.dispatcher })
    expect(await response.text()).toContain('<html')
  })

  test('has it through redirect, retry and both', async () => {
    const redirect = interceptors.redirect({ maxRedirections: 3 })
    const retry = interceptors.retry({ maxRetries: 1 })
    expect(await pageOf('/redirect/2', through(redirect))).toMatchObject({ statusCode: 200 })
    expect(await pageOf('/page/1', through(retry))).toEqual(page)
    expect(await pageOf('/redirect/2', through(retry, redirect))).toMatchObject({ statusCode: 200 })
    expect(await pageOf('/redirect/2', through(retry).compose(redirect))).toMatchObject({ statusCode: 200 })
  })

  test('has it through dump, without its body', async () => {
    expect(await pageOf('/page/1', through(interceptors.dump()))).toEqual({ statusCode: 200, text: '' })
  })

  test.skipIf(name === 'undici 6')('rejects a status of failure through responseError', async () => {
    await expect(pageOf('/status/404', through(interceptors.responseError()))).rejects.toMatchObject({
      statusCode: 404,
    })
  })

  test.skipIf(name === 'undici 6')('has it through cache', async () => {
    const cached = through(interceptors.cache?.())
    expect(await pageOf('/page/1', cached)).toEqual(page)
    expect(await pageOf('/page/1', cached)).toEqual(page)
  })

  test('has it through a RetryAgent', async () => {
    expect(await pageOf('/page/1', new RetryAgent(crawler.dispatcher, { maxRetries: 1 }))).toEqual(page)
  })
})
