import { expect, it } from 'vitest'
import { quotes } from '../../plugins/quotes.ts'
import {
  baseUrl,
  createPage,
  endpoint,
  keyIn,
  keyVariable,
  listedNames,
  numeric,
  readCsv,
} from '../../src/source/index.ts'

const named = (variable: string) => `\${${variable}}`

const csv = (body: string) =>
  createPage({
    source: quotes,
    url: 'https://a.example/t.csv',
    headers: { 'content-type': 'text/csv' },
    body,
  })

it('a table is read by the names of its header, whatever its line ends, spaces and empty lines', () => {
  const body = '\uFEFFDate, Close ,Note\r\n2024-01-02, 1.5,"a, ""b"""\r\n\r\n2024-01-03,2\r\n'
  expect(readCsv(csv(body))).toEqual([
    { Date: '2024-01-02', Close: '1.5', Note: 'a, "b"' },
    { Date: '2024-01-03', Close: '2' },
  ])
  expect(readCsv(csv('a;b\n1;2'), { delimiter: ';' })).toEqual([{ a: '1', b: '2' }])
  expect(readCsv(csv(''))).toEqual([])
})

it('a table whose quotes do not close is told with its page', () => {
  expect(() => readCsv(csv('a,b\n"1,2\n3,4'))).toThrow(
    expect.objectContaining({
      code: 'SOURCE_FAILED',
      message: expect.stringMatching(/a\.example\/t\.csv is not CSV/),
    }),
  )
})

it('a number may come as a number or as a text, and what is missing is null', () => {
  const field = numeric(['.', 'N/D'])
  for (const [value, read] of [
    [4.2, 4.2],
    ['4.2', 4.2],
    [' -1e3 ', -1000],
    ['0', 0],
    ['', null],
    ['.', null],
    ['N/D', null],
    [null, null],
    [undefined, null],
  ])
    expect(field.parse(value), String(value)).toBe(read)
  for (const value of ['1,5', 'abc', true, {}, Number.NaN]) expect(field.safeParse(value).success).toBe(false)
})

it('an address of an interface keeps the path of its base, and leaves out what is not set', () => {
  const query = { q: 'a b', n: 0, none: undefined, nothing: null }
  expect(endpoint('http://127.0.0.1:8080/mock/', '/v1/items', query)).toBe(
    'http://127.0.0.1:8080/mock/v1/items?q=a+b&n=0',
  )
  const base = baseUrl('https://api.example.com')
  expect(base.parse(undefined)).toBe('https://api.example.com')
  expect(base.safeParse('ftp://a.example').success).toBe(false)
})

it('a key is named by its variable, and never given itself', () => {
  const variable = keyVariable('ACME_KEY')
  expect(variable.parse(undefined)).toBe(named('ACME_KEY'))
  expect(variable.safeParse('secret').error?.issues[0]?.message).toMatch(/expected a variable such as/)
  expect(keyIn({ env: { OTHER: ' k ' } }, named('OTHER'))).toBe('k')
  expect(keyIn({ env: { ACME_KEY: ' ' } }, named('ACME_KEY'))).toBeUndefined()
  expect(keyIn({}, named('ACME_KEY'))).toBeUndefined()
})

it('names are listed by a param and a file, and of a table the first cell is taken', async () => {
  const input = (async function* () {
    yield '# symbols\nAAPL, Apple Inc.\n\n^GSPC\n'
  })()
  const names: string[] = []
  for await (const name of listedNames(['BRK-B'], '-', { input })) names.push(name)
  expect(names).toEqual(['BRK-B', 'AAPL', '^GSPC'])
})
