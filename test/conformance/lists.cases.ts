import { Buffer } from 'node:buffer'
import { gzipSync } from 'node:zlib'
import type { Case, Standard } from './standard.ts'

/** What a list holds: proxies as URLs, with the country that it tells; `?` for a scheme that it does not tell. */
export interface Read {
  readonly proxies: readonly string[]
  /** Entries that were not understood; each is told by its line. */
  readonly rejected: number
}

/** A list, and what it holds, or the reason why it is none. */
type Row = readonly [
  title: string,
  input: string | Uint8Array,
  proxies: readonly string[] | string,
  rejected?: number,
]

const two = ['?://203.0.113.9:1080', '?://203.0.113.8:80']
const pair = '203.0.113.9:1080\r\n203.0.113.8:80\r\n'
const utf16 = Buffer.from(pair, 'utf16le')

/** Text lists, as their publishers and shops write them. */
const lines: readonly Row[] = [
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

  ['several on a line, by comma', '203.0.113.9:1080,203.0.113.8:80', two],
  ['several on a line, by blanks', '203.0.113.9:1080 203.0.113.8:80', two],
  ['several on a line, by semicolons', '203.0.113.9:1080; 203.0.113.8:80;', two],
  [
    'several URLs on a line, with accounts',
    'http://bob:word@203.0.113.8:80,socks5://203.0.113.9:1080',
    ['http://bob:word@203.0.113.8:80', 'socks5://203.0.113.9:1080'],
  ],
  [
    'several accounts on a line',
    '203.0.113.9:1080:bob:word,203.0.113.8:80:eve:pass',
    ['?://bob:word@203.0.113.9:1080', '?://eve:pass@203.0.113.8:80'],
  ],
  ['commas too many', '203.0.113.9:1080,\n203.0.113.8:80, \n', two],
  ['entries in quotes', '"203.0.113.9:1080",\n\'203.0.113.8:80\'\n', two],
  ['a list in the code of a program', "proxies = [\n  '203.0.113.9:1080',\n  '203.0.113.8:80',\n]\n", two, 1],
  ['a list in code, on one line', "['203.0.113.9:1080', '203.0.113.8:80',]", two],
  ['bullets', '- 203.0.113.9:1080\n* 203.0.113.8:80\n', two],
  ['numbers in front', '1. 203.0.113.9:1080\n2) 203.0.113.8:80', two],
  ['a document of YAML', 'proxies:\n  - 203.0.113.9:1080\n  - 203.0.113.8:80\n', two, 1],
  ['rules of dashes between', '-----\n203.0.113.9:1080\n=====\n203.0.113.8:80\n', two],
  [
    'host:port:user:pass, as shops let you download it',
    '203.0.113.9:1080:bob:word\r\n',
    ['?://bob:word@203.0.113.9:1080'],
  ],
  [
    'a gateway with settings in the user name',
    'gate.example:22225:customer-c_1-zone-dc-session-4:pa55',
    ['?://customer-c_1-zone-dc-session-4:pa55@gate.example:22225'],
  ],
  [
    'a user name with semicolons',
    'gate.example:7000:bob;ttl=5:word',
    ['?://bob%3Bttl%3D5:word@gate.example:7000'],
  ],
  [
    'an @ and a colon inside a password',
    'bob:p@ss:word@203.0.113.9:1080',
    ['?://bob:p%40ss%3Aword@203.0.113.9:1080'],
  ],
  [
    'credentials in percent code',
    'http://bo%3Ab:p%40ss@203.0.113.8:80',
    ['http://bo%3Ab:p%40ss@203.0.113.8:80'],
  ],
  ['an account in columns, by semicolon', '203.0.113.9;1080;bob;word', ['?://bob:word@203.0.113.9:1080']],
  ['an account in columns, by comma', '203.0.113.9,1080,bob,12345', ['?://bob:12345@203.0.113.9:1080']],
  ['an account in columns, by tab', '203.0.113.9\t1080\tbob\tword', ['?://bob:word@203.0.113.9:1080']],
  ['an account behind a bar', '203.0.113.9:1080|bob:word', ['?://bob:word@203.0.113.9:1080']],
  [
    'a country and a kind in columns are no account',
    '203.0.113.9;1080;Germany;elite',
    ['?://203.0.113.9:1080'],
  ],
  ['a protocol and a country behind colons', '203.0.113.9:1080:socks5:DE', ['socks5://203.0.113.9:1080 DE']],
  ['a protocol behind an @', '203.0.113.8:80@HTTP#DE', ['http://203.0.113.8:80 DE']],
  ['a country behind a #', '203.0.113.9:1080#DE', ['?://203.0.113.9:1080 DE']],
  ['a scheme with one colon', 'socks5:203.0.113.9:1080', ['socks5://203.0.113.9:1080']],
  ['a flag in front', '🇩🇪 203.0.113.9:1080', ['?://203.0.113.9:1080']],
  ['a delay in front', '0.35s 203.0.113.9:1080 DE', ['?://203.0.113.9:1080 DE']],
  ['a delay and a kind behind bars', '203.0.113.9:1080 | 120 ms | Elite', ['?://203.0.113.9:1080']],
  ['blanks around the colon', '203.0.113.9 : 1080\n203.0.113.8: 80', two],
  ['a colon of full width', '203.0.113.9：1080', ['?://203.0.113.9:1080']],
  ['characters that nobody sees', '\u200b203.0.113.9:1080\u00a0\n\ufeff203.0.113.8:80', two],
  ['an IPv6 address with an account', '[2001:db8::1]:1080:bob:word', ['?://bob:word@[2001:db8::1]:1080']],
  ['an IPv6 address of this machine', '[::1]:80', ['?://[::1]:80']],
  ['an IPv6 address without brackets is ambiguous', '2001:db8::1:1080', [], 1],
  ['octets with zeros in front are read in two ways', '203.0.113.009:1080', [], 1],
  [
    'the rest of a list with a third of junk',
    'IP:PORT\n203.0.113.9:1080\n<br>\nupdated today\n203.0.113.8:80\n',
    two,
    3,
  ],
  [
    'a text with a head, as free lists are pasted',
    'Free proxies from a list\nUpdated at 2024-01-01 00:00:00 UTC.\n\n203.0.113.9:1080\n203.0.113.8:80\n',
    two,
    2,
  ],
]

