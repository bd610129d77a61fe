import type { Offer } from './offer.ts'
import type { Look, Variation } from './variation.ts'

/** A page as HTML: what it says, in one of two designs, with what this visit adds to it. */
export interface PageContent {
  readonly title: string
  readonly path: string
  readonly nonce: string
  /** Named by a meta element; empty when the header names it. */
  readonly charset: string
  readonly paragraph: string
  readonly sample: string
  /** List elements. */
  readonly links: string
  readonly isPrint: boolean
  readonly offer: Offer | undefined
  /** Pages that may be named as related. */
  readonly related: readonly string[]
  /** By place; empty strings where nothing is promoted. */
  readonly promotions: readonly string[]
}

/** The page up to the end of its body, and how much of it only this visit has. */
export interface Rendered {
  readonly html: string
  readonly extraLength: number
}

export function renderPage(content: PageContent, varies: Variation | undefined, look: Look): Rendered {
  const extras = varies ? extrasOf(content, varies, look) : none
  const { title, path, charset } = content
  const head =
    `<!doctype html>\n<html lang="en"><head>${charset === '' ? '' : `<meta charset="${charset}">`}<title>${title}</title>` +
    `<meta name="description" content="About ${title.toLowerCase()}"><link rel="canonical" href="${path}">${extras.head}</head>\n`
  const body = look.design === 'first' ? firstBody(content, extras) : secondBody(content, extras)
  return { html: head + body, extraLength: Object.values(extras).join('').length }
}

interface Extras {
  readonly head: string
  readonly top: string
  readonly middle: string
  readonly bottom: string
  readonly foot: string
}

const none: Extras = { head: '', top: '', middle: '', bottom: '', foot: '' }

function firstBody(content: PageContent, { top, middle, bottom, foot }: Extras): string {
  const { title, isPrint, nonce, paragraph, sample, links, offer } = content
  return (
    `<body><h1>${title}</h1>${isPrint ? '<p>Print version</p>' : ''}${top}<p class="nonce">${nonce}</p>${offer ? offerHtml(offer) : ''}<p>${paragraph}</p>` +
    `${middle}<p class="sample">${sample}</p>\n<ul>${links}</ul>${bottom}${foot}`
  )
}

function secondBody(content: PageContent, { top, middle, bottom, foot }: Extras): string {
  const { title, isPrint, nonce, paragraph, sample, links, offer } = content
  return (
    `<body class="v2"><header><nav><a href="/">Start</a></nav></header><main><article><header><h1>${title}</h1></header>${isPrint ? '<p>Print version</p>' : ''}${top}` +
    `<section><div class="text"><p>${paragraph}</p></div>${middle}${offer ? `<aside>${offerHtml(offer)}</aside>` : ''}</section>` +
    `<footer><span class="nonce">${nonce}</span><small>${sample}</small></footer></article>\n<nav><ul>${links}</ul></nav></main>${bottom}${foot}`
  )
}

function offerHtml({ price, currency, stock, changed, buy }: Offer): string {
  return `<div class="offer"><p class="price">${price} ${currency}</p><p class="stock">${stock} in stock</p><time datetime="${changed}">${changed}</time><a class="buy" href="${buy}">Buy</a></div>`
}

const start = Date.UTC(2025, 0, 1)

function extrasOf({ promotions, related }: PageContent, varies: Variation, look: Look): Extras {
  const { token, address, count, atMs, country, variant } = look
  const at = (place: number) => (varies.ads ? promotions[place]! : '')
  const made = varies.random || varies.nonces ? `<meta name="request" data-token="${token}">` : ''
  const script = varies.nonces
    ? `<script nonce="${token}">window.token=${JSON.stringify(token)}</script><meta name="csrf" content="${token}">`
    : ''
  const list = varies.related ? related.map((path) => `<li><a href="${path}">${path}</a></li>`).join('') : ''
  const b = varies.experiment !== 'none' && variant === 'b'
  return {
    head: made + script,
    top:
      (varies.greeting ? `<p class="hello">Hello, ${address}!</p>` : '') +
      (varies.country === 'nothing' || varies.country === 'redirect'
        ? ''
        : `<p class="region">Shown as in ${country}:</p>`) +
      (b
        ? '<div class="banner"><form action="/find"><input name="q"><button>Find</button></form></div>'
        : '') +
      at(0),
    middle:
      at(1) + (b ? '<section class="trial"><h2>New here</h2><p>Tell us what you think.</p></section>' : ''),
    bottom: (list === '' ? '' : `<h2>Related</h2><ol class="related">${list}</ol>`) + at(2),
    foot:
      (varies.counter ? `<p class="hits">Visit number ${count}</p>` : '') +
      (varies.clock
        ? `<p class="made" data-made="${atMs}">Made at ${new Date(start + atMs).toISOString()} in ${(atMs % 97) + 3} ms</p>`
        : '') +
      at(3),
  }
}

/** What every URL of a site gets whose pages are made by a script. */
export function shellPage(look: Look, varies: Variation): string {
  const token = varies.nonces ? `<meta name="request" data-token="${look.token}">` : ''
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Lab</title>${token}<link rel="stylesheet" href="/static/app.css"></head><body><div id="app"></div><script src="/static/app.js"></script></body></html>\n`
}

export function softMissingPage(path: string): string {
  const shown = path === '' ? 'that' : path.replace(/[^\w/.-]/g, '')
  return `<!doctype html>\n<html lang="en"><head><title>Nothing here</title></head><body><h1>Nothing here</h1><p>We looked for ${shown} and did not find it.</p><p><a href="/">Start page</a></p></body></html>\n`
}
