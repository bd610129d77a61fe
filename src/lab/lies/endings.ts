import { createHash } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Random } from '../../base/random.ts'
import { latinWord } from './invented-words.ts'
import { invented } from './inventions.ts'
import { headerIn, type Message, withHeader } from './whole-message.ts'

/** Answers that end a URL without a page: it is gone, elsewhere, too large, or to be asked for much later. */

const html = 'text/html; charset=utf-8'

/** A small page that says what the status says. */
export function titled(truth: Message, status: number): Message {
  const title = STATUS_CODES[status]!
  return invented(
    truth,
    status,
    html,
    `<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`,
  )
}

export function empty(truth: Message, status: 200 | 204): Message {
  return invented(truth, status, html, '')
}

export function notModified(truth: Message): Message {
  const tag =
    headerIn(truth, 'etag') ?? `"${createHash('sha1').update(truth.body).digest('hex').slice(0, 16)}"`
  return withHeader(invented(truth, 304, html, ''), 'etag', tag)
}

export function redirected(truth: Message, location: string): Message {
  return withHeader(invented(truth, 302, html, ''), 'location', location)
}

export function elsewhere(truth: Message, random: Random, to: string | undefined): Message {
  return redirected(truth, to ?? `http://${latinWord(random)}.lab/${latinWord(random)}`)
}

/** As long as a memory stick, on a connection that stays open. */
export function hugeLength(truth: Message): Buffer {
  const type = headerIn(truth, 'content-type') ?? html
  const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${64 * 1024 ** 3}\r\n\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), truth.body])
}

export function retryLater(truth: Message, status: 429 | 503): Message {
  return withHeader(titled(truth, status), 'retry-after', '3600')
}
