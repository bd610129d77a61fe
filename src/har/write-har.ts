import { Buffer } from 'node:buffer'
import type { RecordedExchange } from '../contracts/recording.ts'
import { pairsOf } from './har-headers.ts'
import { redactBody, redactRequestHeaders, redactResponseHeaders, redactUrl, textOf } from './redaction.ts'

/**
 * Exchanges as a HAR 1.2 file that other tools open too. A body that is UTF-8 stands there as text, so that a fixture can be
 * read and mended by hand; `_exact` says that it is the body byte for byte. Everything else is base64. Cookies, credentials
 * and secrets are left out (redaction.ts); a replay finds its answers all the same.
 */
export interface WriteHarOptions {
  /** What the file says of itself: `log.comment`. Default: nothing. */
  readonly comment?: string | undefined
  /** `keep` writes cookies, credentials and secrets as they were sent. Default `redact`. */
  readonly secrets?: 'redact' | 'keep' | undefined
  /** The version of the program that has recorded it. Default: the version of the format. */
  readonly version?: string | undefined
}

export function writeHar(exchanges: readonly RecordedExchange[], options: WriteHarOptions = {}): string {
  const { comment, secrets = 'redact', version = '1.2' } = options
  const entries = exchanges.map((exchange) => entryOf(secrets === 'keep' ? exchange : redacted(exchange)))
  const log = {
    version: '1.2',
    creator: { name: 'regatta', version },
    ...(comment !== undefined && { comment }),
    entries,
  }
  return `${JSON.stringify({ log }, undefined, 2)}\n`
}

function redacted(exchange: RecordedExchange): RecordedExchange {
  const { url, requestHeaders, requestBody, headers, unseen } = exchange
  return {
    ...exchange,
    url: redactUrl(url, unseen),
    requestHeaders: redactRequestHeaders(requestHeaders, unseen),
    ...(requestBody && { requestBody: redactBody(requestBody, requestHeaders['content-type']) }),
    headers: redactResponseHeaders(headers),
  }
}

function entryOf(exchange: RecordedExchange): object {
  const { startedAt, timing, error, passedOver } = exchange
  const { firstByteMs = 0, totalMs = 0 } = timing ?? {}
  return {
    startedDateTime: new Date(startedAt).toISOString(),
    time: totalMs,
    request: requestOf(exchange),
    response: responseOf(exchange),
    cache: {},
    timings: { send: 0, wait: firstByteMs, receive: Math.max(0, totalMs - firstByteMs) },
    ...(error !== undefined && { _error: error }),
    ...(passedOver !== undefined && { _passedOver: passedOver }),
  }
}

function requestOf({ method, url, requestHeaders, requestBody, isBodyUnknown }: RecordedExchange): object {
  const query = [...new URL(url).searchParams]
  return {
    method,
    url,
    httpVersion: 'HTTP/1.1',
    cookies: [],
    headers: pairsOf(requestHeaders),
    queryString: query.map(([name, value]) => ({ name, value })),
    ...(requestBody && { postData: postDataOf(requestBody, requestHeaders['content-type']) }),
    headersSize: -1,
    bodySize: requestBody?.length ?? (isBodyUnknown ? 1 : 0),
  }
}

function postDataOf(body: Uint8Array, mimeType = ''): object {
  const text = textOf(body)
  return text === undefined ? { mimeType, text: base64(body), encoding: 'base64' } : { mimeType, text }
}

function responseOf(exchange: RecordedExchange): object {
  const { status, statusText = '', headers, body, omittedBytes } = exchange
  const { location, 'content-type': type } = headers
  const mimeType = [type ?? ''].flat().join(', ')
  return {
    status,
    statusText,
    httpVersion: 'HTTP/1.1',
    cookies: [],
    headers: pairsOf(headers),
    content: { size: omittedBytes ?? body.length, mimeType, ...contentOf(body, omittedBytes) },
    redirectURL: [location ?? ''].flat()[0] ?? '',
    headersSize: -1,
    bodySize: -1,
  }
}

function contentOf(body: Uint8Array, omittedBytes: number | undefined): object {
  if (omittedBytes !== undefined) return { comment: 'too large to be kept' }
  const text = textOf(body)
  return text === undefined ? { text: base64(body), encoding: 'base64' } : { text, _exact: true }
}

function base64(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.length).toString('base64')
}
