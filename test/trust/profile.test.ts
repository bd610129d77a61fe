import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BodyFile } from '../../src/contracts/body-file.ts'
import { differenceOf } from '../../src/trust/difference.ts'
import { profileOf } from '../../src/trust/profile.ts'
import { readRows } from '../conformance/data/read.ts'
import { answer, broken, labPage } from './answers.ts'

const partsOf = (body: string | Uint8Array, type?: string) =>
  Object.fromEntries(
    [...profileOf(answer(body, type === undefined ? {} : { type })).parts].map(([path, part]) => [
      path,
      part.count,
    ]),
  )

describe('what a body is', () => {
  const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')
  test.each([
    ['html', 'a page called JSON', '<!DOCTYPE html><p>x', 'application/json'],
    ['html', 'a page without a document type', '  <div>x</div>', 'text/html'],
    ['html', 'a page behind comments', '<!-- a --><!-- b -->\n<html><p>x', null],
    ['html', 'XHTML', '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"></html>', 'text/xml'],
    ['html', 'a page in UTF-16', utf16('<!doctype html><p>x'), null],
    ['html', 'a page that begins with text', 'Hello, <b>you</b>', 'text/html'],
    ['json', 'JSON called a page', '{"a": 1}', 'text/html'],
    ['json', 'a list', ' [1, 2]', null],
    ['json', 'a number that is called JSON', '42', 'application/json'],
    ['json', 'JSON in UTF-16', utf16('{"a": 1}'), null],
    ['json', 'JSON in a call', 'callback({"a": 1})', 'text/javascript'],
    ['json', 'a document a line', '{"a": 1}\n{"a": 2}\n', 'application/x-ndjson'],
    ['xml', 'a sitemap', '<?xml version="1.0"?><urlset></urlset>', 'text/plain'],
    ['xml', 'a feed without a declaration', '<rss version="2.0"></rss>', 'text/html'],
    ['text', 'robots.txt', 'User-agent: *\nDisallow:\n', 'text/plain'],
    ['text', 'CSV', 'a,b\n1,2\n', 'text/csv'],
    ['text', 'a script', 'function f() { return [1] }', 'text/javascript'],
    ['text', 'a sentence called a page', 'please wait', 'text/html'],
    ['binary', 'an image', Buffer.from('\x89PNG\r\n\x1a\n\0\0\0', 'latin1'), 'text/html'],
    ['binary', 'gzip', Buffer.from('\x1f\x8b\x08abc', 'latin1'), 'text/plain'],
    ['binary', 'a PDF', '%PDF-1.7 abc', 'text/html'],
    ['none', 'nothing', '', 'text/html'],
  ] as const)('is %s: %s', (family, _, body, type) => {
    expect(profileOf(answer(body, { type })).type).toBe(family)
  })
})

describe('where a redirect leads', () => {
  const location = (to: string) => profileOf(answer('', { status: 302, headers: { location: to } })).target
  test.each([
    ['/login#top', 'http://shop.example/login'],
    ['https://shop.example/login', 'https://shop.example/login'],
    ['/a?utm_source=x&b=2&gclid=3', 'http://shop.example/a?b=2'],
    ['/a;jsessionid=0123456789ABCDEF?b=2', 'http://shop.example/a?b=2'],
    ['/login?next=%2Flist&state=f81d4fae7dec11d0a765', 'http://shop.example/login?next=%2Flist&state='],
    ['/a?at=1764518400000&page=2', 'http://shop.example/a?at=&page=2'],
    [
      '/news/a-title-of-many-words-2026?tag=partner-20',
      'http://shop.example/news/a-title-of-many-words-2026?tag=partner-20',
    ],
  ])('%s', (given, target) => {
    expect(location(given)).toBe(target)
  })

  test('is what the caller knows, and nothing for a page', () => {
    expect(profileOf(answer('x'), 'http://a.example/#b').target).toBe('http://a.example/')
    expect(profileOf(answer('x')).target).toBeUndefined()
  })
})

