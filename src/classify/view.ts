import { Buffer } from 'node:buffer'
import { mimeTypeOf } from '../base/mime-type.ts'
import { readableText, tidy } from '../base/readable-text.ts'
import { isHtmlResponse } from '../base/sniff-mime.ts'
import type { ClassifyContext, HostNorm } from '../contracts/classifier.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import type { HttpResponse, Verdict } from '../contracts/outcome.ts'
import type { FetchRequest } from '../contracts/request.ts'
import { forgeableMarkers, largestMarked, refusalMarkers } from './markers.ts'
import { headerOf } from './retry-after.ts'

/**
 * One response as the built-in rules see it: what several of them ask for is worked out at most once, and only when one
 * of them asks. A view lives as long as one call of `classify`. Text is the first 64 KiB read as latin1 in lower case:
 * markers are ASCII, and latin1 never fails on a broken charset.
 */
export const textLimit = 65_536

/** What a rule answers, or undefined to leave it to the next one. Like a Classifier, but for responses only. */
export interface Rule {
  readonly name: string
  judge(response: HttpResponse, view: View): Verdict | undefined
}

export class View implements ClassifyContext {
  readonly request: FetchRequest
  readonly proxy: ProxyEndpoint
  readonly norm: HostNorm
  readonly wall: number
  readonly random: () => number
  readonly #response: HttpResponse
  #isSuspicious: boolean | undefined
  #isHtml: boolean | undefined
  #text: string | undefined
  #visible: string | undefined
  #host: string | undefined

  constructor(response: HttpResponse, context: ClassifyContext) {
    this.#response = response
    this.request = context.request
    this.proxy = context.proxy
    this.norm = context.norm
    this.wall = context.wall
    this.random = context.random
  }

  header(name: string): string | undefined {
    return headerOf(this.#response.headers, name)
  }

  /** The type that it declares, without parameters; undefined where that is none. */
  get declaredType(): string | undefined {
    return mimeTypeOf(this.#response.headers['content-type'])?.essence
  }

  /** Declared as HTML, or undeclared and beginning like it. */
  get isHtml(): boolean {
    this.#isHtml ??= isHtml(this.#response)
    return this.#isHtml
  }

  /** Whether a proxy could have written this page: nothing but plain HTTP lies between us and the host. */
  get isForgeable(): boolean {
    return !this.#response.verified && this.proxy.protocol !== 'direct'
  }

  /** Whether the page deserves a reading, because a word occurs in it that refusals and replaced pages have. */
  get isSuspicious(): boolean {
    this.#isSuspicious ??= this.isHtml && this.#hasMarkers
    return this.#isSuspicious
  }

  get #hasMarkers(): boolean {
    const { body } = this.#response
    if (body.length > largestMarked) return false
    return (this.isForgeable ? forgeableMarkers : refusalMarkers).found(body, largestMarked)
  }

  get text(): string {
    this.#text ??= latin1(this.#response.body, 0, textLimit).toLowerCase()
    return this.#text
  }

  get title(): string {
    const inside = elementText(this.text, '<title', '<')
    return tidy(inside.slice(0, 500))
  }

  get heading(): string {
    const inside = elementText(this.text, '<h1', '</h1')
    return inside.length > 500 ? '' : tidy(inside.replaceAll(/<[^<>]*>/g, ' '))
  }

  /** What a reader would see, title left out. */
  get visible(): string {
    this.#visible ??= tidy(readableText(this.text))
    return this.#visible
  }

  /** Host name of the URL that answered, without port. */
  get host(): string {
    this.#host ??= hostOf(this.#response.url) ?? ''
    return this.#host
  }

  /** Links, forms and sources that stay on the host, counted up to `most`. */
  ownReferences(most: number): number {
    return this.#references(most, true)
  }

  /** Those that name another host, counted up to `most`. */
  foreignReferences(most: number): number {
    return this.#references(most, false)
  }

  #references(most: number, own: boolean): number {
    let count = 0
    const pattern = /\b(?:href|src|action)\s*=\s*["']?\s*([^"'\s>]*)/g
    for (
      let match = pattern.exec(this.text);
      match !== null && count < most;
      match = pattern.exec(this.text)
    ) {
      const target = match[1]!
      if (target === '' || target.startsWith('#') || /^(?:data|mailto|javascript|tel|about):/.test(target))
        continue
      const absolute = /^(?:https?:)?\/\/([^/:?#]*)/.exec(target)
      if ((absolute === null || isSameSite(absolute[1]!, this.host)) === own) count++
    }
    return count
  }
}

/**
 * What stands between the first tag that begins with `open` and `end`; empty when there is none. Every search goes
 * forward only: a hostile page cannot make it quadratic.
 */
function elementText(html: string, open: string, end: string): string {
  const start = html.indexOf(open)
  const from = start < 0 ? -1 : html.indexOf('>', start)
  const to = from < 0 ? -1 : html.indexOf(end, from)
  return to < 0 ? '' : html.slice(from + 1, to)
}

/** One host is the other, or lies below it. */
export function isSameSite(one: string, other: string): boolean {
  return one === other || one.endsWith(`.${other}`) || other.endsWith(`.${one}`)
}

export function hostOf(url: string): string | undefined {
  return URL.parse(url)?.hostname
}

export function isHtml(response: HttpResponse): boolean {
  return isHtmlResponse(response.headers, response.body)
}

export function latin1(body: Uint8Array, from: number, to: number): string {
  const start = Math.max(0, from)
  const length = Math.max(0, Math.min(to, body.length) - start)
  return Buffer.from(body.buffer, body.byteOffset + start, length).toString('latin1')
}
