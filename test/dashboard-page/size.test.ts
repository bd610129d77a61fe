import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

/** The page as `npm ci` has built it. */
const html = readFileSync(new URL('../../dist/dashboard.html', import.meta.url))

test('the page is one file of at most 155 kB, 60 kB compressed', () => {
  console.log(`${html.length} bytes, ${gzipSync(html).length} compressed`)
  expect(html.length).toBeLessThanOrEqual(155_000)
  expect(gzipSync(html).length).toBeLessThanOrEqual(60_000)
})

test('it names no other server, and has no handler in its markup', () => {
  const text = html.toString()
  const addresses = [...text.matchAll(/https?:\/\/[^\s"'`)<>\\]+/g)].map(([address]) => address)
  // Names of XML, which nobody asks for.
  expect(addresses.filter((address) => !address.startsWith('http://www.w3.org/'))).toEqual([])
  expect(text).not.toMatch(/<[^>]+\son[a-z]+=/)
  expect(text.match(/<script/g)).toHaveLength(1)
  expect(text).not.toMatch(/<link(?![^>]*href="data:)/)
})
