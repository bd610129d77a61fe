import type { Socket } from 'node:net'
import type { OriginRow } from '../books.ts'
import { Exchange, headerOf } from './origin-exchange.ts'
import { type Reply, reply } from './reply.ts'

/**
 * A minimal HTTP/1.1 responder on a bare socket. node:http was rejected after measuring: at 2 KB bodies this takes
 * half the processor time (20 against 40 µs a request), and it can break the protocol on purpose, which node:http prevents.
 * One request at a time; a pipelined one waits.
 */
export interface Host {
  /** Judges and answers; `send` may be called later, once. Without it the request hangs. */
  answer(exchange: Exchange, send: (reply: Reply) => void, socket: Socket): void
  arrive(exitIp: string, connection: number, method: string, path: string): OriginRow
  leave(row: OriginRow): void
  /** After so many requests the connection is closed. */
  readonly keepAlive: { readonly requests: number; readonly announce: boolean }
}

const headLimit = 65_536
const bodyLimit = 16 * 1024 * 1024
const tooLarge = reply(413, '', { close: true })
const malformed = reply(400, '', { close: true })

export function serveConnection(socket: Socket, host: Host, connection: number): void {
  const exitIp = (socket.remoteAddress ?? '').replace('::ffff:', '')
  let pending = ''
  let served = 0
  let row: OriginRow | undefined

  socket.on('data', (chunk: Buffer) => {
    pending = pending === '' ? chunk.toString('latin1') : pending + chunk.toString('latin1')
    if (!row) next()
    else if (pending.length > bodyLimit) socket.destroy()
  })
  socket.on('close', () => {
    if (row) leave()
  })

  function next(): void {
    const headEnd = pending.indexOf('\r\n\r\n')
    if (headEnd < 0) {
      if (pending.length > headLimit) socket.end(malformed.wire)
      return
    }
    const methodEnd = pending.indexOf(' ')
    const targetEnd = pending.indexOf(' ', methodEnd + 1)
    if (methodEnd < 0 || targetEnd < 0 || targetEnd > headEnd) {
      socket.end(malformed.wire)
      return
    }
    const method = pending.slice(0, methodEnd)
    const head = pending.slice(0, headEnd)
    let body = ''
    let end = headEnd + 4
    if (method !== 'GET' && method !== 'HEAD') {
      const found = readBody(head, end)
      if (found === undefined) return
      if (found === 'too-large') {
        socket.end(tooLarge.wire)
        return
      }
      body = found.body
      end = found.end
    }
    const target = originForm(pending.slice(methodEnd + 1, targetEnd))
    pending = end === pending.length ? '' : pending.slice(end)
    served++
    row = host.arrive(exitIp, connection, method, target)
    host.answer(new Exchange(method, target, head, body, row), send, socket)
  }

  /** undefined: not all here yet. */
  function readBody(head: string, start: number): { body: string; end: number } | 'too-large' | undefined {
    if (headerOf(head, 'transfer-encoding')) return readChunks(pending, start)
    const length = Number(headerOf(head, 'content-length') ?? 0)
    if (!(length <= bodyLimit)) return 'too-large'
    return pending.length < start + length
      ? undefined
      : { body: pending.slice(start, start + length), end: start + length }
  }

  function send(answer: Reply): void {
    if (!row || socket.destroyed) return
    const bodiless = row.method === 'HEAD'
    const last = served >= host.keepAlive.requests
    row.status = answer.status
    row.bytes = bodiless ? 0 : answer.wire.length - answer.headLength
    let wire = bodiless ? answer.wire.subarray(0, answer.headLength) : answer.wire
    if (last && host.keepAlive.announce && !answer.close) wire = announceClose(wire, answer.headLength)
    if (answer.play && !bodiless) {
      socket.write(wire)
      answer.play(socket, () => finish(answer.close || last))
      return
    }
    if (answer.close || last) socket.end(wire)
    else socket.write(wire)
    finish(false)
  }

  function finish(end: boolean): void {
    leave()
    if (end) socket.end()
    else if (pending !== '' && !socket.destroyed) next()
  }

  function leave(): void {
    const left = row
    row = undefined
    if (left) host.leave(left)
  }
}

/** A client that takes the origin for a proxy asks in absolute form; RFC 9112 wants that understood. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target
  return URL.canParse(target) ? target.slice(new URL(target).origin.length) || '/' : target
}

function announceClose(wire: Buffer, headLength: number): Buffer {
  const close = Buffer.from('connection: close\r\n\r\n')
  return Buffer.concat([wire.subarray(0, headLength - 2), close, wire.subarray(headLength)])
}

function readChunks(input: string, start: number): { body: string; end: number } | 'too-large' | undefined {
  let body = ''
  let at = start
  for (;;) {
    const lineEnd = input.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(input.slice(at, lineEnd), 16)
    if (!(body.length + size <= bodyLimit)) return 'too-large'
    const dataEnd = lineEnd + 2 + size
    if (input.length < dataEnd + 2) return undefined
    body += input.slice(lineEnd + 2, dataEnd)
    at = dataEnd + 2
    if (size === 0) return { body, end: at }
  }
}
