import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineSource } from '../../src/source/define-source.ts'
import { createPage } from '../../src/source/make-page.ts'
import { isHtml } from '../../src/source/markup.ts'

const source = defineSource({
  name: 'any',
  params: z.object({}),
  item: z.object({}),
  *seeds() {},
  *parse() {},
})

const pageWith = (headers: Record<string, string | string[]>, body: string | Uint8Array) =>
  createPage({ source, url: 'https://a.example/', headers, body })

const link = '<!DOCTYPE html><a href="/b">b</a>'

test.each<[title: string, headers: Record<string, string | string[]>, body?: string]>([
  ['without a type', {}],
  ['with a type that is none', { 'content-type': 'html' }],
  ['with a type that lacks its semicolon', { 'content-type': 'text/html charset=utf-8' }],
  ['with two types, of which the last counts', { 'content-type': ['text/plain', 'text/html'] }],
  ['of XHTML', { 'content-type': 'application/xhtml+xml' }, '<html xmlns="x"><a href="/b">b</a></html>'],
  [
    'of XHTML that is called XML',
    { 'content-type': 'text/xml' },
    '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><a href="/b">b</a></html>',
  ],
])('a page %s is HTML and has links', (_, headers, body = link) => {
  const page = pageWith(headers, body)
  expect(isHtml(page)).toBe(true)
  expect(page.links().links.map(({ url }) => url)).toEqual(['https://a.example/b'])
})

test.each<[title: string, headers: Record<string, string>, body: string | Uint8Array, type: string]>([
  ['plain text with tags', { 'content-type': 'text/plain' }, link, 'text/plain'],
  ['no type, which may not be sniffed', { 'x-content-type-options': 'nosniff' }, link, 'text/plain'],
  ['an image without a type', {}, new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), 'image/png'],
  ['a PDF without a type', {}, '%PDF-1.7 <a href="/b">', 'application/pdf'],
  ['a feed', { 'content-type': 'application/rss+xml' }, '<rss><channel/></rss>', 'application/rss+xml'],
])('%s is no HTML', (_, headers, body, type) => {
  const page = pageWith(headers, body)
  expect([page.mimeType, isHtml(page)]).toEqual([type, false])
})

test('JSON is read by its own rule whatever its server calls it', () => {
  const marked = Uint8Array.from(Buffer.from('\ufeff{"a":"ж"}', 'utf16le'))
  expect(pageWith({ 'content-type': 'application/json' }, marked).json()).toEqual({ a: 'ж' })
  expect(pageWith({ 'content-type': 'text/html; charset=latin1' }, '{"a":"ж"}').json()).toEqual({ a: 'ж' })
  expect(pageWith({}, '{"a":"<meta charset=gbk>ж"}').json()).toEqual({ a: '<meta charset=gbk>ж' })
})
