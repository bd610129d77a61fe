import { showValue } from '../base/show.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { HarArchive, LeftOutEntry, RecordedExchange } from '../contracts/recording.ts'
import { type FoundBody, fileBodyOf, requestBodyOf, responseBodyOf } from './har-body.ts'
import { requestHeadersOf, responseHeadersOf } from './har-headers.ts'
import { type HarEntry, harShape } from './har-shape.ts'

/**
 * A HAR file as browsers' developer tools, Playwright, mitmproxy, Charles, Fiddler and Regatta itself save it. What is no
 * answer of a site (a blocked request, a websocket, an image out of a data: URL, a page whose body the browser had let
 * go) is left out and listed with its reason, so that nobody wonders why a replay lacks it.
 */

/** Longer files are refused: all of a file is in memory at once. In characters, and about as many bytes. */
export const longestHar = 100 * 1024 * 1024

export interface ReadHarOptions {
  /** Bodies that the file names and does not hold (`content._file`), as Playwright's `content: 'attach'` has them. Default: there are none. */
  readonly bodyOf?: ((name: string) => Uint8Array | undefined) | undefined
}

/** Throws HAR_INVALID, naming the file and the place in it. `name` is what messages call it. */
export function readHar(text: string, name: string, options: ReadHarOptions = {}): HarArchive {
  if (text.length > longestHar) throw harTooLong(name, text.length)
  const parsed = harShape.safeParse(parseJson(text, name))
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    throw invalid(name, placeOf(path), message)
  }
  const { comment, entries } = parsed.data.log
  const exchanges: RecordedExchange[] = []
  const leftOut: LeftOutEntry[] = []
  for (const [index, entry] of entries.entries()) {
    const place = `log.entries[${index}]`
    const found = exchangeOf(entry, place, name, options)
    if (typeof found === 'string') {
      leftOut.push({
        place,
        method: entry.request.method.toUpperCase(),
        url: entry.request.url,
        reason: found,
      })
    } else exchanges.push(found)
  }
  return { name, comment: comment ?? undefined, exchanges: inOrder(exchanges), leftOut }
}

export function harTooLong(name: string, size: number): RegattaError {
  const megabytes = (bytes: number) => Math.round(bytes / 1024 / 1024)
  const way = 'Record fewer pages, or leave out images and fonts'
  return invalid(
    name,
    undefined,
    `it has ${megabytes(size)} MB, and at most ${megabytes(longestHar)} MB are read. ${way}`,
  )
}

export function invalid(name: string, place: string | undefined, what: string): RegattaError {
  const where = place === undefined ? '' : `${place}: `
  return new RegattaError('HAR_INVALID', `HAR file "${name}" cannot be used: ${where}${what}.`, {
    value: { name, place },
  })
}

/** An exchange, or why it is none. */
function exchangeOf(
  { request, response, ...entry }: HarEntry,
  place: string,
  name: string,
  { bodyOf }: ReadHarOptions,
): RecordedExchange | string {
  const url = webUrl(request.url)
  if (url === undefined) return 'it is no web address'
  const method = request.method.toUpperCase()
  if (method === 'CONNECT') return 'it opens a tunnel'
  if (entry._resourceType === 'websocket') return 'it is a websocket'
  if (!response) return 'no answer came'
  const failure = [entry._error, response._error, response._failureText].find((each) => isSaid(each))
  if (failure !== undefined) return `it failed: ${showValue(failure)}`
  const { status } = response
  if (status === null || status <= 0) return 'no answer came: it was blocked, cancelled or still under way'
  if (status < 200 || status > 599) return `status ${status} is no answer of a page`
  if (/truncated/i.test(response.content?.comment ?? '')) return 'its body is cut off in the file'
  const requestHeaders = requestHeadersOf(request.headers)
  const headers = responseHeadersOf(response.headers)
  if (response.redirectURL && headers.location === undefined && status < 400 && status >= 300)
    headers.location = response.redirectURL
  const wrongAt = (path: string) => (what: string) => invalid(name, `${place}.${path}`, what)
  const sent = requestBodyOf(request, wrongAt('request.postData.text'))
  const file = response.content?._file
  const body: FoundBody = file
    ? fileBodyOf(bodyOf?.(file), response, headers)
    : responseBodyOf(response, { method, status, headers }, wrongAt('response.content.text'))
  if (body.bytes === undefined)
    return file ? `its body is in another file, "${file}", which is not there` : 'its body is not in the file'
  if (body.contentType !== undefined) headers['content-type'] = body.contentType
  const isFromCache = status === 304 && body.bytes.length > 0
  return {
    method,
    url,
    requestHeaders,
    ...(sent.bytes && { requestBody: sent.bytes }),
    ...(sent.isUnknown && { isBodyUnknown: true }),
    // A browser shows what it had in its cache: that is the page.
    status: isFromCache ? 200 : status,
    statusText: isFromCache ? 'OK' : (response.statusText ?? ''),
    headers,
    body: body.bytes,
    startedAt: momentOf(entry.startedDateTime),
    timing: timingOf(entry),
    passedOver: entry._passedOver ?? undefined,
  }
}

function isSaid(failure: unknown): boolean {
  return failure !== undefined && failure !== null && failure !== '' && failure !== false
}

function webUrl(text: string): string | undefined {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) return undefined
  url.hash = ''
  return url.href
}

function momentOf(startedDateTime: unknown): number {
  return typeof startedDateTime === 'string' ? Date.parse(startedDateTime) : Number.NaN
}

function timingOf({ time, timings }: Pick<HarEntry, 'time' | 'timings'>): RecordedExchange['timing'] {
  if (typeof time !== 'number' || !(time >= 0)) return undefined
  const receive = (timings as { receive?: unknown } | null | undefined)?.receive
  const tail = typeof receive === 'number' && receive > 0 ? Math.min(receive, time) : 0
  return { firstByteMs: time - tail, totalMs: time }
}

/** As they were asked for. An entry without a date stands behind the one before it. */
function inOrder(exchanges: readonly RecordedExchange[]): RecordedExchange[] {
  let last = 0
  const dated = exchanges.map((exchange) => {
    last = Number.isNaN(exchange.startedAt) ? last : exchange.startedAt
    return { ...exchange, startedAt: last }
  })
  return dated.sort((one, other) => one.startedAt - other.startedAt)
}

function parseJson(text: string, name: string): unknown {
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text
  if (json.trim() === '') throw invalid(name, undefined, 'it is empty')
  if (json.startsWith('PK\u0003')) throw invalid(name, undefined, 'it is a ZIP file: unpack it first')
  try {
    return JSON.parse(json)
  } catch (error) {
    // The words of the parser repeat what stands there, which may be a secret.
    const at = /at position (\d+)/.exec(String(error))?.[1]
    const lines = at === undefined ? undefined : json.slice(0, Number(at)).split('\n')
    const where = lines ? ` (line ${lines.length}, column ${lines.at(-1)!.length + 1})` : ''
    const isCut = /end of JSON/i.test(String(error))
    const what = isCut ? 'it ends in the middle of its JSON' : `it is no JSON${where}`
    throw invalid(name, undefined, `${what}. Save it again from the browser or tool that made it`)
  }
}

/** `log.entries[3].response.status` */
function placeOf(path: readonly PropertyKey[]): string | undefined {
  if (path.length === 0) return undefined
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .slice(1)
}