const tables: readonly Row[] = [
  [
    'a table as it is copied from a page',
    'IP Address\tPort\tCode\tCountry\tAnonymity\tGoogle\tHttps\tLast Checked\n203.0.113.8\t80\tUS\tUnited States\tanonymous\tno\tyes\t1 min ago\n',
    ['?://203.0.113.8:80 US'],
  ],
  [
    'the same without its head',
    '203.0.113.8\t80\tUS\tUnited States\tanonymous\tno\tyes\t1 min ago\n',
    ['?://203.0.113.8:80 US'],
  ],
  [
    'a table of Markdown',
    '| Proxy | Country |\n|:--|--:|\n| 203.0.113.8:80 | US |\n',
    ['?://203.0.113.8:80 US'],
  ],
  ['CSV without a head, in quotes', '"203.0.113.8:80","US"\n', ['?://203.0.113.8:80 US']],
  ['CSV with the address in one column', 'ip:port,country\n203.0.113.8:80,US\n', ['?://203.0.113.8:80 US']],
  [
    'CSV with all columns of an export',
    'proxy,protocol,ip,port,https,anonymity,score,geolocation.country,geolocation.city\nsocks4://203.0.113.8:80,socks4,203.0.113.8,80,false,elite,1,US,Unknown\n',
    ['socks4://203.0.113.8:80 US'],
  ],
  [
    'CSV with the account of a shop',
    'Proxy Address,Port,Username,Password,Country Code\n203.0.113.8,80,bob,"wo,rd",US\n',
    ['?://bob:wo%2Crd@203.0.113.8:80 US'],
  ],
  ['CSV with ports as fractions', 'ip,port,country\n203.0.113.8,80.0,US\n', ['?://203.0.113.8:80 US']],
  [
    'CSV with a row that is too short',
    'ip,port,country\n203.0.113.8,80,US\n203.0.113.9\n',
    ['?://203.0.113.8:80 US'],
    1,
  ],
]

const json: readonly Row[] = [
  [
    'JSON: strings with remarks',
    '["203.0.113.9:1080:DE","203.0.113.8:80 US"]',
    ['?://203.0.113.9:1080 DE', '?://203.0.113.8:80 US'],
  ],
  [
    'JSON: rows',
    '[["203.0.113.9",1080,"socks5"],["203.0.113.8","80"]]',
    ['socks5://203.0.113.9:1080', '?://203.0.113.8:80'],
  ],
  [
    'JSON: a list for each country',
    '{"DE":["203.0.113.9:1080"],"US":["203.0.113.8:80"]}',
    ['?://203.0.113.9:1080 DE', '?://203.0.113.8:80 US'],
  ],
  [
    'JSON: addresses for names',
    '{"203.0.113.9:1080":{"country":"DE"},"203.0.113.8:80":{}}',
    ['?://203.0.113.9:1080 DE', '?://203.0.113.8:80'],
  ],
  [
    'JSON: what an HTTP client takes',
    '{"http":"http://203.0.113.8:80","https":"http://203.0.113.8:80"}',
    ['http://203.0.113.8:80'],
  ],
  [
    'JSON: what a browser takes',
    '[{"server":"http://203.0.113.8:80","username":"bob","password":"word"}]',
    ['http://bob:word@203.0.113.8:80'],
  ],
  [
    'JSON: protocols with ports of their own',
    '[{"ip":"203.0.113.9","port":80,"location":{"isocode":"ID"},"protocols":[{"type":"socks4","port":1080}]}]',
    ['socks4://203.0.113.9:1080 ID'],
  ],
  ['JSON: an empty array', '[]', []],
  ['JSON: commas too many', '[\n  "203.0.113.9:1080",\n  "203.0.113.8:80",\n]', two],
  [
    'JSON: some entries are none',
    '[{"ip":"203.0.113.9","port":1080},{"ip":"203.0.113.8"},7,null]',
    ['?://203.0.113.9:1080'],
    3,
  ],
]

