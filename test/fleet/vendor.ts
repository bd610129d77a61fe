import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { serve } from './origin.ts'

/** A vendor of proxies on loopback, whose API answers as the test says. */
export interface Vendor extends AsyncDisposable {
  readonly url: string
  /** What each path and query was asked, oldest first. */
  readonly asked: string[]
  /** What is answered from now on. */
  answer: (request: IncomingMessage, response: ServerResponse) => void
}

export async function openVendor(answer: Vendor['answer']): Promise<Vendor> {
  const asked: string[] = []
  const vendor: Pick<Vendor, 'answer'> = { answer }
  const origin = await serve((request, response) => {
    asked.push(request.url ?? '')
    vendor.answer(request, response)
  })
  return Object.assign(vendor, {
    url: origin.url,
    asked,
    [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose](),
  })
}

/** The system's clock with short pauses made fifty times shorter; long ones, which are limits, stay. */
export const hasty: Clock = {
  ...systemClock,
  now: () => systemClock.now(),
  wall: () => systemClock.wall(),
  soon: (callback) => systemClock.soon(callback),
  after: (ms, callback) => systemClock.after(ms < 10_000 ? ms / 50 : ms, callback),
}

export function json(value: unknown): Vendor['answer'] {
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  }
}

/** A page of version 2 of Webshare's API, for every page that is asked for. */
export function webshare(accounts: readonly WebshareAccount[]): Vendor['answer'] {
  return (request, response) => {
    const { searchParams } = new URL(request.url!, 'http://localhost')
    const page = Number(searchParams.get('page') ?? 1)
    const size = Number(searchParams.get('page_size') ?? 100)
    const results = accounts.slice((page - 1) * size, page * size).map((each, index) => ({
      id: `d-${index}`,
      username: each.username ?? 'bob',
      password: each.password ?? 'p4ss',
      proxy_address: each.address,
      port: 8080,
      valid: true,
      country_code: each.country ?? 'US',
      city_name: each.city ?? 'New York',
      asn_number: 64500,
    }))
    json({ count: accounts.length, next: 'http://elsewhere.test/', previous: null, results })(
      request,
      response,
    )
  }
}

export interface WebshareAccount {
  readonly address: string
  readonly username?: string
  readonly password?: string
  readonly country?: string
  readonly city?: string
}

/** So many proxies at addresses of their own. */
export function accounts(count: number, about: Partial<WebshareAccount> = {}): WebshareAccount[] {
  return Array.from({ length: count }, (_, index) => ({
    address: `8.8.${Math.floor(index / 250)}.${(index % 250) + 1}`,
    ...about,
  }))
}
