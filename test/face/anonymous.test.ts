import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createCrawler } from '../../src/face/crawler.ts'
import { serve } from '../fleet/origin.ts'

/** An HTTP proxy that adds headers, as `adds` says at that moment, and keeps count of the pages that it was asked for. */
async function openProxy(adds: () => Record<string, string>) {
  const pages: string[] = []
  const origin = await serve((asked, answer) => {
    if (!asked.url!.endsWith('/echo')) pages.push(asked.url!)
    const headers = { ...asked.headers, ...adds() }
    const onward = request(asked.url!, { method: asked.method!, headers }, (got) => {
      answer.writeHead(got.statusCode!, got.headers)
      got.pipe(answer)
    })
    onward.on('error', () => answer.destroy())
    onward.end()
  })
  return Object.assign(origin, { pages })
}

/** Answers `/echo` with the address and the headers it was asked with, anything else with a page. */
const openSite = () =>
  serve((asked, answer) => {
    const isEcho = asked.url === '/echo'
    const echo = { origin: asked.socket.remoteAddress, headers: asked.headers }
    answer.writeHead(200, { 'content-type': isEcho ? 'application/json' : 'text/html' })
    answer.end(
      isEcho ? JSON.stringify(echo) : '<html><title>page</title><body>a page of some length</body></html>',
    )
  })

const basics = { politeness: false, trust: 'blind', allowPrivateTargets: true } as const

describe('where anonymity is asked for', () => {
  it.each([
    ['X-Forwarded-For with our address', { 'x-forwarded-for': '127.0.0.1' }],
    ['X-Forwarded-For with an address behind ours', { 'x-forwarded-for': '192.0.2.77, 127.0.0.1' }],
    ['Forwarded', { forwarded: 'for=192.0.2.77;proto=http' }],
    ['X-Real-IP', { 'x-real-ip': '192.0.2.77' }],
  ])('a proxy that adds %s is not used, and that is told', async (_, added) => {
    await using site = await openSite()
    await using clean = await openProxy(() => ({}))
    await using leaky = await openProxy(() => added)
    const anonymous = { echoes: [`${site.url}/echo`] }
    await using crawler = await createCrawler({
      ...basics,
      proxies: [clean.url, leaky.url],
      anonymous,
      seed: 1,
    })
    for (let n = 0; n < 6; n++) await crawler.fetch(`${site.url}/${n}`)
    await expect.poll(() => leaky.pages).toEqual([])
    expect(clean.pages).toHaveLength(6)
    expect(crawler.proxies().map(({ id }) => id)).toEqual([clean.url])
  })

  it('one that names itself in Via is used, and one that begins to show us goes at the next refresh', async () => {
    await using site = await openSite()
    const changing: Record<string, string> = { via: '1.1 proxy' }
    await using polite = await openProxy(() => ({ via: '1.1 other' }))
    await using turning = await openProxy(() => changing)
    const anonymous = { echoes: [`${site.url}/echo`] }
    await using crawler = await createCrawler({ ...basics, proxies: [polite.url, turning.url], anonymous })
    const alerts: string[] = []
    crawler.on('alert', ({ code, message }) => alerts.push(`${code}: ${message}`))
    await expect.poll(() => crawler.proxies()).toHaveLength(2)
    changing['x-forwarded-for'] = '192.0.2.77'
    await crawler.refresh()
    await expect.poll(() => crawler.proxies().map(({ id }) => id)).toEqual([polite.url])
    await expect
      .poll(() => alerts)
      .toEqual([expect.stringMatching(/^LEAK: 1 of 2 proxies shows our address/)])
  })

  it('no start is made when none is left, and none with what shows us in any case', async () => {
    await using site = await openSite()
    await using leaky = await openProxy(() => ({ 'x-forwarded-for': '192.0.2.77' }))
    const anonymous = { echoes: [`${site.url}/echo`] }
    const start = (options: object) =>
      createCrawler({ ...basics, proxies: [leaky.url], anonymous, ...options })
    await expect(start({})).rejects.toMatchObject({
      code: 'PROXY_LIST_EMPTY',
      message: expect.stringContaining('1 proxy shows our address'),
    })
    // An echo that tells no headers cannot say; one over TLS could not be told by the proxy.
    await expect(start({ anonymous: { echoes: [`${site.url}/`] } })).rejects.toThrow('the echo says nothing')
    await expect(start({ anonymous: { echoes: ['https://echo.example/'] } })).rejects.toThrow(
      'over plain HTTP',
    )
    await expect(start({ anonymous: true })).rejects.toThrow('over plain HTTP')
    await expect(start({ direct: true })).rejects.toThrow('"direct"')
    expect(leaky.pages).toEqual([`${site.url}/`])
  })
})
