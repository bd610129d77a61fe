import { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import {
  getGlobalDispatcher,
  interceptors,
  pipeline,
  request,
  setGlobalDispatcher,
  stream,
  FormData as UndiciFormData,
  fetch as undiciFetch,
  upgrade,
} from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Crawler, createCrawler } from '../../src/index.ts'
import { type Lab, startLab } from '../../src/lab/index.ts'

/** `crawler.dispatcher` in the hands of every client that takes one. Node's own fetch has handlers of undici 7. */
let lab: Lab
let crawler: Crawler
let base: string
beforeAll(async () => {
  lab = await startLab({ origins: { site: { site: { pages: 5 } } }, proxies: [{ count: 2 }] })
  // Attempts are counted: nobody is compared.
  const own = { politeness: false, hedge: false, trust: 'blind' } as const
  crawler = await createCrawler({ proxies: [...lab.proxies], ...own })
  base = lab.origins.site!.url
})
afterAll(async () => {
  await crawler?.stop()
  await lab?.close()
})

interface Echo {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body?: string
}

const fetches = [
  ['fetch of Node', fetch as unknown as typeof undiciFetch],
  ['fetch of undici', undiciFetch],
] as const

describe.each(fetches)('%s', (_, fetchBy) => {
  const ask = (path: string, init = {}) => fetchBy(base + path, { dispatcher: crawler.dispatcher, ...init })

  test('has the page, its headers, and who brought it', async () => {
    const response = await ask('/page/1')
    expect(response).toMatchObject({ status: 200, url: `${base}/page/1`, redirected: false })
    expect(response.headers.get('content-type')).toContain('text/html')
    expect(response.headers.get('x-regatta-proxy')).toBeTruthy()
    expect(await response.text()).toContain('<html')
  })

  test('knows where a redirect has led, or is given the redirect itself', async () => {
    const response = await ask('/redirect/2')
    expect(response).toMatchObject({ status: 200, redirected: true, url: `${base}/redirect/0` })
    const manual = await ask('/redirect/2', { redirect: 'manual' })
    expect(manual.status).toBe(302)
    expect(manual.headers.get('location')).toBeTruthy()
  })

  test('sends a body, and a form', async () => {
    const plain = await ask('/echo', { method: 'POST', body: 'a=1' })
    expect((await plain.json()) as Echo).toMatchObject({ method: 'POST', body: 'a=1' })
    const form = new URLSearchParams({ q: 'x' })
    const echo = (await (await ask('/echo', { method: 'POST', body: form })).json()) as Echo
    expect(echo.headers['content-type']).toContain('application/x-www-form-urlencoded')
    expect(echo.body).toBe('q=x')
  })

  test('is rejected with the reason when its signal aborts', async () => {
    const failing = ask('/delay/5000', { signal: AbortSignal.timeout(50) })
    await expect(failing).rejects.toMatchObject({ name: 'TimeoutError' })
  })
})

test('request of undici follows redirects, and its context has the URLs', async () => {
  const { dispatcher } = crawler
  const { statusCode, headers, body, context } = await request(`${base}/redirect/2`, { dispatcher })
  expect(statusCode).toBe(200)
  expect(headers['x-regatta-attempts']).toBe('3')
  const { history } = context as { history: URL[] }
  expect(history.map(({ pathname }) => pathname)).toEqual(['/redirect/2', '/redirect/1', expect.any(String)])
  await body.dump()
})

test('request of undici sends its query and its form', async () => {
  const { dispatcher } = crawler
  const form = new UndiciFormData()
  form.append('name', 'value')
  const { body } = await request(`${base}/echo`, {
    dispatcher,
    method: 'POST',
    query: { q: 'x y', n: [1, 2] },
    body: form as never,
  })
  const echo = (await body.json()) as Echo & { url?: string; path?: string }
  expect(echo.headers['content-type']).toContain('multipart/form-data')
  expect(echo.body).toContain('value')
  expect(JSON.stringify(echo)).toContain('q=x%20y&n=1&n=2')
})

test('stream and pipeline of undici get the page', async () => {
  const { dispatcher } = crawler
  const chunks: Buffer[] = []
  await stream(
    `${base}/page/2`,
    { dispatcher, method: 'GET' },
    () =>
      new Writable({
        write(chunk: Buffer, _, done) {
          chunks.push(chunk)
          setImmediate(done)
        },
      }),
  )
  expect(Buffer.concat(chunks).toString()).toContain('<html')
  const through = pipeline(`${base}/page/3`, { dispatcher, method: 'GET' }, ({ body }) => body)
  expect(await text(Readable.from([]).pipe(through))).toContain('<html')
})

test('an interceptor of undici goes before it', async () => {
  const dispatcher = crawler.dispatcher.compose(interceptors.responseError())
  await expect(request(`${base}/status/404`, { dispatcher })).rejects.toMatchObject({ statusCode: 404 })
})

test('set as the global one it carries every fetch, and closing it closes nothing of the crawler', async () => {
  const before = getGlobalDispatcher()
  try {
    setGlobalDispatcher(crawler.dispatcher)
    for (const [, fetchBy] of fetches) {
      const response = await fetchBy(`${base}/page/1`)
      expect(response.headers.get('x-regatta-proxy')).toBeTruthy()
      await response.text()
    }
  } finally {
    setGlobalDispatcher(before)
  }
  await crawler.dispatcher.close()
  await crawler.dispatcher.destroy()
  expect((await crawler.fetch(`${base}/page/1`)).status).toBe(200)
})

test('an upgrade is refused in a sentence', async () => {
  const { dispatcher } = crawler
  await expect(upgrade(base, { dispatcher, protocol: 'websocket' })).rejects.toThrow(
    /upgrade .*crawler\.lease/,
  )
})

test('crawler.fetch gives a redirect itself when asked to', async () => {
  const response = await crawler.fetch(`${base}/redirect/2`, { redirect: 'manual' })
  expect(response.status).toBe(302)
  expect(response.headers.get('location')).toBeTruthy()
  const odd = crawler.fetch(`${base}/`, { redirect: 'perhaps' as never })
  await expect(odd).rejects.toMatchObject({ code: 'OPTION_INVALID' })
})