describe('the parts of an answer', () => {
  test('of a page are elements, texts and attributes under the names that lead to them', () => {
    const page = `<!doctype html><html><head><meta name="description" content="x"></head>
      <body><!-- 12 ms --><ul class="list-4711 wide"><li>one<li>two <b>2</b></ul>
      <script>var a = 1</script><script src="https://cdn.example/v3/a.js"></script><img src="/a.png"/></body></html>`
    expect(partsOf(page)).toEqual({
      comment: 2,
      blank: 2,
      html: 1,
      'html>head': 1,
      'html>head>meta.description': 1,
      'html>head>meta.description@name': 1,
      'html>head>meta.description@content': 1,
      'html>body': 1,
      'html>body>ul.list': 1,
      'html>body>ul.list@class': 1,
      'body>ul.list>li': 2,
      'body>ul.list>li text': 2,
      'ul.list>li>b': 1,
      'ul.list>li>b text': 1,
      'html>body>script.var': 1,
      'html>body>script.var text': 1,
      'html>body>script.cdn.example': 1,
      'html>body>script.cdn.example@src': 1,
      'html>body>img': 1,
      'html>body>img@src': 1,
      'header content-type': 1,
      'header charset': 1,
    })
  })

  test('of JSON are its keys, whatever the index; numbers and ids are no keys', () => {
    const json =
      '{"items":[{"id":1,"tags":["a","b"]},{"id":2,"tags":[]}],"by":{"4711":{"n":1},"4712":{"n":2}}}'
    const expected = {
      $: 1,
      '$.items': 1,
      '$.items[]': 2,
      '$.items[].id': 2,
      '$.items[].tags': 2,
      '$.items[].tags[]': 2,
      '$.by': 1,
      '$.by.*': 2,
      '$.by.*.n': 2,
      'header content-type': 1,
    }
    expect(partsOf(json, 'application/json')).toEqual(expected)
    expect(partsOf(JSON.stringify(JSON.parse(json), undefined, 2), 'application/json')).toEqual(expected)
  })

  test('of JSON documents line by line are those of each', () => {
    const parts = partsOf('{"a":1}\n{"a":2}\n{"a":3,"b":4}\n', 'application/x-ndjson')
    expect(parts).toMatchObject({ $: 3, '$.a': 3, '$.b': 1 })
  })

  test('of data in a script are its keys', () => {
    const parts = partsOf('<script type="application/ld+json">{"offers":[{"price":"4.50"}]}</script>')
    expect(parts).toMatchObject({ script: 1, 'script $': 1, 'script $.offers[].price': 1 })
  })

  test('of text are its lines', () => {
    expect(partsOf('User-agent: *\r\n\r\n  Disallow: /x \n', 'text/plain')).toEqual({
      line: 2,
      'header content-type': 1,
    })
  })

  test('of headers are those that say something of the page', () => {
    const headers = {
      'set-cookie': ['sid=1; path=/', 'visitor_42=x'],
      'content-language': 'de',
      'x-robots-tag': 'noindex',
      date: 'Mon, 30 Nov 2026 16:00:00 GMT',
      age: '4',
      via: '1.1 cache',
      etag: '"x"',
    }
    const parts = [...profileOf(answer('', { headers })).parts.keys()]
    expect(parts).toEqual([
      'header content-type',
      'header charset',
      'header content-language',
      'header x-robots-tag',
      'header set-cookie sid',
      'header set-cookie visitor_',
    ])
  })

  test('are the same for a page in UTF-8, behind a byte order mark, and in UTF-16 of both orders', () => {
    const page = '<!doctype html><title>Ægir</title><p class="x">naïve</p>'
    const wide = Buffer.from(`\ufeff${page}`, 'utf16le')
    const all = [
      Buffer.from(page),
      Buffer.from(`\ufeff${page}`),
      wide,
      Buffer.from(wide).swap16(),
      Buffer.from(page, 'utf16le'),
    ].map((body) => profileOf(answer(body)))
    for (const each of all) expect(differenceOf(all[0]!, each).keys).toEqual([])
  })

  test('of a fault are its cause, and it has no body', () => {
    expect(profileOf(broken('redirect-limit'))).toMatchObject({
      status: 0,
      type: 'none',
      size: 0,
      digest: '',
    })
    expect([...profileOf(broken('redirect-limit')).parts.keys()]).toEqual(['fault redirect-limit'])
  })
})

