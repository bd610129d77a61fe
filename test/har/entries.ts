import type { HarArchive, RecordedExchange } from '../../src/contracts/recording.ts'
import { readHar } from '../../src/har/read-har.ts'

/** HAR files as data: what a test does not say is as a browser writes it for a small page. */
export interface GivenEntry {
  readonly request?: Record<string, unknown>
  readonly response?: Record<string, unknown> | null
  readonly [more: string]: unknown
}

export function entryOf({ request, response, ...more }: GivenEntry = {}): object {
  return {
    startedDateTime: '2026-01-02T03:04:05.678Z',
    time: 12,
    request: {
      method: 'GET',
      url: 'https://shop.example/',
      httpVersion: 'HTTP/2',
      headers: [],
      queryString: [],
      cookies: [],
      headersSize: -1,
      bodySize: 0,
      ...request,
    },
    response:
      response === null
        ? null
        : {
            status: 200,
            statusText: '',
            httpVersion: 'HTTP/2',
            headers: [{ name: 'Content-Type', value: 'text/html' }],
            cookies: [],
            content: { size: 5, mimeType: 'text/html', text: 'hello' },
            redirectURL: '',
            headersSize: -1,
            bodySize: -1,
            ...response,
          },
    cache: {},
    timings: { send: 0, wait: 10, receive: 2 },
    ...more,
  }
}

export function harOf(...entries: readonly object[]): string {
  return JSON.stringify({ log: { version: '1.2', creator: { name: 'test', version: '1' }, entries } })
}

export function archiveOf(...entries: readonly object[]): HarArchive {
  return readHar(harOf(...entries), 'test.har')
}

/** The only exchange of a file with this entry. */
export function only(entry: GivenEntry): RecordedExchange {
  const { exchanges, leftOut } = archiveOf(entryOf(entry))
  if (exchanges.length !== 1) throw new Error(`left out: ${leftOut[0]?.reason}`)
  return exchanges[0]!
}

export function textOf({ body }: RecordedExchange): string {
  return new TextDecoder().decode(body)
}
