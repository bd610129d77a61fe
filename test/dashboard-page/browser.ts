import process from 'node:process'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { DemoView } from '../../scripts/dashboard/demo-view.ts'
import { systemClock } from '../../src/base/clock.ts'
import { type Dashboard, serveDashboard } from '../../src/dashboard/serve-dashboard.ts'

/** Debian's Chromium before the dashboard's page, and a made-up fleet behind it. */
let browser: Browser

/** One browser for all tests of a file. */
export function useBrowser(): void {
  beforeAll(async () => {
    const root = process.getuid?.() === 0
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: root ? ['--no-sandbox'] : [],
    })
  })
  afterAll(() => browser?.close())
}

/** The dashboard of a fleet that is made up. */
export async function serveDemo(
  state = 'running',
  proxies = 200,
): Promise<{ url: string; dashboard: Dashboard }> {
  const view = new DemoView(proxies, state, systemClock)
  const dashboard = await serveDashboard(view, {})
  onTestFinished(() => dashboard.close())
  view.live()
  return { url: dashboard.url, dashboard }
}

/** A page of its own, which fails its test when a script of it throws. `visit` takes what stands behind the `#`. */
export async function openPage(url: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 860 }, ...options })
  const page = await context.newPage()
  const errors: string[] = []
  const requests: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  page.on('request', (request) => requests.push(request.url()))
  onTestFinished(async () => {
    await context.close()
  })
  await page.goto(url)
  await page.getByRole('heading', { level: 1 }).waitFor()
  const visit = async (place: string) => {
    await page.evaluate((hash) => {
      location.hash = hash
    }, `/${place}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
  }
  return { page, visit, errors, requests }
}

/** Until what is said of a page is so. */
export function eventually<Value>(read: () => Promise<Value>, timeout = 10_000) {
  return expect.poll(read, { timeout, interval: 50 })
}

export type { Page }
