import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

/**
 * An answer, ready for the wire. Head and body are one buffer, built once and kept where an answer repeats, so that a
 * fixed page costs a lookup and one write: a benchmark through the lab must measure the client, not the lab.
 */
export interface Reply {
  readonly status: number
  readonly wire: Buffer
  /** Where the body begins. */
  readonly headLength: number
  /** The connection ends after it. */
  readonly close: boolean
  /** Takes over after `wire`, for bodies that no buffer can express; calls `done` once, or lets the socket end. */
  readonly play?: (socket: Socket, done: () => void) => void
}

export type Headers = Readonly<Record<string, string | number | readonly string[]>>

export interface ReplyOptions {
  /** Default `text/html; charset=utf-8`. */
  readonly type?: string
  readonly headers?: Headers
  readonly close?: boolean
  /** False leaves Content-Length to the headers. */
  readonly sized?: boolean
  readonly play?: Reply['play']
}

export function reply(status: number, body: string | Uint8Array, options: ReplyOptions = {}): Reply {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\ncontent-type: ${options.type ?? 'text/html; charset=utf-8'}\r\n`
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    for (const each of Array.isArray(value) ? value : [value]) head += `${name}: ${each}\r\n`
  }
  if (options.sized !== false && status !== 204 && status !== 304)
    head += `content-length: ${bytes.length}\r\n`
  if (options.close) head += 'connection: close\r\n'
  const start = Buffer.from(`${head}\r\n`, 'latin1')
  const wire = bytes.length === 0 ? start : Buffer.concat([start, bytes])
  const whole = { status, wire, headLength: start.length, close: options.close ?? false }
  return options.play ? { ...whole, play: options.play } : whole
}

export function json(status: number, value: unknown, headers: Headers = {}): Reply {
  return reply(status, JSON.stringify(value), { type: 'application/json', headers })
}

export function text(status: number, body: string, headers: Headers = {}): Reply {
  return reply(status, body, { type: 'text/plain; charset=utf-8', headers })
}

export function redirect(location: string, status = 302, headers: Headers = {}): Reply {
  return reply(status, '', { headers: { location, ...headers } })
}

/** A small page with a title, for everything that is not content. */
export function notice(status: number, title: string, body = '', headers: Headers = {}): Reply {
  return reply(
    status,
    `<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1>${body}</body></html>`,
    { headers },
  )
}
