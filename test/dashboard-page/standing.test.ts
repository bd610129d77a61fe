import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { expect, onTestFinished, test } from 'vitest'
import { DemoView } from '../../scripts/dashboard/demo-view.ts'
import { systemClock } from '../../src/base/clock.ts'
import { relayTo } from '../../src/cli/dashboard-relay.ts'
import { writeAddress } from '../../src/dashboard/address-file.ts'
import { serveDashboard } from '../../src/dashboard/serve-dashboard.ts'
import { lockState } from '../../src/state/folder-lock.ts'
import { eventually, openPage, serveDemo, useBrowser } from './browser.ts'

/** What the page says of a crawl that has not begun, is lost, is over, or can only be read. */
useBrowser()

test('before anything was begun, each view says that it is empty and what will fill it', async () => {
  const { url } = await serveDemo('empty', 0)
  const { page, visit } = await openPage(url)
  await page.getByText('Nothing needs attention.').waitFor()
  await visit('hosts')
  await page.getByText('No host was visited yet.').waitFor()
  await visit('proxies')
  await page.getByText('There is no proxy yet.').waitFor()
  await visit('requests')
  await page.getByText('No request was made yet.').waitFor()
})

test('a lost connection is said, what was known stays, and the page comes back by itself', async () => {
  const { url } = await serveDemo()
  const { page } = await openPage(url)
  const pages = page.locator('.figures dd').first()
  await pages.waitFor()
  await page.route('**/api/stream', (route) => route.abort())
  await page.reload()
  await page.getByText('The crawler does not answer. The page keeps trying.').waitFor()
  await page.unroute('**/api/stream')
  await page.getByRole('button', { name: 'Try now' }).click()
  await pages.waitFor()
  await eventually(() => page.locator('.banner').count()).toBe(0)
})

test('when the server closes, the page says so and its buttons say why they are off', async () => {
  const { url, dashboard } = await serveDemo()
  const { page } = await openPage(url)
  await page.locator('.figures').waitFor()
  await dashboard.close()
  await page.getByText('What is shown is the last that came.').waitFor()
  expect(await page.locator('.figures').count()).toBe(1)
  const drain = page.getByRole('button', { name: 'Drain' })
  await eventually(() => drain.getAttribute('aria-disabled')).toBe('true')
  await drain.click({ force: true })
  await page.locator('.notice').getByText('The crawler cannot be reached.').waitFor()
  expect(await page.getByRole('dialog').count()).toBe(0)
})

test('a crawl that has ended shows how, and offers no drain', async () => {
  const { url } = await serveDemo('ended')
  const { page } = await openPage(url)
  await page.locator('.standing').getByText('ended').waitFor()
  expect(await page.getByRole('button', { name: 'Drain' }).count()).toBe(0)
  expect(await page.locator('.banner p').textContent()).toBeTruthy()
})

test('a wrong token is told from a lost connection', async () => {
  const { url } = await serveDemo()
  const { page } = await openPage(url)
  await page.locator('.figures').waitFor()
  await page.route('**/api/stream', (route) =>
    route.continue({
      headers: { ...route.request().headers(), authorization: 'Bearer wrong-token-wrong-token' },
    }),
  )
  await page.reload()
  await page.getByText('Open the address that the crawler has printed.').waitFor()
})

test('drain asks first: no changes nothing, yes drains', async () => {
  const { url } = await serveDemo()
  const { page } = await openPage(url)
  const drain = page.getByRole('button', { name: 'Drain', exact: true })
  await eventually(() => drain.getAttribute('aria-disabled')).toBe(null)
  await drain.click()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.locator('.standing').getByText('running').waitFor()
  await drain.click()
  await page.getByRole('button', { name: 'Drain the crawl' }).click()
  await eventually(() => page.locator('.standing b').textContent()).toMatch(/draining|ended/)
})

test('a page on a folder turns live by itself when a process begins to work there', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'regatta-turns-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const folder = await serveDashboard(new DemoView(5, 'folder', systemClock), {}, relayTo(dir))
  onTestFinished(() => folder.close())
  const { page } = await openPage(folder.url)
  await page.locator('.figures').waitFor()
  const drain = page.locator('.head-actions > .button:not([aria-disabled])', { hasText: 'Drain' })
  expect(await drain.count()).toBe(0)
  const { dashboard } = await serveDemo()
  const lock = await lockState(dir)
  onTestFinished(() => lock.release())
  await writeAddress(dir, { port: dashboard.port, token: dashboard.token, pid: process.pid })
  await drain.waitFor()
})

test('trying again what was chosen says that nothing is chosen, and then takes what is', async () => {
  const { url } = await serveDemo()
  const { page, visit } = await openPage(url)
  await visit('dead')
  await page.locator('.disclosure').first().click()
  const again = page.locator('.letters').getByRole('button', { name: /chosen/ })
  await again.click({ force: true })
  await page.locator('.notice').getByText('Choose some first.').waitFor()
  await page.locator('.letter input').first().check()
  await again.click()
  await page.locator('.notice').getByText('will be tried again').waitFor()
})

test('the theme is the reader’s: by their system, or by the button, and it is kept', async () => {
  const { url } = await serveDemo()
  const { page } = await openPage(url, { colorScheme: 'dark' })
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const dark = await ground()
  await page.getByRole('button', { name: /Colours: system/ }).click()
  await eventually(ground).not.toBe(dark)
  await page.reload()
  await page.getByRole('button', { name: /Colours: light/ }).waitFor()
  expect(await ground()).not.toBe(dark)
})

test('the page saves itself: the file shows the same without a crawler, and has no buttons that act', async () => {
  const { url, dashboard } = await serveDemo()
  const { page } = await openPage(url)
  await page.locator('.figures').waitFor()
  const download = page.waitForEvent('download')
  const save = page.getByRole('button', { name: 'Save as a report' })
  await eventually(() => save.getAttribute('aria-disabled')).toBe(null)
  await save.click()
  const file = join(await mkdtemp(join(tmpdir(), 'regatta-report-')), 'report.html')
  onTestFinished(() => rm(dirname(file), { recursive: true }))
  await (await download).saveAs(file)
  await dashboard.close()
  expect(await readFile(file, 'utf8')).not.toContain(dashboard.token)
  const report = await openPage(`file://${file}`)
  await report.page.getByText('A saved report of').waitFor()
  expect(await report.page.getByRole('button', { name: /Save/ }).count()).toBe(0)
  expect(await report.page.locator('.head-actions button:not([aria-disabled])').count()).toBe(1)
  for (const view of ['hosts', 'proxies', 'requests', 'dead']) {
    await report.visit(view)
    expect(await report.page.locator('.empty').count(), view).toBe(0)
  }
  expect(report.errors).toEqual([])
  expect(report.requests.filter((each) => each.startsWith('http'))).toEqual([])
})
