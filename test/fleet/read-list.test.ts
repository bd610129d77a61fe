import { expect, test } from 'vitest'
import { readList } from '../../src/fleet/read-list.ts'

test('fifty thousand lines are read in seconds', () => {
  const lines = Array.from(
    { length: 50_000 },
    (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}:1080 US-N-S +`,
  )
  const began = performance.now()
  const list = readList(lines.join('\n'), { trusted: true })
  expect(typeof list === 'string' ? list : list.proxies).toHaveLength(50_000)
  expect(performance.now() - began).toBeLessThan(10_000)
})

test('no line makes the reader slow, however it is written', () => {
  for (const pump of [
    '1',
    ':',
    ' ',
    '\t',
    'a.',
    '[',
    '|',
    '1.',
    '@',
    '203.0.113.9:',
    '# ',
    '1:1 ',
    '1.1.1.1:1,',
    '"',
    '["',
    "',",
  ]) {
    const began = performance.now()
    readList(pump.repeat(200_000 / pump.length), { trusted: true })
    expect(performance.now() - began, JSON.stringify(pump)).toBeLessThan(1_500)
  }
})

function read(text: string): readonly string[] {
  const list = readList(text, { trusted: true })
  if (typeof list === 'string') return [list]
  const shown = list.proxies.map(({ endpoint, guessed }) => (guessed ? `?${endpoint.id}` : endpoint.id))
  return [...shown, ...list.rejected]
}

test('a sign between an address and a remark is no misspelt tag', () => {
  expect(read('203.0.113.9:1080 => failure\n203.0.113.8:80 == success\n203.0.113.7:80 contry=DE\n')).toEqual([
    '?http://203.0.113.9:1080',
    '?http://203.0.113.8:80',
    'line 3: a tag is not one of country, city, asn, class, price, provider',
  ])
})

test.each<[string, string]>([
  ['a line', 'https 203.0.113.8 80'],
  ['a row', '203.0.113.8,80,HTTPS'],
  ['a field', '[{"ip":"203.0.113.8","port":80,"type":"https"}]'],
  [
    'a line of objects',
    '{"host":"203.0.113.8","port":80,"protocol":"HTTPS"}\n{"host":"203.0.113.8","port":80}',
  ],
  ['a column', 'ip,port,protocol\n203.0.113.8,80,https\n'],
  ['the name of a list', '{"https":["203.0.113.8:80"]}'],
])('HTTPS as %s says what a proxy lets through, so it is asked what it speaks', (_, text) => {
  expect(read(text)).toEqual(['?http://203.0.113.8:80'])
})

test('HTTPS in a URL, or beside another protocol, is what is meant', () => {
  expect(read('https://203.0.113.8:443\n')).toEqual(['https://203.0.113.8:443'])
  expect(read('[{"ip":"203.0.113.8","port":80,"protocols":["https","socks4"]}]')).toEqual([
    'socks4://203.0.113.8:80',
  ])
})

test.each([
  ['plain', 'sep=;\r\nIP;Port;Country\r\n8.8.8.8;8080;DE\r\n8.8.4.4;none;US\r\n'],
  ['quoted', '"sep=;"\r\n"IP";"Port";"Country"\r\n"8.8.8.8";"8080";"DE"\r\n"8.8.4.4";"none";"US"\r\n'],
])(
  'a table whose first line tells Excel how it is parted is read, and its lines are counted: %s',
  (_, text) => {
    const list = readList(text, { trusted: false })
    if (typeof list === 'string') throw new Error(list)
    expect(list.proxies.map(({ endpoint: { host, tags } }) => [host, tags.country])).toEqual([
      ['8.8.8.8', 'DE'],
    ])
    expect(list.rejected).toEqual([expect.stringMatching(/^line 4: .*port/)])
  },
)