const bytes: readonly Row[] = [
  ['ends of lines of three systems', '203.0.113.9:1080\r203.0.113.8:80\r\n\n', two],
  ['a mark of UTF-8', Buffer.from(`\uFEFF${pair}`), two],
  ['UTF-16 with its mark', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]), two],
  ['UTF-16 without', utf16, two],
  ['UTF-16, the other way round', Buffer.from(utf16).swap16(), two],
  ['comments in an old encoding', Buffer.from(`# d\xe9j\xe0 vu\n${pair}`, 'latin1'), two],
  ['gzip', gzipSync(pair), two],
  ['gzip of CSV', gzipSync('ip,port,country\n203.0.113.8,80,US\n'), ['?://203.0.113.8:80 US']],
  ['an empty file', '', []],
  ['nothing but comments', '# none today\n\n', []],
  [
    'a web page',
    '\n<!DOCTYPE html>\n<html><body>203.0.113.9:1080</body></html>',
    'it is a web page, not a list',
  ],
  ['a web page in gzip', gzipSync('<html>sign in</html>'), 'it is a web page, not a list'],
  [
    'a web page behind a warning',
    'Warning: no disk\n<html><body>sorry</body></html>',
    'it is a web page, not a list',
  ],
  ['an answer of an API', '{"error":"quota"}', 'its JSON holds no array of proxies'],
  ['JSON that breaks off', '{"data":[{"ip"', 'its JSON is cut off or damaged'],
  ['gzip that breaks off', gzipSync(pair).subarray(0, 20), 'its gzip is damaged, or holds more than 64 MB'],
  [
    'a ZIP archive',
    Buffer.from('PK\x03\x04\x14\0\0\0\x08\0'),
    'it is a ZIP archive or a spreadsheet, not a list',
  ],
  ['a picture', Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'), 'it is a picture, not a list'],
  ['a PDF document', Buffer.from('%PDF-1.7\n%âã\n1 0 obj\n'), 'it is a PDF document, not a list'],
]

