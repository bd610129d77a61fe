import type { PageLink } from './page.ts'

/**
 * What one pass over an HTML page finds, as a browser without scripts would: no tree is made for it. Text in `noscript` is left
 * out, for people do not see it; the links there count.
 */
export interface PageDocument {
  /** The page's `title`, white space collapsed; '' without one. */
  readonly title: string
  /** The first `description` or `og:description`, white space collapsed; '' without one. */
  readonly description: string
  /** `lang` of the page, as it is written; '' without one. */
  readonly language: string
  /** What a person reads: no scripts, no styles, one line for each block, white space collapsed. */
  readonly text: string
  /** In document order. */
  readonly headings: readonly PageHeading[]
  /**
   * Where the page leads to, each URL once, in document order: `a`, `area`, `iframe`, `frame`, `link` with a rel of another
   * page (`next`, `alternate`, …), a meta refresh. What a `template` holds is no link.
   */
  readonly links: readonly PageLink[]
  /** Elements that lead nowhere a crawler can go (javascript:, mailto:, broken URLs), or are more than 100,000. */
  readonly dropped: number
  /** The address that the page calls its own, absolute; undefined without one. */
  readonly canonical: string | undefined
  /** What relative addresses are relative to: the first `base` with a `href`, else the page's URL. */
  readonly base: string
  /** Those with a name and a content, in document order, 1,000 at most. */
  readonly metas: readonly PageMeta[]
  /** The forms of the page; `page.form(…)` reads one. */
  readonly forms: readonly PageForm[]
}

/** A heading of a page. */
export interface PageHeading {
  /** 1 for h1 to 6 for h6. */
  readonly level: number
  /** White space collapsed, on one line. */
  readonly text: string
}

/** A `meta` element. */
export interface PageMeta {
  /** Its `name` or `property`, in lower case. */
  readonly name: string
  /** As it is written. */
  readonly content: string
}

/** A form as it stands on a page. */
export interface PageForm {
  /** Where it sends to, absolute. */
  readonly url: string
  /** As its `method` says; GET without one. */
  readonly method: 'GET' | 'POST'
  /** The words of its `rel`, in lower case. */
  readonly rel: readonly string[]
}
