/** Limits that tell a trap from a site. A number counts what it names; false lifts it. */
export interface TrapOptions {
  /** Hops from a seed. Default: none, because the last page of a long list is as many hops away as it has pages. */
  depth?: number | false | undefined
  /** Characters of a URL. Default 2,083, what Internet Explorer could open: nobody published longer ones for long. */
  urlLength?: number | false | undefined
  /** Segments of a path. Default 30: the deepest source trees have about 25; Heritrix draws the line at 20. */
  pathSegments?: number | false | undefined
  /** Times that a sequence of segments, or a pair of the query, may follow itself. Default 3. */
  repetition?: number | false | undefined
  /**
   * Years that a page with "calendar" or the like in its URL may show: from `from` (1990) to `ahead` (2) years from now;
   * and how many such pages of one template are added: `pages`, default 2,000, every day of five years.
   */
  calendar?:
    | false
    | {
        /** First year that is believed. Default 1990. */
        from?: number | undefined
        /** Years from now that are believed. Default 2. */
        ahead?: number | undefined
        /** Pages of one template at most. Default 2,000; false lifts it. */
        pages?: number | false | undefined
      }
    | undefined
  /**
   * Pages in a row that bring nothing and lead to their own kind only, until their template is left alone. Default 200:
   * seventeen years of empty months. Five times as many when their words differ, 25 times when query names are added.
   */
  barren?: number | false | undefined
  /**
   * Pages with the same bytes as one further up their own path, per host, before their relative links are dropped.
   * Default 20.
   */
  echoes?: number | false | undefined
  /** Distinct URLs of one template (`/product/{number}`). Default: none, because there are shops with millions. */
  perTemplate?: number | false | undefined
}
