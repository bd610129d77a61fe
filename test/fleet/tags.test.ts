import { expect, test } from 'vitest'
import { describeFilter, type ProxyFilter, passesFilter } from '../../src/contracts/proxy-filter.ts'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import { readList } from '../../src/fleet/read-list.ts'
import { tagWords } from '../../src/fleet/tags.ts'

const full =
  'http://192.0.2.1:80 country=us city=New+York asn=AS3320 class=Residential price=3.5 provider=acme'

test('a line tells country, city, network, class, price and provider of its proxy, and can be written again', () => {
  const { endpoint } = parseProxy(full)
  expect(endpoint.tags).toEqual({
    country: 'US',
    city: 'New York',
    asn: 3320,
    class: 'residential',
    price: 3.5,
    provider: 'acme',
  })
  expect(parseProxy(`http://192.0.2.1:80 ${tagWords(endpoint.tags).join(' ')}`).endpoint).toEqual(endpoint)
})

test.each([
  ['asn=AS', 'asn'],
  ['asn=99999999999', 'asn'],
  ['price=cheap', 'price'],
  ['price=-1', 'price'],
  ['price=1e99', 'price'],
  ['city=', 'city'],
  ['city=%00', 'city'],
  ['town=Berlin', 'country, city, asn, class, price, provider'],
])('the tag %s is refused by name', (word, named) => {
  expect(() => parseProxy(`http://192.0.2.1:80 ${word}`)).toThrow(named)
})

test.each<[ProxyFilter, boolean]>([
  [{ city: 'new-york' }, true],
  [{ city: ['Boston', 'NEW YORK'] }, true],
  [{ city: 'York' }, false],
  [{ asn: 3320 }, true],
  [{ asn: ['as1', 'AS3320'] }, true],
  [{ asn: 332 }, false],
  [{ provider: 'ACME' }, true],
  [{ maxPrice: 3.5 }, true],
  [{ maxPrice: 3 }, false],
  [{ country: 'us', class: 'residential', maxPrice: 10 }, true],
  [{ country: 'us', class: 'mobile' }, false],
  [{}, true],
])('the filter %o lets it pass: %s', (filter, passes) => {
  expect(passesFilter(parseProxy(full).endpoint, filter)).toBe(passes)
})

test('what a proxy does not say of itself fits no filter, and neither does direct', () => {
  const silent = parseProxy('http://192.0.2.1:80').endpoint
  const direct = parseProxy('direct').endpoint
  const filters: ProxyFilter[] = [{ country: 'US' }, { city: 'Rome' }, { asn: 1 }, { maxPrice: 1_000 }]
  for (const filter of filters) {
    expect(passesFilter(silent, filter)).toBe(false)
    expect(passesFilter(direct, filter)).toBe(false)
  }
})

test('a filter is told as it would be typed', () => {
  expect(describeFilter({ country: ['DE', 'FR'], maxPrice: 2, city: undefined })).toBe(
    'country=DE|FR, price<=2',
  )
  expect(describeFilter({})).toBe('any')
})

test.each([
  [
    'JSON of a public list',
    '[{"host":"203.0.113.9","port":1,"asn":{"autonomous_system_number":64500},"geolocation":{"city":{"names":{"en":"Oslo"}},"country":{"iso_code":"NO"}}}]',
    { country: 'NO', city: 'Oslo', asn: 64500 },
  ],
  [
    'JSON of an API',
    '{"proxies":[{"ip":"203.0.113.9","port":80,"ip_data":{"as":"AS64500 Some Org","city":"Paris","countryCode":"FR","country":"France"}}]}',
    { country: 'FR', city: 'Paris', asn: 64500 },
  ],
  [
    'a table with a head',
    'ip,port,country,city,asn,proxy_type,price\n203.0.113.9,80,Germany,Berlin,AS3320,residential,3.5',
    { country: 'DE', city: 'Berlin', asn: 3320, class: 'residential', price: 3.5 },
  ],
  ['what is not known', '[{"ip":"203.0.113.9","port":80,"country":"ZZ","city":"Unknown","asn":null}]', {}],
])('%s brings its tags', (_, text, tags) => {
  const list = readList(text, { trusted: true })
  expect(typeof list === 'string' ? list : list.proxies.map(({ endpoint }) => endpoint.tags)).toEqual([tags])
})
