import { expect, test } from 'vitest'
import { proxyUrl } from '../../src/fleet/label.ts'
import { readList } from '../../src/fleet/read-list.ts'

const read = (content: string | Uint8Array) => {
  const list = readList(content, { trusted: true })
  if (typeof list === 'string') throw new Error(list)
  const proxies = list.proxies.map((proxy) => {
    const { country } = proxy.endpoint.tags
    const url = proxy.guessed ? proxyUrl(proxy).replace('http:', '?:') : proxyUrl(proxy)
    return country ? `${url} ${country}` : url
  })
  return { proxies, rejected: list.rejected.length }
}

test.each<[string, string, string[], number?]>([
  [
    'address and port',
    '203.0.113.9:1080\n203.0.113.10:1080',
    ['?://203.0.113.9:1080', '?://203.0.113.10:1080'],
  ],
  [
    'an address with a place behind an empty field',
    '203.0.113.9:1080::Germany\n203.0.113.8:80::DE',
    ['?://203.0.113.9:1080', '?://203.0.113.8:80 DE'],
  ],
  ['a country as third field', '203.0.113.9:1080:DE', ['?://203.0.113.9:1080 DE']],
  ['a protocol as third field', '203.0.113.9:1080:socks5', ['socks5://203.0.113.9:1080']],
  [
    'tabs',
    '203.0.113.9\t1080\tSOCKS5\tUS\tElite\n203.0.113.8\t80\tHTTP\tDE',
    ['socks5://203.0.113.9:1080 US', 'http://203.0.113.8:80 DE'],
  ],
  ['columns without a head, by comma', '203.0.113.9,1080,socks4\n', ['socks4://203.0.113.9:1080']],
  [
    'columns by semicolon and bar',
    '203.0.113.9;1080\n| 203.0.113.8 | 80 |',
    ['?://203.0.113.9:1080', '?://203.0.113.8:80'],
  ],
  ['blanks', '203.0.113.9 1080', ['?://203.0.113.9:1080']],
  [
    'comments in front and behind',
    '# mine\n// theirs\n; old\n203.0.113.9:1080 # fast\n203.0.113.8:80 // slow\n203.0.113.7:80 ; gone',
    ['?://203.0.113.9:1080', '?://203.0.113.8:80', '?://203.0.113.7:80'],
  ],
  [
    'a table with codes, and prose around it',
    [
      'Proxy list last updated at Wed, 01 Jan 25 00:00:04 +0000',
      'Support mail: someone',
      '',
      'IP address:Port CountryCode-Anonymity(Noa/Anm/Hia)-SSL_support(S)-Google_passed(+)',
      '',
      '203.0.113.9:80 ID-A! - ',
      '203.0.113.8:80 SG-H-S + ',
      '',
      'Free proxy list. Use at your own risk.',
    ].join('\r\n'),
    ['?://203.0.113.9:80 ID', '?://203.0.113.8:80 SG'],
    4,
  ],
  [
    'lines of proxychains',
    'socks5 203.0.113.9 1080 bob word\nhttp 203.0.113.8 80',
    ['socks5://bob:word@203.0.113.9:1080', 'http://203.0.113.8:80'],
  ],
  [
    'lines of a PAC file',
    'PROXY 203.0.113.8:80\nSOCKS5 203.0.113.9:1080',
    ['?://203.0.113.8:80', 'socks5://203.0.113.9:1080'],
  ],
  ['the account behind the address', '203.0.113.9:1080@bob:word', ['?://bob:word@203.0.113.9:1080']],
  ['the account before the address', 'bob:word:203.0.113.9:1080', ['?://bob:word@203.0.113.9:1080']],
  ['a URL with a remark', 'socks5://203.0.113.9:1080 [Germany] 0.3s', ['socks5://203.0.113.9:1080']],
  ['tags', '203.0.113.9:1080 country=de class=free', ['?://203.0.113.9:1080 DE']],
  ['an IPv6 address in brackets', '[2001:db8::1]:1080', ['?://[2001:db8::1]:1080']],
  [
    'CSV with a head',
    'ip,port,protocols,country\n203.0.113.9,1080,"socks4,socks5",DE\n',
    ['socks5://203.0.113.9:1080 DE'],
  ],
  [
    'CSV as spreadsheets write it',
    '"IP Address";"Port";"Type";"Country Code"\r\n"203.0.113.9";"1080";"SOCKS5";"FR"\r\n',
    ['socks5://203.0.113.9:1080 FR'],
  ],
  [
    'a table by tabs, with accounts',
    'host\tport\tuser\tpass\n203.0.113.9\t1080\tbob\two,rd',
    ['?://bob:wo%2Crd@203.0.113.9:1080'],
  ],
  [
    'JSON: strings',
    '["203.0.113.9:1080","socks4://203.0.113.8:80"]',
    ['?://203.0.113.9:1080', 'socks4://203.0.113.8:80'],
  ],
  [
    'JSON: a page of an API',
    '{"data":[{"_id":"1","ip":"203.0.113.9","port":"4145","protocols":["socks4"],"country":"DE","anonymityLevel":"elite"}],"total":1,"page":1,"limit":500}',
    ['socks4://203.0.113.9:4145 DE'],
  ],
  [
    'JSON: objects with a nested place',
    '[{"protocol":"socks5","username":null,"password":null,"host":"203.0.113.9","port":1080,"exit_ip":"203.0.113.10","timeout":0.9,"geolocation":{"country":{"iso_code":"JP","names":{"en":"Japan"}}}}]',
    ['socks5://203.0.113.9:1080 JP'],
  ],
  [
    'JSON: a whole address in a field',
    '{"proxies":[{"proxy":"http://203.0.113.8:80","ip_data":{"countryCode":"NL"}},{"ipPort":"203.0.113.9:1080","type":"anonymous"}]}',
    ['http://203.0.113.8:80 NL', '?://203.0.113.9:1080'],
  ],
  [
    'JSON: a list for each protocol',
    '{"http":["203.0.113.8:80"],"socks5":["203.0.113.9:1080"],"updated":"now"}',
    ['http://203.0.113.8:80', 'socks5://203.0.113.9:1080'],
  ],
  [
    'JSON: one object alone',
    '{"ip":"203.0.113.9","port":1080,"protocol":"socks5"}',
    ['socks5://203.0.113.9:1080'],
  ],
  [
    'NDJSON',
    '{"host":"203.0.113.9","port":1080,"type":"socks5","country":"DE"}\n{"host":"203.0.113.8","port":80,"type":"http"}\nbroken\n',
    ['socks5://203.0.113.9:1080 DE', 'http://203.0.113.8:80'],
    1,
  ],
])('a list is read: %s', (_, text, proxies, rejected = 0) => {
  expect(read(text)).toEqual({ proxies, rejected })
})

