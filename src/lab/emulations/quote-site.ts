import { createRandom, pickIndex, type Random } from '../../base/random.ts'
import { notice, type Reply, reply } from '../origin/reply.ts'
import { drawWords } from '../origin/site-words.ts'
import type { Emulation, EmulationSetup } from './emulation.ts'

/**
 * A site of quotes for those who learn to scrape, built like quotes.toscrape.com: ten on a page, newest first, the same by tag, and
 * a page for each author. It asks for no patience, and has no robots.txt.
 */
const perPage = 10
const usualSize = 100
const authors = [
  'Ada Marlow',
  'Ben Quill',
  'Cora Finch',
  'Dov Haran',
  'Émile Sault',
  'Fay Ó Briain',
  'Gus Tern',
]
const tags = ['life', 'love', 'sea', 'work', 'luck', 'truth', 'be-yourself', 'age']

interface Quote {
  readonly text: string
  readonly author: string
  readonly tags: readonly string[]
}

export function createQuotes(setup: EmulationSetup): Emulation {
  const all = quotesOf(setup)
  return { answer: ({ path }) => pageOf(path, all) }
}

/** The quotes of the site, for a test that knows what must come home. */
export function quotesOf({ seed, size = usualSize }: EmulationSetup): readonly Quote[] {
  const random = createRandom(seed)
  return Array.from({ length: size }, () => drawQuote(random))
}

function drawQuote(random: Random): Quote {
  const [first = '', ...words] = drawWords(random, 6 + pickIndex(random, 12))
  const chosen = tags.filter(() => random() < 0.3)
  return {
    text: `“${first.charAt(0).toUpperCase()}${first.slice(1)} ${words.join(' ')}.”`,
    author: authors[pickIndex(random, authors.length)]!,
    tags: chosen,
  }
}

function pageOf(path: string, all: readonly Quote[]): Reply | undefined {
  const list = /^(?:\/tag\/([^/]+))?(?:\/page\/([1-9]\d*))?\/?$/.exec(path)
  if (list) {
    const [, tag, number = '1'] = list
    const quotes = tag === undefined ? all : all.filter(({ tags: own }) => own.includes(tag))
    return listPage(quotes, tag === undefined ? '' : `/tag/${tag}`, Number(number))
  }
  const [, author] = /^\/author\/([^/]+)\/?$/.exec(path) ?? []
  const name = author && authors.find((each) => slugOf(each) === decodeURI(author))
  if (name) return authorPage(name)
  return path === '/robots.txt' || author !== undefined ? notice(404, 'Not Found') : undefined
}

function listPage(quotes: readonly Quote[], base: string, number: number): Reply {
  const shown = quotes.slice((number - 1) * perPage, number * perPage)
  const before =
    number > 1 ? pager('previous', `${base}/page/${number - 1}/`, '<span>&larr;</span> Previous') : ''
  const isMore = quotes.length > number * perPage
  const after = isMore ? pager('next', `${base}/page/${number + 1}/`, 'Next <span>&rarr;</span>') : ''
  const none = shown.length === 0 ? 'No quotes found!' : ''
  return page(
    'Quotes to try on',
    `<div class="row"><div class="col-md-8">${none}${shown.map(quoteBox).join('')}<nav><ul class="pager">${before}${after}</ul></nav></div>` +
      `<div class="col-md-4 tags-box"><h2>Top tags</h2>${tags.map((tag) => `<span class="tag-item"><a class="tag" href="/tag/${tag}/">${tag}</a></span>`).join('')}</div></div>`,
  )
}

function quoteBox({ text, author, tags: own }: Quote): string {
  const links = own.map((tag) => `<a class="tag" href="/tag/${tag}/page/1/">${tag}</a>`).join('')
  return (
    `<div class="quote" itemscope itemtype="http://schema.org/CreativeWork"><span class="text" itemprop="text">${text}</span>` +
    `<span>by <small class="author" itemprop="author">${author}</small> <a href="/author/${encodeURI(slugOf(author))}">(about)</a></span>` +
    `<div class="tags">Tags: <meta class="keywords" itemprop="keywords" content="${own.join(',')}">${links}</div></div>`
  )
}

function authorPage(name: string): Reply {
  const born = 1800 + ((name.length * 37) % 180)
  return page(
    name,
    `<div class="author-details"><h3 class="author-title">${name}</h3><p><strong>Born:</strong> <span class="author-born-date">${born}</span></p></div>`,
  )
}

function slugOf(name: string): string {
  return name.replaceAll(' ', '-')
}

function pager(kind: string, href: string, label: string): string {
  return `<li class="${kind}"><a href="${href}">${label}</a></li>`
}

function page(title: string, body: string): Reply {
  return reply(
    200,
    `<!DOCTYPE html>\n<html lang="en"><head><meta charset="UTF-8"><title>${title}</title></head><body><div class="container">` +
      `<div class="row header-box"><h1><a href="/">Quotes to try on</a></h1></div>${body}</div></body></html>`,
  )
}
