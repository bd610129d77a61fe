import { pickIndex, type Random } from '../../base/random.ts'
import { Language, latinWord } from './invented-words.ts'
import { headerIn, type Message } from './whole-message.ts'

/** Answers that have nothing of the true one: what hijackers, walls and broken proxies put in place of a page. */

/** A message of the liar's own, on the connection of the true one. */
export function invented(truth: Message, status: number, type: string, body: string): Message {
  const connection = headerIn(truth, 'connection')
  return {
    status,
    headers: [['content-type', type], ...(connection ? [['connection', connection] as const] : [])],
    body: Buffer.from(body),
    coding: truth.coding,
    isChunked: truth.isChunked,
  }
}

const html = 'text/html; charset=utf-8'

/** A few words, bare or in a page. */
export function notice(truth: Message, random: Random): Message {
  const words = new Language(random).words(2 + pickIndex(random, 6))
  const bodies = [
    words,
    `<p>${words}</p>`,
    `<html><body><h1>${words}</h1></body></html>`,
    `<html><head><title>${words}</title></head><body>${words}</body></html>`,
  ]
  return invented(truth, 200, html, bodies[pickIndex(random, bodies.length)]!)
}

/** About a kilobyte with a title, a text and links to itself and elsewhere. */
export function portal(truth: Message, random: Random): Message {
  const language = new Language(random)
  const site = `http://${latinWord(random)}.lab`
  const link = () => {
    const path = `/${latinWord(random)}`
    return `<li><a href="${random() < 0.5 ? site : ''}${path}">${language.words(2)}</a></li>`
  }
  const links = Array.from({ length: 4 + pickIndex(random, 6) }, link).join('')
  const title = language.words(3)
  let text = ''
  while (Buffer.byteLength(text) < 600) text += `<p>${language.words(12)}</p>`
  return invented(
    truth,
    200,
    html,
    `<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1>${text}<ul>${links}</ul></body></html>`,
  )
}

export function loginForm(truth: Message, random: Random): Message {
  const language = new Language(random)
  const field = (type: string) =>
    `<label>${language.word()} <input type="${type}" name="${latinWord(random)}"></label>`
  return invented(
    truth,
    200,
    html,
    `<!doctype html><html><head><title>${language.words(2)}</title></head><body><form method="post" action="/${latinWord(random)}">` +
      `${field('text')}${field('password')}<button>${language.word()}</button></form></body></html>`,
  )
}

export function framed(truth: Message, random: Random): Message {
  const source = `http://${latinWord(random)}.lab/${latinWord(random)}`
  return invented(
    truth,
    200,
    html,
    `<html><body><iframe src="${source}" width="100%"></iframe></body></html>`,
  )
}

export function blank(truth: Message): Message {
  return invented(truth, 200, html, '<html><head></head><body></body></html>')
}

export function emptyJson(truth: Message): Message | undefined {
  if (!isJson(truth)) return undefined
  return invented(truth, 200, headerIn(truth, 'content-type')!, '{"status":"ok","data":[]}')
}

export function robots(truth: Message, verb: 'Allow' | 'Disallow'): Message {
  return invented(truth, 200, 'text/plain', `User-agent: *\n${verb}: /\n`)
}

export function emptySitemap(truth: Message): Message {
  const body =
    '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>'
  return invented(truth, 200, 'application/xml', body)
}

export function isJson(message: Message): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(headerIn(message, 'content-type') ?? '')
}
