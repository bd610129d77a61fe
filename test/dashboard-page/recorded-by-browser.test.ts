import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { chromium } from 'playwright-core'
import { createCrawler } from 'regatta'
import { startLab } from 'regatta/lab'
import { readHarFile, testSource } from 'regatta/testing'
import { expect, onTestFinished, test } from 'vitest'
import { titles } from '../har/titles.ts'

/**
 * What people have: a HAR file that their browser saved. A real one visits pages of the lab, in three encodings, over a
 * redirect, and packed; then the lab is gone, and a source is tested on what the browser saved.
 *
 * `KEEP_HAR=1` takes the new file over as the fixture of the normal suite.
 */
const kept = join(import.meta.dirname, '../har/fixtures/titles/chromium.har')
const base = 'http://regatta.lab/'

test.each(['embed', 'attach'] as const)(
  'a HAR file that a browser has saved (content: %s) drives the test of a source, offline',
  async (content) => {
    const folder = await mkdtemp(join(tmpdir(), 'regatta-browser-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const lab = await startLab({
      seed: 3,
      origins: {
        site: {
          host: 'regatta.lab',
          site: { pages: 8, linksPerPage: 3, redirects: 0.3, charsets: 0.7, coding: 'gzip', missing: 1 },
        },
      },
      proxies: [{ count: 1 }],
    })
    const live: { url: string }[] = []
    {
      await using crawler = await createCrawler({
        proxies: [...lab.proxies],
        politeness: false,
        trust: 'blind',
      })
      for await (const item of crawler.crawl(titles, { base })) live.push(item)
    }
    const path = join(folder, 'site.har')
    await visit(path, content, new URL(lab.origins.site!.direct).host, live)
    await lab.close()
    if (process.env.KEEP_HAR === '1' && content === 'embed') await cp(path, kept)

    const { items, missing, dead } = await testSource(titles, path, { params: { base }, expected: {} })
    expect(missing).toEqual([])
    expect(dead).toMatchObject([{ reason: 'status-404' }])
    expect(new Set(items)).toEqual(new Set(live))
    expect(readHarFile(path).exchanges.some(({ status }) => status === 301 || status === 302)).toBe(true)
  },
)

/** Opens each page in Debian's Chromium, which finds the lab under its host's name, and lets Playwright save what came. */
async function visit(
  path: string,
  content: 'embed' | 'attach',
  lab: string,
  pages: readonly { readonly url: string }[],
): Promise<void> {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      `--host-resolver-rules=MAP regatta.lab ${lab}`,
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
  })
  const context = await browser.newContext({ recordHar: { path, content } })
  const page = await context.newPage()
  // A page that is left before its body has come stands in the file without it.
  const load = async (url: string) => void (await (await page.goto(url))?.body())
  // Their links too: one of them redirects, one is not there.
  const links = new Set<string>()
  for (const { url } of pages) {
    await load(url)
    for (const link of await page.locator('a[href]').all())
      links.add(await link.evaluate((a) => (a as HTMLAnchorElement).href))
  }
  for (const { url } of pages) links.delete(url)
  for (const link of links) await load(link)
  await context.close()
  await browser.close()
}
