import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import type { Exchange } from '../../src/contracts/outcome.ts'
import { differenceOf } from '../../src/trust/difference.ts'
import { type Profile, profileOf } from '../../src/trust/profile.ts'
import { harmless, ordinaryPage, refusing } from '../classify/fixtures.ts'
import { answer, broken, labPage } from './answers.ts'

const compare = (one: Exchange, other: Exchange) => differenceOf(profileOf(one), profileOf(other))
const page = labPage('/page/1', { shop: true })
const changed = (from: string | RegExp, to: string) => {
  const other = page.replace(from, to)
  expect(other).not.toBe(page)
  return answer(other)
}
const json = (value: unknown) => answer(JSON.stringify(value), { type: 'application/json' })
const items = (count: number, price = 4.5) => ({
  status: 'ok',
  data: Array.from({ length: count }, (_, id) => ({ id, name: `Item ${id}`, price, url: `/item/${id}` })),
})
const text = (body: string) => answer(body, { type: 'text/plain' })
const cookies = (...names: string[]) =>
  answer(page, { headers: { 'set-cookie': names.map((name) => `${name}=${Math.PI}`) } })
const truth = answer(page)

describe('two answers differ in exactly', () => {
  test.each<[what: string, one: Exchange, other: Exchange, keys: string[]]>([
    ['nothing, when they are equal', truth, answer(page), []],
    ['a comment', truth, changed('</body>', '<!-- 12 ms --></body>'), ['count:comment', 'value:comment']],
    ['white space between tags', truth, changed('<ul>', '<ul>\n '), ['count:blank']],
    [
      'nothing, when there is more white space where there is some',
      answer('<p>a b</p>\n<p>'),
      answer('<p> a\n\n b </p>\n\n\n<p>'),
      [],
    ],
    [
      'a value without its class, when classes are drawn anew for each answer',
      answer('<div class="xkqa"><p class="tuvo">a</p><p>b</p></div>'),
      answer('<div class="bnel"><p class="zzri">a</p><p>b</p></div>'),
      ['value:div', 'value:div@class', 'value:div>p', 'value:div>p@class', 'value:div>p text'],
    ],
    [
      'nothing, when the names of elements and attributes are written otherwise',
      answer('<p class=a>x</p>'),
      answer("<P CLASS='a'>x</P>"),
      [],
    ],
    [
      'nothing, when links have tracking parameters',
      answer('<a href="/a?b=1#c">x</a><a href="/b">y</a>'),
      answer('<a href="/a?b=1&amp;utm_source=s&gclid=4#c">x</a><a href="/b?fbclid=9">y</a>'),
      [],
    ],
    [
      'nothing, when links to the site itself are whole, from the root or relative',
      answer('<a href="/list/2">x</a>'),
      answer('<a href="http://shop.example/list/2">x</a>'),
      [],
    ],
    ['nothing, for a relative link', answer('<a href="/list/2">x</a>'), answer('<a href="2">x</a>'), []],
    [
      'a text',
      truth,
      changed(/<p class="nonce">\w+/, '<p class="nonce">x'),
      ['value:html>body>p.nonce text'],
    ],
    [
      'a partner in a link',
      answer('<a href="/buy?tag=shop-20">x</a>'),
      answer('<a href="/buy?tag=evil-20">x</a>'),
      ['value:a@href'],
    ],
    [
      'a link that is no longer encrypted',
      answer('<a href="https://shop.example/pay">x</a>'),
      answer('<a href="http://shop.example/pay">x</a>'),
      ['value:a@href'],
    ],
    [
      'two prices that changed places',
      answer('<p class="price">1</p><p class="price">2</p>'),
      answer('<p class="price">2</p><p class="price">1</p>'),
      ['value:p.price text'],
    ],
    [
      'one script more',
      truth,
      changed('</body>', '<script src="//evil.example/mine.js"></script></body>'),
      [
        'count:html>body>script.evil.example',
        'count:html>body>script.evil.example@src',
        'value:html>body>script.evil.example@src',
      ],
    ],
    [
      'a nonce in a script, whose element is the same',
      answer('<script nonce="a">window.token = "1f"</script><script>f()</script>'),
      answer('<script nonce="b">window.token = "2e"</script><script>f()</script>'),
      ['value:script.window.token text'],
    ],
    [
      'a script without a nonce, beside one with',
      answer('<script>window.token = "1f"</script><script>track("a")</script>'),
      answer('<script>window.token = "2e"</script><script>track("b")</script>'),
      ['value:script.window.token text', 'value:script.track( text'],
    ],
    [
      'an item of a list',
      answer('<ul><li>a</li><li>b</li></ul><p>x</p>'),
      answer('<ul><li>a</li><li>b</li><li>c</li></ul><p>x</p>'),
      ['size', 'count:ul>li', 'count:ul>li text', 'value:ul>li text'],
    ],
    [
      'a handler on an element',
      answer('<body class="home"><p>x</p></body>'),
      answer('<body class="home" onload=f()><p>x</p></body>'),
      ['size', 'count:body.home@onload', 'value:body.home@onload'],
    ],
    [
      'an end that is missing, in a long text',
      answer(`<p>${'x'.repeat(99)}</p>`),
      answer(`<p>${'x'.repeat(60)}`),
      ['size', 'value:p text', 'count:p open'],
    ],
    ['a value of JSON', json(items(3)), json(items(3, 9.9)), ['value:$.data[].price']],
    [
      'items of JSON',
      json({ ok: 1, data: [1, 2, 3] }),
      json({ ok: 1, data: [1, 2] }),
      ['count:$.data[]', 'value:$.data[]'],
    ],
    [
      'the end of JSON that was cut',
      answer('{"a":[1,2'),
      answer('{"a":[1,2]}'),
      ['size', 'count:$.a[] open'],
    ],
    [
      'data in a script',
      answer('<script>{"a":1,"b":2}</script>'),
      answer('<script>{"a":1,"b":3}</script>'),
      ['value:script $.b'],
    ],
    ['a line', text('User-agent: *\nDisallow: /a\n'), text('User-agent: *\nDisallow: /b\n'), ['value:line']],
    [
      'an entry of a sitemap',
      answer('<urlset><url><loc>a</loc></url><url><loc>b</loc></url></urlset>'),
      answer('<urlset><url><loc>a</loc></url></urlset>'),
      [
        'size',
        'count:urlset>url',
        'count:urlset>url>loc',
        'count:urlset>url>loc text',
        'value:urlset>url>loc text',
      ],
    ],
    [
      'CDATA, which in XML is text',
      answer('<rss><title>a</title></rss>'),
      answer('<rss><title><![CDATA[b]]></title></rss>'),
      ['size', 'value:rss>title text'],
    ],
    ['bytes that cannot be read', answer('\0abc'), answer('\0abd'), ['bytes']],
    [
      'the type in the header',
      truth,
      answer(page, { type: 'text/plain; charset=utf-8' }),
      ['value:header content-type'],
    ],
    [
      'the charset in the header',
      truth,
      answer(page, { type: 'text/html; charset=koi8-r' }),
      ['value:header charset'],
    ],
    ['a cookie that is not set', cookies('sid', 'lang'), cookies('lang'), ['count:header set-cookie sid']],
    ['a status that ends a page', truth, answer(page, { status: 404 }), ['status']],
    [
      'one that ends it in another way',
      answer('x', { status: 404 }),
      answer('x', { status: 410 }),
      ['status'],
    ],
    ['nothing, for statuses of one class', answer('x', { status: 301 }), answer('x', { status: 302 }), []],
    ['a body that is missing', truth, answer(''), ['type']],
    [
      'where a redirect leads',
      answer('', { status: 302, headers: { location: '/a' } }),
      answer('', { status: 302, headers: { location: 'http://evil.example/' } }),
      ['target'],
    ],
    ['a fault', truth, broken('body-too-large'), ['status', 'type']],
    ['the cause of a fault', broken('redirect-limit'), broken('body-too-large'), ['status']],
    ['nothing, for one fault', broken('redirect-limit'), broken('redirect-limit'), []],
  ])('%s', (_, one, other, keys) => {
    expect(compare(one, other).keys).toEqual(keys)
  })
})

