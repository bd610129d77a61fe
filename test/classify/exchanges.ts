import { Buffer } from 'node:buffer'
import { createHostNorm } from '../../src/classify/host-norm.ts'
import type { ClassifyContext, HostNorm, HostNormRecorder } from '../../src/contracts/classifier.ts'
import type { ProxyEndpoint, ProxyProtocol } from '../../src/contracts/endpoint.ts'
import type { Fault, FaultCause, HttpResponse, Phase } from '../../src/contracts/outcome.ts'
import { ordinaryPage } from './fixtures.ts'

/** Exchanges and contexts as the engine would hand them over. */
type ResponseParts = Partial<Omit<HttpResponse, 'kind' | 'body'>> & {
  body?: string | Uint8Array
  type?: string | null
}

const timing = { connectMs: 20, firstByteMs: 60, totalMs: 80, bytes: 2_000, reused: false }

export const wall = Date.UTC(2026, 10, 21, 12, 0, 0)

/** A good HTML page over verified TLS, unless said otherwise. */
export function response({ body, type, ...parts }: ResponseParts = {}): HttpResponse {
  const declared = type === undefined ? 'text/html; charset=utf-8' : type
  return {
    kind: 'response',
    url: 'https://quotes.example/page/1',
    status: 200,
    body: typeof body === 'string' ? Buffer.from(body) : (body ?? Buffer.from(ordinaryPage())),
    redirects: [],
    forwarded: false,
    verified: true,
    ...timing,
    ...parts,
    headers: { ...(declared === null ? {} : { 'content-type': declared }), ...parts.headers },
  }
}

/** The same over plain HTTP, where proxies can write. */
export function plain(parts: ResponseParts = {}): HttpResponse {
  return response({ url: 'http://quotes.example/page/1', verified: false, ...parts })
}

export function fault(cause: FaultCause, phase: Phase = 'headers', parts: Partial<Fault> = {}): Fault {
  return { kind: 'fault', phase, cause, detail: 'A test.', verified: false, ...timing, ...parts }
}

export function proxyOf(protocol: ProxyProtocol, id = `${protocol}://192.0.2.1:1080`): ProxyEndpoint {
  return {
    id,
    protocol,
    host: '192.0.2.1',
    port: 1080,
    credentialGroup: '',
    network: '192.0.2.0/24',
    tags: {},
  }
}

interface ContextParts {
  readonly url?: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly session?: string
  readonly protocol?: ProxyProtocol
  readonly proxy?: string
  readonly norm?: HostNorm
}

export function context(parts: ContextParts = {}): ClassifyContext {
  const {
    url = 'https://quotes.example/page/1',
    method = 'GET',
    headers = {},
    session,
    protocol = 'socks5h',
  } = parts
  return {
    request: { url, method, headers, idempotent: true, ...(session === undefined ? {} : { session }) },
    proxy: proxyOf(protocol, parts.proxy),
    norm: parts.norm ?? createHostNorm(),
    wall,
    random: () => 0.5,
  }
}

export function plainContext(parts: ContextParts = {}): ClassifyContext {
  return context({ url: 'http://quotes.example/page/1', ...parts })
}

/** A host that has shown `count` ordinary pages. */
export function seasonedNorm(
  count = 30,
  page: (number: number) => HttpResponse = ordinary,
): HostNormRecorder {
  const norm = createHostNorm()
  for (let number = 0; number < count; number++) norm.observe(page(number))
  return norm
}

function ordinary(number: number): HttpResponse {
  return plain({ body: ordinaryPage(12 + (number % 5)) })
}