test('UTF-16 is read, with a mark and without, in both orders, and a mark of UTF-8', () => {
  const text = '203.0.113.9:1080\r\n203.0.113.8:80\r\n'
  const little = Buffer.from(text, 'utf16le')
  const marked = Buffer.concat([Buffer.from([0xff, 0xfe]), little])
  for (const bytes of [
    little,
    marked,
    Buffer.from(little).swap16(),
    Buffer.from(marked).swap16(),
    Buffer.from(`\uFEFF${text}`),
  ]) {
    expect(read(bytes)).toEqual({ proxies: ['?://203.0.113.9:1080', '?://203.0.113.8:80'], rejected: 0 })
  }
})

test('what is no list says so', () => {
  expect(readList('<!doctype html><title>Sign in</title>', { trusted: true })).toMatch(/web page/)
  expect(readList('{"error":"quota"}', { trusted: true })).toMatch(/no array/)
  expect(readList('{"data":[{"ip"', { trusted: true })).toMatch(/damaged/)
})

test('fifty thousand lines are read in seconds', () => {
  const lines = Array.from(
    { length: 50_000 },
    (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}:1080 US-N-S +`,
  )
  const began = performance.now()
  expect(read(lines.join('\n')).proxies).toHaveLength(50_000)
  expect(performance.now() - began).toBeLessThan(10_000)
})

test('no line makes the reader slow, however it is written', () => {
  for (const pump of ['1', ':', ' ', '\t', 'a.', '[', '|', '1.', '@', '203.0.113.9:', '# ']) {
    const began = performance.now()
    readList(pump.repeat(200_000 / pump.length), { trusted: true })
    expect(performance.now() - began, JSON.stringify(pump)).toBeLessThan(1_500)
  }
})
