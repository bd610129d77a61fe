import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineSource } from '../../src/source/define-source.ts'
import { createPage } from '../../src/source/make-page.ts'

const source = defineSource({
  name: 'links',
  params: z.object({}),
  item: z.object({}),
  *seeds() {},
  *parse() {},
})

test('links, and what a parser follows, have their query in the encoding of the page and their path in UTF-8', () => {
  const html = Buffer.from(
    '<meta charset=windows-1251><a href="/&#1078;?q=&#1078;&#252;#&#1078;">a</a><form><input name=q value="&#1078;"></form>',
    'latin1',
  )
  const page = createPage({
    source,
    url: 'https://a.example/',
    body: html,
    headers: { 'content-type': 'text/html' },
  })
  expect(page.encoding).toBe('windows-1251')
  expect(page.links().links.map(({ url }) => url)).toEqual(['https://a.example/%D0%B6?q=%E6%26%23252%3B'])
  expect(page.follow('/b?q=ж')).toMatchObject({ requests: [{ url: 'https://a.example/b?q=%E6' }] })
  expect(page.form().request().url).toBe('https://a.example/?q=%E6')
})
