import { describe, expect, test } from 'vitest'
import { locationOf } from '../../src/base/location.ts'
import type { FetchRequest } from '../../src/contracts/request.ts'
import { HostTable } from '../../src/options/host-table.ts'
import { parseOptions } from '../../src/options/options.ts'
import { nextRequest } from '../../src/race/next-request.ts'
import { openScene, proxyList } from '../faults/simulation.ts'
import { checkStandard } from './check.ts'
import { type Followed, type Redirected, standard } from './redirects.cases.ts'

const { plain: settings } = new HostTable(parseOptions({}))

function follow(given: Redirected): Followed {
  const {
    url = 'http://a.test/dir/page?q=1',
    method = 'GET',
    headers = {},
    body,
    status = 302,
    location,
  } = given
  const request: FetchRequest = { url, method, headers, idempotent: method === 'GET', ...(body && { body }) }
  const to = locationOf({ status, url: url.replace(/#.*/, ''), headers: { location } })
  if (to === undefined) return 'a page'
  if (typeof to === 'string') return 'redirect-not-web'
  const next = nextRequest(request, status, to, { settings, allowPrivate: false })
  const sent = next.body === undefined ? {} : { body: String(next.body) }
  const isPlain = method === 'GET' && given.headers === undefined && Object.keys(next.headers).length === 0
  return isPlain ? next.url : { method: next.method, url: next.url, headers: next.headers, ...sent }
}

checkStandard(standard, follow)

/** The same through the whole crawler: what a caller of fetch sees. */
describe('fetch', () => {
  const at = 'http://a.test/'
  const ask = async (location: string | string[] | undefined, status = 302, init: object = {}) => {
    const urls: string[] = []
    const scene = await openScene(
      { proxies: proxyList(2), politeness: false, hedge: false, trust: 'blind' },
      ({ request }) => {
        urls.push(`${request.method} ${request.url}`)
        const isFirst = urls.length === 1 && location !== undefined
        return { afterMs: 5, status: urls.length === 1 ? status : 200, headers: isFirst ? { location } : {} }
      },
    )
    const answer = await scene.until(
      scene.crawler.fetch(at, init).then(
        (response) => `${response.status} ${response.url} ${response.redirected}`,
        (error: { value: { reason: string } }) => error.value.reason,
      ),
    )
    await scene.end()
    return { answer, urls }
  }

  test.each([
    [301, 'GET', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [307, 'POST', 'POST'],
    [308, 'PUT', 'PUT'],
    [303, 'HEAD', 'HEAD'],
  ])('follows a %d of a %s with a %s', async (status, method, after) => {
    const body = method === 'POST' || method === 'PUT' ? { body: 'a=1' } : {}
    const { answer, urls } = await ask('/next', status, { method, ...body })
    expect([answer, urls]).toEqual([`200 ${at}next true`, [`${method} ${at}`, `${after} ${at}next`]])
  })

  test.each([
    ['a 302 without a Location', undefined, 302, {}, `302 ${at} false`],
    ['a 300 with one', '/next', 300, {}, `300 ${at} false`],
    ['a redirect that its caller wants to see', '/next', 302, { redirect: 'manual' }, `302 ${at} false`],
    ['a page of a caller who wants no redirect', undefined, 200, { redirect: 'error' }, `200 ${at} false`],
    ['a redirect of a caller who wants none', '/next', 302, { redirect: 'error' }, 'redirect-refused'],
    ['a redirect to mail', 'mailto:a@a.test', 302, {}, 'redirect-not-web'],
    ['two places', ['/x', '/y'], 302, {}, 'redirect-not-web'],
  ] as const)('gives %s, and asks nothing more', async (_, location, status, init, expected) => {
    const { answer, urls } = await ask(location as string | undefined, status, init)
    expect([answer, urls.length]).toEqual([expected, 1])
  })

  test('takes twenty redirects, and not one more', async () => {
    for (const most of [20, 21]) {
      const scene = await openScene(
        { proxies: proxyList(2), politeness: false, hedge: false },
        ({ request }) => {
          const step = Number(new URL(request.url).searchParams.get('n'))
          return step < most
            ? { afterMs: 5, status: 302, headers: { location: `?n=${step + 1}` } }
            : { afterMs: 5 }
        },
      )
      const end = scene.crawler.fetch(`${at}?n=0`).then(
        ({ status }) => status,
        (error: { value: { reason: string } }) => error.value.reason,
      )
      expect(await scene.until(end)).toBe(most === 20 ? 200 : 'redirect-limit')
      await scene.end()
    }
  })
})
