import { Buffer } from 'node:buffer'
import type { HostNormRecorder, SavedPageNorm } from '../contracts/classifier.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import { sizeOfBody } from '../contracts/response-body.ts'
import { Doubts } from './doubts.ts'
import { OddPages } from './odd-pages.ts'
import { canonicalHost } from './rules/wrong-page.ts'
import { hostOf, isHtml, isSameSite } from './view.ts'

/**
 * What good pages of one host look like: the mean and deviation of ln(size), and a few shares. Each is an exponentially
 * weighted average (West 1979 for the variance) that starts as the plain one and then forgets with a memory of 64 pages,
 * so a redesigned site is followed. Sizes are compared as logarithms because pages differ by factors, not by amounts.
 * Constant work and about ten numbers per host, whatever its size.
 */
const memory = 64
/** How far into a page the traits are looked for. */
const traitLimit = 4_096

export function createHostNorm(): HostNormRecorder {
  return new RunningNorm()
}

class RunningNorm implements HostNormRecorder {
  answers = 0
  pages = 0
  logSizeMean = 0
  htmlShare = 0
  titledShare = 0
  linkedShare = 0
  foreignCanonicalShare = 0
  #variance = 0
  readonly #doubts = new Doubts()
  readonly #oddPages = new OddPages()

  get logSizeDeviation(): number {
    return Math.sqrt(this.#variance)
  }

  observe(response: HttpResponse): void {
    if (response.body.length === 0) return
    const page = isHtml(response)
    this.answers++
    this.htmlShare += (Number(page && response.status === 200) - this.htmlShare) * weightOf(this.answers)
    if (page) this.#observePage(response)
  }

  agree(doubt: string, url: string, exit: string): boolean {
    return this.#doubts.agree(doubt, url, exit, this.pages)
  }

  clears(url: string, body: Uint8Array, exit: string): boolean {
    return this.#oddPages.clears(url, body, exit)
  }

  toSaved(): SavedPageNorm | undefined {
    if (this.answers === 0) return undefined
    const { answers, pages, logSizeMean, htmlShare, titledShare, linkedShare, foreignCanonicalShare } = this
    const variance = this.#variance
    return {
      answers,
      pages,
      logSizeMean,
      variance,
      htmlShare,
      titledShare,
      linkedShare,
      foreignCanonicalShare,
    }
  }

  restore({ variance, ...shape }: SavedPageNorm): void {
    Object.assign(this, shape)
    this.#variance = variance
  }

  #observePage(response: HttpResponse): void {
    this.pages++
    const weight = weightOf(this.pages)
    const distance = Math.log(sizeOfBody(response)) - this.logSizeMean
    this.logSizeMean += weight * distance
    this.#variance = (1 - weight) * (this.#variance + weight * distance * distance)
    const size = Math.min(response.body.length, traitLimit)
    const head = Buffer.from(response.body.buffer, response.body.byteOffset, size)
    this.titledShare +=
      (Number(head.includes('<title') || head.includes('<TITLE')) - this.titledShare) * weight
    this.linkedShare += (Number(head.includes('href=') || head.includes('HREF=')) - this.linkedShare) * weight
    const canonical = canonicalHost(head)
    const own = canonical === undefined ? undefined : hostOf(response.url)
    const isForeign = canonical !== undefined && own !== undefined && !isSameSite(canonical, own)
    this.foreignCanonicalShare += (Number(isForeign) - this.foreignCanonicalShare) * weight
  }
}

function weightOf(count: number): number {
  return 1 / Math.min(count, memory)
}
