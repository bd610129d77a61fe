import type { TaskResult } from '../contracts/job.ts'
import type { Trust } from '../contracts/trust.ts'

/** What `crawler.fetch` resolves with. */
export interface TrustedResponse extends Response {
  /** How far the answer may be believed: see docs/trust.md. */
  readonly trust: Trust
}

const withoutBody = new Set([101, 204, 205, 304])

/**
 * The Response that `crawler.fetch` resolves with. Its body is complete and its headers are plain data already, so
 * streams and a Headers object are made only for those who ask: building them for every answer was measured at a quarter
 * of the engine's cost. It is a WHATWG Response in everything a caller can see, with the headers as the host sent them: the
 * body is decoded, and `content-encoding` and `content-length` still speak of the wire, as in every fetch. A body that was too
 * large for memory streams from its file, which is gone when it was read, cancelled or forgotten.
 */
export class FetchedResponse extends Response implements TrustedResponse {
  readonly #result: TaskResult & { ok: true }
  readonly #hasBody: boolean
  #isUsed = false
  #plain: Response | undefined
  #hasHeaders = false

  constructor(result: TaskResult & { ok: true }, method: string) {
    super()
    this.#result = result
    this.#hasBody = method !== 'HEAD' && !withoutBody.has(result.response.status)
  }

  /** As in fetch, where a Response that was made by hand says `default`. */
  override get type(): ResponseType {
    return 'basic'
  }

  override get status(): number {
    return this.#result.response.status
  }

  override get ok(): boolean {
    return this.status >= 200 && this.status <= 299
  }

  override get statusText(): string {
    return this.#result.response.statusText ?? ''
  }

  override get url(): string {
    return this.#result.response.url
  }

  override get redirected(): boolean {
    return this.#result.response.redirects.length > 0
  }

  /** How far the answer may be believed: see docs/trust.md. */
  get trust(): Trust {
    return this.#result.trust ?? 'unchecked'
  }

  override get headers(): Headers {
    const headers = super.headers
    if (this.#hasHeaders) return headers
    this.#hasHeaders = true
    const { response, proxy, attempts } = this.#result
    for (const name in response.headers) {
      const value = response.headers[name]
      if (typeof value === 'string') headers.set(name, value)
      else if (value) for (const each of value) headers.append(name, each)
    }
    headers.set('x-regatta-proxy', proxy)
    headers.set('x-regatta-attempts', String(attempts))
    return headers
  }

  override get body(): Response['body'] {
    return this.#hasBody ? this.#asPlain().body : null
  }

  override get bodyUsed(): boolean {
    return this.#plain?.bodyUsed ?? this.#isUsed
  }

  override clone(): Response {
    const copy = new FetchedResponse(this.#result, this.#hasBody ? 'GET' : 'HEAD')
    if (this.#hasBody) copy.#plain = this.#asPlain().clone()
    return copy
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    if (this.#isStream) return this.#asPlain().arrayBuffer()
    const { buffer, byteOffset, byteLength } = this.#take()
    if (byteLength === buffer.byteLength) return buffer as ArrayBuffer
    return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
  }

  override async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.arrayBuffer())
  }

  override async text(): Promise<string> {
    if (this.#isStream) return this.#asPlain().text()
    return new TextDecoder().decode(this.#take())
  }

  override async json(): Promise<unknown> {
    return JSON.parse(await this.text())
  }

  override async blob(): Promise<Blob> {
    return this.#asPlain().blob()
  }

  override async formData(): Promise<FormData> {
    return this.#asPlain().formData()
  }

  /** Whether the body is, or comes out of, a stream. */
  get #isStream(): boolean {
    return this.#plain !== undefined || this.#result.response.file !== undefined
  }

  /** The body, once. */
  #take(): Uint8Array {
    if (this.#isUsed) throw new TypeError('Body is unusable: it has been read already')
    if (!this.#hasBody) return new Uint8Array()
    this.#isUsed = true
    return this.#result.response.body
  }

  /** One of the runtime's own, with the body: what reads a stream, a Blob or a form out of it. */
  #asPlain(): Response {
    if (this.#plain) return this.#plain
    const { body, file } = this.#result.response
    const content = file ? file.stream({ removes: true }) : (body as Uint8Array<ArrayBuffer>)
    this.#plain = new Response(this.#hasBody ? content : null, { headers: this.headers })
    // Read before: the stream that is handed out now is spent too.
    if (this.#isUsed) void this.#plain.arrayBuffer()
    return this.#plain
  }
}
