import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { eventually, openPage, type Page, serveDemo, useBrowser } from './browser.ts'

/** Every view in both themes, for WCAG 2.2 AA: contrast, names, roles, order. Then with the keyboard alone. */
useBrowser()

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Violation {
  readonly id: string
  readonly help: string
  readonly nodes: readonly { readonly html: string }[]
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const found = (await page.evaluate(
    `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then((result) => result.violations)`,
  )) as Violation[]
  return found.map(
    ({ id, help, nodes }) => `${id}: ${help} at ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
  )
}

const views = [
  'overview',
  'hosts',
  'proxies',
  'proxies?only=open&search=socks',
  'requests',
  'requests?search=nothing-of-this-name',
  'dead?reason=blocked',
] as const

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  test('no view breaks WCAG AA', async () => {
    const { url } = await serveDemo()
    const { page, visit, errors } = await openPage(url, { colorScheme })
    for (const view of views) {
      await visit(view)
      await page.getByText('Loading').waitFor({ state: 'detached' })
      expect(await violations(page), view).toEqual([])
    }
    await visit('proxies')
    await page.getByRole('table', { name: 'Proxies' }).getByRole('link').first().click()
    await page.getByRole('heading', { name: 'Last outcomes' }).waitFor()
    expect(await violations(page), 'one proxy').toEqual([])
    await page.getByRole('group', { name: 'Last outcomes' }).getByRole('link').first().click()
    await page.getByRole('heading', { name: 'In words' }).waitFor()
    expect(await violations(page), 'one request').toEqual([])
    await page.getByRole('button', { name: 'Drain' }).click()
    await page.getByRole('dialog').waitFor()
    expect(await violations(page), 'a question').toEqual([])
    expect(errors).toEqual([])
  })

  test.each(['empty', 'ended', 'failed', 'folder', 'paused'])(
    'nor does a crawl that is %s',
    async (state) => {
      const { url } = await serveDemo(state, 40)
      const { page, visit, errors } = await openPage(url, {
        colorScheme,
        viewport: { width: 390, height: 844 },
      })
      for (const view of ['overview', 'hosts', 'proxies', 'dead']) {
        await visit(view)
        await page.getByText('Loading').waitFor({ state: 'detached' })
        expect(await violations(page), view).toEqual([])
        // Nothing is wider than a narrow screen but what scrolls by itself.
        expect(await page.evaluate(() => document.documentElement.scrollWidth), view).toBeLessThanOrEqual(390)
      }
      expect(errors).toEqual([])
    },
  )
})

test('the keyboard alone isolates a proxy, and the skip link comes first', async () => {
  const { url } = await serveDemo()
  const { page, visit } = await openPage(url)
  await page.keyboard.press('Tab')
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content')
  await visit('proxies?only=working')
  await page.getByRole('table', { name: 'Proxies' }).getByRole('rowgroup').first().focus()
  for (let step = 0; step < 4; step++) {
    await page.keyboard.press('Tab')
    const name = await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
    if (name?.startsWith('Isolate ')) {
      await page.keyboard.press('Enter')
      await eventually(() =>
        page
          .getByRole('status')
          .allTextContents()
          .then((texts) => texts.join()),
      ).toMatch(/isolated|taken out|1 prox/i)
      return
    }
  }
  expect.unreachable('No button was reached.')
})

test('who opens a view hears its name: the focus is on its heading', async () => {
  const { url } = await serveDemo()
  const { page } = await openPage(url)
  await page.getByRole('link', { name: /^Hosts/ }).click()
  await eventually(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Hosts')
  await eventually(() => page.title()).toBe('Hosts · Regatta')
})

test('where motion is not wanted, nothing moves by itself', async () => {
  const { url } = await serveDemo()
  const { page } = await openPage(url, { reducedMotion: 'reduce' })
  const moving = await page.evaluate(
    () =>
      [...document.querySelectorAll('*')].filter((each) => {
        const { transitionDuration, animationName } = getComputedStyle(each)
        return transitionDuration !== '0s' || animationName !== 'none'
      }).length,
  )
  expect(moving).toBe(0)
})
