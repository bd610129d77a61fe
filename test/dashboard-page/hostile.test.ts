import { expect, test } from 'vitest'
import { openPage, serveDemo, useBrowser } from './browser.ts'

/** Titles, URLs, hosts, reasons and bodies are others' words: they are shown as text, and nothing of them runs or is fetched. */
useBrowser()

test('hostile words are shown as they are: no script runs, nothing is loaded, nobody else is asked', async () => {
  const { url } = await serveDemo()
  const { page, visit, errors, requests } = await openPage(url)
  let dialogs = 0
  page.on('dialog', (dialog) => {
    dialogs++
    void dialog.dismiss()
  })
  for (const view of ['overview', 'hosts', 'proxies', 'requests', 'dead?reason=blocked']) {
    await visit(view)
    await page.getByText('Loading').waitFor({ state: 'detached' })
    await page
      .getByText('onerror=')
      .first()
      .waitFor({ timeout: view === 'proxies' ? 1 : 10_000 })
      .catch((error) => {
        if (view !== 'proxies') throw error
      })
  }
  await page.locator('summary').first().click()
  await page.getByText('The beginning of the last body').first().waitFor()
  await visit('requests')
  await page.getByRole('group', { name: 'Requests' }).getByRole('link').first().click()
  await page.getByRole('heading', { name: 'In words' }).waitFor()
  expect(await page.locator('main img, main iframe, main script, main object').count()).toBe(0)
  expect(dialogs).toBe(0)
  expect(errors).toEqual([])
  const own = new URL(url).origin
  expect(requests.filter((each) => !each.startsWith(own) && !each.startsWith('data:'))).toEqual([])
})

test('a hash that names no proxy or request says so, whatever it holds', async () => {
  const { url } = await serveDemo()
  const { page, visit, errors } = await openPage(url)
  const evil = encodeURIComponent('"><img src=x onerror=alert(1)>')
  await visit(`proxy?id=${evil}`)
  await page.locator('.empty').waitFor()
  await visit(`request?which=${evil}`)
  await page.locator('.empty, .answer').first().waitFor()
  await visit('constructor?__proto__=1')
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  expect(await page.locator('main img').count()).toBe(0)
  expect(errors.filter((each) => !each.includes('404'))).toEqual([])
})