describe('only texts differ', () => {
  test.each<[string, Exchange, Exchange, boolean]>([
    [
      'in a greeting',
      truth,
      changed(/<p class="nonce">\w+/, '<p class="nonce">Hello, you, and all of you'),
      true,
    ],
    ['in a longer text', answer('<p>a</p>'), answer('<p>a, and much more of it</p>'), true],
    ['in a meta element', truth, changed('content="About', 'content="About the'), true],
    ['in a value of JSON', json(items(3)), json(items(3, 9.9)), true],
    ['not when there are fewer items in JSON', json(items(3)), json(items(2)), false],
    ['not when JSON leads elsewhere', json({ url: '/a' }), json({ url: '/b' }), false],
    [
      'not when a sitemap leads elsewhere',
      answer('<urlset><loc>a</loc></urlset>'),
      answer('<urlset><loc>b</loc></urlset>'),
      false,
    ],
    ['not when there are fewer lines', text('a\nb\nc'), text('a\nb'), false],
    ['not when a link leads elsewhere', truth, changed('href="/page/', 'href="/pag/'), false],
    ['not when a form does', answer('<form action="/a">'), answer('<form action="/b">'), false],
    [
      'not when a page sends its visitors on',
      answer('<meta http-equiv="refresh" content="0">'),
      answer('<meta http-equiv="refresh" content="0;url=//e">'),
      false,
    ],
    ['not when a script differs', answer('<script>a</script>'), answer('<script>b</script>'), false],
    ['not when an element is new', truth, changed('<ul>', '<b></b><ul>'), false],
    ['not when a header differs', cookies('a'), cookies(), false],
    ['not when bytes do', answer('\0a'), answer('\0b'), false],
  ])('%s', (_, one, other, isTextOnly) => {
    const difference = compare(one, other)
    expect(difference.keys).not.toEqual([])
    expect(difference.isTextOnly).toBe(isTextOnly)
  })
})

