import { expect, test } from 'vitest'
import { admitLinks, admitSeed } from '../../src/admission/admission.ts'
import { requestOf } from '../source/fixtures.ts'

const admission = { source: 'shop', hostKey: (url: URL) => url.hostname, now: 1_000 }

test('a seed becomes a request with identity, host and defaults', () => {
  expect(admitSeed('http://example.com:8080/a#b', admission)).toEqual({
    request: {
      id: expect.stringMatching(/^[\w-]{16}$/),
      source: 'shop',
      host: 'example.com',
      url: 'http://example.com:8080/a',
      method: 'GET',
      headers: {},
      idempotent: true,
      depth: 0,
      priority: 4,
    },
  })
})

test('everything a source says about a request is kept', () => {
  const { request, notBefore } = admitSeed(
    {
      url: new URL('http://example.com/'),
      method: 'post',
      headers: { 'X-Token': 'a' },
      body: 'b',
      session: 's',
      priority: 99,
      label: 'l',
      data: { n: 1 },
      delayMs: 500,
    },
    admission,
  )
  expect(request).toMatchObject({
    method: 'POST',
    headers: { 'x-token': 'a' },
    idempotent: false,
    priority: 7,
  })
  expect(request).toMatchObject({ body: 'b', session: 's', label: 'l', data: { n: 1 } })
  expect(notBefore).toBe(1_500)
})

test('a wrong seed is an error that names it', () => {
  expect(() => admitSeed('example.com', admission)).toThrow(
    expect.objectContaining({ code: 'URL_INVALID', message: expect.stringContaining('"example.com"') }),
  )
})

test('the error about a seed with a password does not repeat the password', () => {
  expect(() => admitSeed('http://me:hunter2@example.com/', admission)).toThrow(
    expect.objectContaining({ code: 'URL_INVALID', message: expect.not.stringContaining('hunter2') }),
  )
})

test('links are one hop deeper than their page, and broken ones are dropped and counted', () => {
  const parent = requestOf('http://example.com/a/', { depth: 3 })
  const links = [
    { url: 'b' },
    { url: 'http://[' },
    { url: 'ftp://example.com/' },
    { url: 'http://other.example/' },
  ]
  const { discovered, dropped } = admitLinks(links, { ...admission, parent })
  expect(dropped).toBe(2)
  expect(
    discovered.map(({ request }) => [request.url, request.host, request.depth, request.referrer]),
  ).toEqual([
    ['http://example.com/a/b', 'example.com', 4, 'http://example.com/a/'],
    ['http://other.example/', 'other.example', 4, 'http://example.com/a/'],
  ])
})
