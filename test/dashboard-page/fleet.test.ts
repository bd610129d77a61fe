import { expect, test } from 'vitest'
import { eventually, openPage, serveDemo, useBrowser } from './browser.ts'
import { traced } from './traced.ts'

/** Ten thousand proxies: found, filtered, and scrolled through while they change. */
useBrowser()

test('10,000 proxies scroll with at most 16 ms of script in 95 of 100 frames, and no task takes 100 ms', async () => {
  const { url } = await serveDemo('running', 10_000)
  const { page, visit } = await openPage(url)
  await visit('proxies')
  const list = page.getByRole('table', { name: 'Proxies' })
  await list.getByRole('link').first().waitFor()
  await list.hover()
  const { scriptMs, longestTaskMs, frames } = await traced(page, async () => {
    for (let step = 0; step < 240; step++) {
      await page.mouse.wheel(0, 420)
      await page.evaluate(() => new Promise(requestAnimationFrame))
    }
  })
  console.log(
    `${frames} frames, script p95 ${scriptMs.toFixed(1)} ms, longest task ${longestTaskMs.toFixed(0)} ms`,
  )
  expect(frames).toBeGreaterThan(100)
  expect(scriptMs).toBeLessThanOrEqual(16)
  expect(longestTaskMs).toBeLessThan(100)
  // Rows that were not there before have come, and no more of them exist than are in sight.
  expect(Number(await list.locator('[aria-rowindex]').last().getAttribute('aria-rowindex'))).toBeGreaterThan(
    1_000,
  )
  expect(await list.getByRole('row').count()).toBeLessThan(60)
})

test('search and state narrow the list, and say how many are left', async () => {
  const { url } = await serveDemo('running', 10_000)
  const { page, visit } = await openPage(url)
  await visit('proxies')
  await page.getByRole('button', { name: /^isolated/ }).click()
  await eventually(() => page.locator('.found').textContent()).toMatch(
    /^[1-9]\d* proxies of 10,000, isolated$/,
  )
  const first = await page.getByRole('table', { name: 'Proxies' }).getByRole('link').first().textContent()
  await page.getByRole('searchbox', { name: 'Search' }).fill(first!)
  await eventually(() => page.locator('.found').textContent()).toMatch(/^1 proxy of 10,000/)
  await page.getByRole('searchbox', { name: 'Search' }).fill('no-such-proxy')
  await page.getByText('No proxy matches.').waitFor()
})

test('isolate changes the state on the screen, in the list and in the chart of its machine', async () => {
  const { url } = await serveDemo()
  const { page, visit } = await openPage(url)
  await visit('proxies?only=working')
  await page.getByRole('table', { name: 'Proxies' }).getByRole('link').first().click()
  const lit = () => page.locator('.machine [data-state].on').getAttribute('data-state')
  await eventually(lit).toBe('closed')
  await page.getByRole('button', { name: 'Isolate' }).click()
  await eventually(lit).toBe('isolated')
  await eventually(() => page.locator('.facts-row').textContent()).toContain('isolated')
  await page.getByRole('button', { name: 'Readmit' }).click()
  await eventually(lit).toBe('closed')
})