describe('likeness', () => {
  const pages = Array.from({ length: 20 }, (_, at) => labPage(`/page/${at + 1}`))
  const good = [...pages, ordinaryPage(), ordinaryPage(30), ...Object.values(harmless)]
  const portal = (lang: string, title: string, words: string) =>
    `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>${title}</title></head><body><h1>${title}</h1><p>${words}</p><p>${words}</p><ul>${'ABCDEF'.replaceAll(/./g, (letter) => `<li><a href="/${letter}">${words} ${letter}</a></li>`)}</ul></body></html>`
  const lies = [
    'please wait for it',
    '<html><body><h1>Notice</h1><p>Nothing here.</p></body></html>',
    portal('de', 'Willkommen', 'Bitte warten'),
    portal('zh', '欢迎使用', '请登录'),
    ...Object.values(refusing),
  ]

  test('of a notice or a portal to a page is low', () => {
    for (const one of good) {
      for (const lie of lies) expect(compare(answer(one), answer(lie)).likeness).toBeLessThan(0.3)
    }
  })

  test('of a page to itself with one more script is high', () => {
    for (const one of good) {
      const lie = `${one.replace('</body>', '')}<script>f()</script></body></html>`
      expect(compare(answer(one), answer(lie)).likeness).toBeGreaterThan(0.8)
    }
  })

  test('of two pages of one template is between', () => {
    for (const [at, one] of pages.slice(1).entries()) {
      const { likeness } = compare(answer(pages[at]!), answer(one))
      expect(likeness).toBeGreaterThan(0.4)
      expect(likeness).toBeLessThan(0.9)
    }
  })

  test('of a page to 60 % of it is more than that of a lie; sizes, counts and an end differ', () => {
    for (const one of [...pages, ordinaryPage(), JSON.stringify(items(40)), text60()]) {
      const { likeness, keys, isTextOnly } = compare(answer(one), answer(one.slice(0, one.length * 0.6)))
      expect(likeness).toBeGreaterThan(0.3)
      expect(keys).toContain('size')
      expect(keys.some((key) => key.startsWith('count:'))).toBe(true)
      expect(isTextOnly).toBe(false)
    }
  })

  test('of an empty answer of an interface to a full one is none', () => {
    expect(compare(json(items(20)), json({ status: 'ok', data: [] })).likeness).toBeLessThan(0.1)
  })

  test('of answers of another kind is none', () => {
    expect(compare(truth, answer(page, { status: 404 })).likeness).toBe(0)
    expect(compare(truth, json(items(3))).likeness).toBe(0)
  })

  test('of a file to its beginning is its share', () => {
    const random = createRandom(1)
    const bytes = Buffer.from(Uint8Array.from({ length: 100_000 }, () => random() * 256))
    expect(compare(answer(bytes), answer(bytes.subarray(0, 60_000))).likeness).toBeCloseTo(0.6, 1)
  })
})

test('answers that are equal byte for byte are not read, and differ in their headers at most', () => {
  const unread = (profile: Profile) =>
    new Proxy(profile, {
      get(target, name) {
        if (name === 'parts' || name === 'sketch') throw new Error('It is read.')
        return Reflect.get(target, name, target)
      },
    })
  const one = unread(profileOf(truth))
  expect(differenceOf(one, unread(profileOf(answer(page)))).keys).toEqual([])
  expect(differenceOf(one, unread(profileOf(cookies('a')))).keys).toEqual(['count:header set-cookie a'])
  expect(differenceOf(one, unread(profileOf(answer(page, { status: 410 })))).keys).toEqual(['status'])
})

function text60(): string {
  return labPage('/page/1', { pageBytes: 60_000 })
}