describe('a large answer', () => {
  test('has no more than some thousand parts', () => {
    const many = Array.from({ length: 30_000 }, (_, n) => letters(n))
    const page = profileOf(answer(many.map((name) => `<p class="${name}">x</p>`).join('')))
    const json = profileOf(answer(JSON.stringify(Object.fromEntries(many.map((name) => [name, 1])))))
    for (const { parts } of [page, json]) {
      expect(parts.size).toBeGreaterThan(4_000)
      expect(parts.size).toBeLessThan(4_200)
    }
    expect([...json.parts.values()].reduce((sum, { count }) => sum + count, 0)).toBe(30_003)
  })

  test('that is in a file is told by its digest, and by what is in memory', () => {
    const head = Buffer.from(`<html><body>${'<p>x</p>'.repeat(1_000)}`)
    const file = (digest: string, size = 1e6) =>
      ({ digest, size, tail: head.subarray(-100) }) as unknown as BodyFile
    const whole = profileOf(answer(head, { file: file('aa') }))
    expect(whole).toMatchObject({ size: 1e6, digest: 'aa', isPartial: true })
    const keysTo = (other: BodyFile) => differenceOf(whole, profileOf(answer(head, { file: other }))).keys
    expect(keysTo(file('aa'))).toEqual([])
    expect(keysTo(file('bb'))).toEqual(['bytes'])
    expect(keysTo(file('bb', 6e5))).toEqual(['size', 'bytes'])
  })

  test('that has grown far at its end only is still another one', () => {
    const head = '<p>x</p>'.repeat(700_000)
    const { keys } = differenceOf(profileOf(answer(head)), profileOf(answer(`${head}<script>x</script>`)))
    expect(keys).toEqual(['bytes'])
  })

  test.each([
    ['tags that never end', '<a b="'.repeat(100_000)],
    ['left angle brackets', '<'.repeat(600_000)],
    ['elements left open', '<div>'.repeat(100_000)],
    ['end tags of nothing', `${'<b>'.repeat(300)}${'</i>'.repeat(100_000)}`],
    ['comments that never end', '<!--'.repeat(150_000)],
    ['dashes in a comment', `<!--${'-'.repeat(600_000)}`],
    ['scripts that never end', `${'<script>'.repeat(80_000)}`],
    ['script ends in a text field', `<textarea>${'</script>'.repeat(60_000)}`],
    ['a tag of 100,000 attributes', `<p ${'a=1 '.repeat(100_000)}>`],
    ['CDATA that never ends', `<?xml version="1.0"?><a>${'<![CDATA['.repeat(60_000)}`],
    ['JSON that nests without end', '[{"a":'.repeat(100_000)],
    ['backslashes', `{"a": "${'\\'.repeat(600_000)}`],
    ['queries', `<a href="${'?a=1;b&'.repeat(80_000)}">`],
  ])('of %s takes time in proportion to its length', (_, body) => {
    const started = performance.now()
    expect(profileOf(answer(body)).parts.size).toBeGreaterThan(0)
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})

describe('any bytes', () => {
  const pieces =
    '<a href="/x?utm_a=1">|</a>|<!--|-->|<script>|</script>|{"a":|[1,|"|\\|<![CDATA[|]]>|<li>|\0|\xff\xfe|class=b2|='.split(
      '|',
    )
  const bytes = fc
    .array(
      fc.oneof(
        fc.constantFrom(...pieces),
        fc.uint8Array({ maxLength: 20 }).map((some) => Buffer.from(some).toString('latin1')),
      ),
      { maxLength: 40 },
    )
    .map((parts) => Buffer.from(parts.join(''), 'latin1'))
  const types = fc.constantFrom(
    'text/html',
    'text/xml',
    'application/json',
    'text/plain; charset=utf-16',
    'a',
    null,
  )

  test('have a profile, and agree with themselves', () => {
    fc.assert(
      fc.property(bytes, types, (body, type) => {
        const [one, other] = [profileOf(answer(body, { type })), profileOf(answer(body, { type }))]
        expect([...one.parts]).toEqual([...other.parts])
        expect(differenceOf(one, other)).toMatchObject({ keys: [], likeness: 1 })
      }),
      { numRuns: 1_000 },
    )
  })

  test('differ from others the same way round and back, and are alike between nothing and all', () => {
    fc.assert(
      fc.property(bytes, bytes, types, (first, second, type) => {
        const [one, other] = [profileOf(answer(first, { type })), profileOf(answer(second, { type }))]
        const [there, back] = [differenceOf(one, other), differenceOf(other, one)]
        expect(new Set(there.keys)).toEqual(new Set(back.keys))
        expect(there.likeness).toBeCloseTo(back.likeness, 10)
        expect(there.likeness).toBeGreaterThanOrEqual(0)
        expect(there.likeness).toBeLessThanOrEqual(1)
      }),
      { numRuns: 1_000 },
    )
  })

  test('that the conformance suite tokenizes have a profile', () => {
    for (const [page] of readRows<[string, unknown]>('html-tokens.json')) {
      const { parts } = profileOf(answer(`<html>${page}`))
      expect(parts.get('html')?.count).toBe(1)
    }
  })
})

test('any other letter in a text, an attribute or a script of a page is noticed', () => {
  const page = labPage('/page/3', { shop: true })
  const end = page.length
  fc.assert(
    fc.property(fc.integer({ min: page.indexOf('<title>'), max: end - 1 }), (at) => {
      // Names of elements and attributes are the structure itself; here what stands in them changes.
      fc.pre(/[a-z0-9]/i.test(page[at]!) && isValue(page, at))
      const other = `${page.slice(0, at)}${page[at] === 'q' ? 'z' : 'q'}${page.slice(at + 1)}`
      const { keys } = differenceOf(profileOf(answer(page)), profileOf(answer(other)))
      expect(keys.length).toBeGreaterThan(0)
    }),
    { numRuns: 400 },
  )
})

/** In a text, or between quotes. */
function isValue(page: string, at: number): boolean {
  const open = page.lastIndexOf('<', at)
  if (page.lastIndexOf('>', at) > open) return true
  return page.slice(open, at).split('"').length % 2 === 0
}

/** A name without a digit. */
function letters(number: number): string {
  return [...number.toString().padStart(5, '0')].map((digit) => 'bcdfghklmn'[Number(digit)]).join('')
}