/** As public lists, shops and clients of today write them, and what belongs to other tools. */
const publishers: readonly Row[] = [
  [
    'a flag, the address, its delay, its country and its network',
    '🇺🇸 203.0.113.9:1080 123ms US [Some Org]\n🇩🇪 203.0.113.8:80 45ms DE [Other]',
    ['?://203.0.113.9:1080 US', '?://203.0.113.8:80 DE'],
  ],
  [
    'the address, its delay, a test, its anonymity and its country',
    '203.0.113.9:1080,1659.44,False,Anonymous,FR',
    ['?://203.0.113.9:1080 FR'],
  ],
  [
    'the scheme before a comma',
    'http,203.0.113.8:80\nsocks4,203.0.113.9:4145',
    ['http://203.0.113.8:80', 'socks4://203.0.113.9:4145'],
  ],
  ['a country behind a sign for accounts', '203.0.113.8:80@US', ['?://203.0.113.8:80 US']],
  [
    'a URL with an account in the order of shops',
    'socks5://203.0.113.9:1080:bob:word',
    ['socks5://bob:word@203.0.113.9:1080'],
  ],
  [
    'several ways of a PAC file on a line',
    'SOCKS5 203.0.113.9:1080; PROXY 203.0.113.8:80; DIRECT',
    ['socks5://203.0.113.9:1080', '?://203.0.113.8:80'],
  ],
  ['line breaks of HTML', '203.0.113.9:1080<br>203.0.113.8:80<br />', two],
  ['a total in front, which is no proxy', 'Total: 2\nport: 7890\n203.0.113.9:1080\n203.0.113.8:80', two, 2],
  ['IPv6 without brackets', '2001:db8::1:8080\n[2001:db8::2]:8080', ['?://[2001:db8::2]:8080'], 1],
  ['ports that are none', '203.0.113.9:0\n203.0.113.9:65536\n203.0.113.9:-1\n203.0.113.9:80a', [], 4],
  ['a password with signs', 'gate.example:7000:sp1:pa:ss=w0rd', ['?://sp1:pa%3Ass%3Dw0rd@gate.example:7000']],
  [
    'parameters in the account of a gateway',
    'geo.example:12321:user:pass_country-us_session-a1b2_lifetime-30m',
    ['?://user:pass_country-us_session-a1b2_lifetime-30m@geo.example:12321'],
  ],
  [
    'JSON: fields in objects of their own',
    '[{"protocol":"socks4","username":null,"password":null,"host":"203.0.113.9","port":52106,"geolocation":{"city":{"names":{"en":"Amsterdam"}},"country":{"iso_code":"NL"}}}]',
    ['socks4://203.0.113.9:52106 NL'],
  ],
  [
    'JSON: a page of an API',
    '{"data":[{"ip":"203.0.113.9","port":"1080","protocols":["socks4"],"country":"DE","asn":"AS64500"}],"total":1,"page":1}',
    ['socks4://203.0.113.9:1080 DE'],
  ],
  [
    'JSON: an order of a shop, with a port for each protocol',
    '{"data":{"items":[{"ip":"203.0.113.9","protocol":"SOCKS5","port_socks":50101,"port_http":50100,"login":"bob","password":"word","country":"Germany"}]}}',
    ['socks5://bob:word@203.0.113.9:50101 DE'],
  ],
  [
    'JSON: orders by number',
    '{"list":{"11":{"id":"11","host":"203.0.113.9","port":"33081","user":"bob","pass":"word","type":"socks","country":"ru"}}}',
    ['socks5h://bob:word@203.0.113.9:33081 RU'],
  ],
  [
    'JSON: an object a line',
    '{"host":"203.0.113.9","port":80,"type":"http","country":"DE"}\n{"host":"203.0.113.8","port":1080,"type":["http","https"]}',
    ['http://203.0.113.9:80 DE', 'http://203.0.113.8:1080'],
  ],
  [
    'JSON: an object a line, the last one broken off',
    '{"host":"203.0.113.8","port":80}\n{"host":"20',
    ['?://203.0.113.8:80'],
    1,
  ],
  [
    'a table of Markdown with code in it',
    '| Proxy | Type |\n|---|---|\n| `203.0.113.8:80` | HTTP |',
    ['http://203.0.113.8:80'],
  ],
  ['a list in base64', Buffer.from(pair).toString('base64'), two],
  [
    'YAML of addresses',
    '- http://203.0.113.8:80\n- socks5://203.0.113.9:1080',
    ['http://203.0.113.8:80', 'socks5://203.0.113.9:1080'],
  ],
  [
    'a configuration of Clash',
    'port: 7890\nproxies:\n  - {name: a, server: 203.0.113.9, port: 443, type: ss}\n',
    'it is a configuration of Clash, not a list',
  ],
  ['YAML with fields', '- host: 203.0.113.9\n  port: 80\n', 'it is YAML with fields, not a list'],
  [
    'a list for V2Ray, in base64',
    Buffer.from('vmess://eyJ2IjoiMiJ9\nss://YWVzOnB3@203.0.113.8:8388#US\n').toString('base64'),
    [],
    2,
  ],
  [
    'links for other tools',
    'vless://uuid@203.0.113.9:443?type=ws#name\ntrojan://word@203.0.113.7:443',
    [],
    2,
  ],
  [
    'a PAC script',
    'function FindProxyForURL(url, host) { return "PROXY 203.0.113.9:80" }',
    'it is a PAC script, not a list',
  ],
  [
    'XML',
    '<?xml version="1.0"?><proxies><proxy><ip>203.0.113.9</ip></proxy></proxies>',
    'it is XML, not a list',
  ],
  [
    'a configuration of WireGuard',
    '[Interface]\nPrivateKey = x\n[Peer]\nEndpoint = 203.0.113.9:51820',
    'it is a configuration of WireGuard, not a list',
  ],
  [
    'JSON of objects that breaks off',
    '[\n {"ip": "203.0.113.9", "port": 80},\n {"ip": "203.0',
    'its JSON is cut off or damaged',
  ],
  [
    'JSON of texts that breaks off',
    '["203.0.113.9:80","203.0.113.8:80","203.0.1',
    'its JSON is cut off or damaged',
  ],
]

const cases: Case<string | Uint8Array, Read | string>[] = [
  ...lines,
  ...tables,
  ...json,
  ...bytes,
  ...publishers,
].map(([title, input, found, rejected = 0]) => ({
  title,
  input,
  expected: typeof found === 'string' ? found : { proxies: found, rejected },
}))

export const standard: Standard<string | Uint8Array, Read | string> = {
  name: 'lists of proxies',
  about: 'lists as publishers, shops and people write them: text, tables, CSV, JSON, packed',
  source:
    'own cases in the forms of public lists, shops, proxy checkers and clients; addresses of documentation',
  cases,
}
