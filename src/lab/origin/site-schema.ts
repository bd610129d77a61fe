import { z } from 'zod'
import { variationSchema } from './variation.ts'

/** A made-up site: how large, how deep, and which of the web's oddities it has. */
const many = z.number().int().min(0).max(100_000)
const share = z.number().min(0).max(1).default(0)

export const siteSchema = z.strictObject({
  /** Pages that links lead to: `/` and `/page/1` … 1–100,000. */
  pages: z.number().int().min(1).max(100_000),
  /** Links on each page at least; the tree below each page comes first, then random cross links. Default 8. */
  linksPerPage: z.number().int().min(1).max(500).default(8),
  /** Clicks from `/` to the last page. Default: as few as `linksPerPage` allows. */
  depth: z.number().int().min(1).max(1_000).optional(),
  /** Smallest body in bytes; shorter pages are filled with text. Default 0. */
  pageBytes: z.number().int().min(0).max(1_000_000).default(0),
  /** Another seed is another site. Default: the scenario's. */
  seed: z.number().int().min(0).max(0xffff_ffff).optional(),
  /** Crawl-delay of robots.txt, in seconds. */
  crawlDelay: z.number().min(0).max(3_600).optional(),
  /** Disallow lines of robots.txt. Default `/disallowed/`. */
  disallow: z.array(z.string().startsWith('/')).max(100).default(['/disallowed/']),
  /** Links on `/` to pages under `/disallowed/`: a crawler that asks for one did not read robots.txt. */
  disallowed: many.default(0),
  /** Links on `/` with rel=nofollow, to pages under `/hidden/`; and a page with meta robots nofollow. */
  nofollow: many.default(0),
  /** Links on `/` to `/missing/N`, which answers 404. */
  missing: many.default(0),
  /** Share of pages that are linked as `/moved/N`, a 301. */
  redirects: share,
  /** Share of pages that are linked a second time with tracking parameters. */
  duplicates: share,
  /** Share of pages linked a second time as a print version whose canonical link names the page. */
  canonicals: share,
  /** Share of pages in windows-1252 or Shift_JIS, declared in the header or only in a meta element. */
  charsets: share,
  /** Pages `/orphan/N` that only the sitemap knows. */
  orphans: many.default(0),
  /** Default none. `index`: a sitemap index with a plain and a gzipped part. */
  sitemap: z.enum(['none', 'plain', 'gzip', 'index']).default('none'),
  /** A price, a stock, a date and a partner's link on each page. Default false. */
  shop: z.boolean().default(false),
  /** What a page says is also JSON, at `/api/items/N`. Default false. */
  api: z.boolean().default(false),
  /** Pages change a little with each revision: some words, the price, the stock. Default 0. */
  revision: z.number().int().min(0).max(1_000_000).default(0),
  /** Content coding of the pages, whether it was asked for or not. Default none. */
  coding: z.enum(['none', 'gzip', 'deflate', 'br', 'zstd']).default('none'),
  /** How the end of a page is found. Default by its length. */
  framing: z.enum(['length', 'chunks']).default('length'),
  /** What is not the same on each visit. Default nothing. */
  varies: variationSchema.optional(),
})

export type SiteScript = z.output<typeof siteSchema>
