import { Buffer } from 'node:buffer'
import type { Fault, FaultCause, HttpResponse } from '../../src/contracts/outcome.ts'
import { Site } from '../../src/lab/origin/computed-site.ts'
import { type SiteScript, siteSchema } from '../../src/lab/origin/site-schema.ts'

/** Answers over plain HTTP, as a proxy brings them. */
const timing = { connectMs: 20, firstByteMs: 60, totalMs: 80, bytes: 2_000, reused: false, verified: false }

type Parts = Partial<Omit<HttpResponse, 'kind' | 'body'>> & { readonly type?: string | null }

export function answer(body: string | Uint8Array, { type, ...parts }: Parts = {}): HttpResponse {
  const declared = type === undefined ? 'text/html; charset=utf-8' : type
  return {
    kind: 'response',
    url: 'http://shop.example/list/1',
    status: 200,
    redirects: [],
    forwarded: false,
    ...timing,
    ...parts,
    body: typeof body === 'string' ? Buffer.from(body) : body,
    headers: { ...(declared === null ? {} : { 'content-type': declared }), ...parts.headers },
  }
}

export function broken(cause: FaultCause): Fault {
  return { kind: 'fault', phase: 'redirect', cause, detail: 'A test.', ...timing }
}

/** A page of the lab's site. */
export function labPage(path: string, script: Partial<SiteScript> = {}, seed = 7): string {
  const site = new Site(siteSchema.parse({ pages: 400, ...script }), seed)
  const reply = site.answer(path, '', 'http://shop.example')!
  return Buffer.from(reply.wire.subarray(reply.headLength)).toString('latin1')
}
