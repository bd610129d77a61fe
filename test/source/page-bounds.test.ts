import { describe, expect, test } from 'vitest'
import { readContent } from '../../src/source/content.ts'
import { parseMarkup } from '../../src/source/markup.ts'
import { readDocument } from '../../src/source/read-document.ts'

/** Somebody's pages. Each would hold the process for minutes, or end it, if the standard's algorithm had its way. */
const numbered = (count: number, piece: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => piece(at)).join('')

const hostile = [
  ['a tag with 300,000 attributes', `<p>end</p><div ${numbered(300_000, (at) => `a${at}=1 `)}>`],
  ['styles in svgs in styles', `<p>end</p>${'<svg><style><input>'.repeat(30_000)}`],
  ['divs behind a style in an svg', `<p>end</p><svg><style>${'<div>'.repeat(100_000)}`],
  [
    'paragraphs after formatting left open',
    `${numbered(500, (at) => `<font size=${at}>`)}${'<p>'.repeat(12_000)}end`,
  ],
  ['formatting left open in each paragraph', `${numbered(20_000, (at) => `<p><font size=${at}>x</p>`)}end`],
  ['formatting ended in the wrong order', `${'<b><i><div>'.repeat(100)}${'</b></i>'.repeat(20_000)}end`],
  ['text thrown out of a table', `<table>${'<b>x</b><tr>'.repeat(50_000)}</table>end`],
  ['tables in tables', `${'<table><tr><td>'.repeat(50_000)}end`],
  ['templates', `<p>end</p>${'<template>'.repeat(100_000)}`],
  ['comments that never end', `<p>end</p>${'<!--'.repeat(200_000)}`],
  ['ampersands', `<p>end</p>${'&'.repeat(1_000_000)}`],
] as const

describe.each(hostile)('a page with %s', (_, html) => {
  test.each(['plain', 'standard'] as const)('becomes a %s tree in a few seconds', (tree) => {
    const started = performance.now()
    expect(readContent(parseMarkup(html, 'text/html', tree)).text).toContain('end')
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  test('is read in one pass within a second', () => {
    const started = performance.now()
    const document = readDocument(html, 'html', { url: 'https://example.com/', encoding: 'utf-8' })
    expect(document.text).toContain('end')
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})

test.each([
  ['HTML of more nodes than fit into memory', '<p>'.repeat(600_000), 'text/html', 'more than 500,000 nodes'],
  [
    'XML of more nodes than fit into memory',
    `<a>${'<p/>'.repeat(600_000)}`,
    'text/xml',
    'more than 500,000 nodes',
  ],
  ['XML that nests without end', '<a>'.repeat(100_000), 'application/rss+xml', 'nest more than 512 deep'],
])('%s is given up, with the reason', (_, markup, type, reason) => {
  const started = performance.now()
  const parse = () => parseMarkup(markup, type)
  expect(parse).toThrow(
    expect.objectContaining({ code: 'PAGE_OVER_BUDGET', message: expect.stringContaining(reason) }),
  )
  expect(performance.now() - started).toBeLessThan(5_000)
})

test('the entities that an XML document declares are not expanded', () => {
  const entities = numbered(9, (at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`)
  const $ = parseMarkup(`<!DOCTYPE x [<!ENTITY l0 "lol">${entities}]><x>&l9;</x>`, 'text/xml')
  expect($('x').text()).toBe('&l9;')
})

test.each([
  ['end tags of nothing in a deep page', `${'<i>'.repeat(511)}${'</x>'.repeat(200_000)}end`],
  ['names that nobody knows', `${numbered(200_000, (at) => `<t${at}>`)}end`],
  ['end tags that come too early', `${'<b><div>'.repeat(255)}${'</b>'.repeat(200_000)}end`],
  [
    'boxes in a deep page whose paragraph is open',
    `<p><object></object>${'<i>'.repeat(500)}${'<div></div>'.repeat(100_000)}end`,
  ],
])('%s are passed over in their time', (_, html) => {
  for (const dialect of ['html', 'xml'] as const) {
    const started = performance.now()
    const document = readDocument(html, dialect, { url: 'https://example.com/', encoding: 'utf-8' })
    expect(document.text).toContain('end')
    expect(performance.now() - started).toBeLessThan(2_000)
  }
})
