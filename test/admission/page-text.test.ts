import { expect, test } from 'vitest'
import { textDigest } from '../../src/admission/page-text.ts'

const page = (markup: string, url: string, isDated = false) =>
  textDigest(markup, new URL(url, 'http://a.example'), isDated)

test('pages that differ in their own number, in links and in markup say the same', () => {
  const empty = page('<h1 class="a">Page 12</h1><a href="?p=13">next: 13</a>', '/list?p=12')
  const other = page(
    '<h1>Page 13</h1>  <a\nhref="?p=14">next: 14</a><script>let x = "13"</script>',
    '/list?p=13',
  )
  expect(other).toBe(empty)
})

test('a token of the URL does not count', () => {
  expect(page('Bye, ab12cd34ef', '/?t=ab12cd34ef')).toBe(page('Bye, zz99yy88xx', '/?t=zz99yy88xx'))
})

test('another word, and another number that is not in the URL, count', () => {
  const known = page('<p>12 boats, 7 oars</p>', '/list?p=40')
  expect(page('<p>12 boats, 8 oars</p>', '/list?p=40')).not.toBe(known)
  expect(page('<p>12 boots, 7 oars</p>', '/list?p=40')).not.toBe(known)
})

test('days and years do not count on a dated page, and measurements do', () => {
  const may = page('May 31, 2024: nothing', '/d', true)
  expect(page('May 30, 2025: nothing', '/d', true)).toBe(may)
  expect(page('0.93', '/d', true)).not.toBe(page('0.94', '/d', true))
})

test.each(['<', '<script>', '<a ', '</script', '<style><script>'])(
  'a page of %s that never ends is read in linear time',
  (piece) => {
    const start = performance.now()
    page(piece.repeat(262_144 / piece.length), '/a')
    expect(performance.now() - start).toBeLessThan(1_000)
  },
)
