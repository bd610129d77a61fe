import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { finished } from 'node:stream/promises'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Page } from '../../src/contracts/page.ts'
import { fileNameFor } from '../../src/source/file-name.ts'
import { createPage } from '../../src/source/page.ts'
import { BodyFolder } from '../../src/transport/body-folder.ts'
import { BodyWriter } from '../../src/transport/body-writer.ts'
import { testFolder } from '../transport/spill.ts'
import { type Answer, requestOf, responseOf } from './fixtures.ts'

const MiB = 1024 * 1024
const url = 'http://site.test/files/report.pdf'

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A page whose body is in memory, or on disk as a transport would have left it. */
async function pageWith(
  body: Uint8Array,
  where: 'in memory' | 'on disk',
  answer: Answer = {},
): Promise<Page> {
  let response = responseOf(url, { ...answer, body })
  let removed = async () => {}
  if (where === 'on disk') {
    const folder = new BodyFolder({ dir: testFolder() })
    const writer = new BodyWriter(folder)
    writer.end(body)
    await finished(writer)
    const { head, file } = writer.whole!
    response = { ...response, body: head, file }
    onTestFinished(() => folder.close())
    removed = () => file.remove()
    onTestFinished(removed)
  }
  const page = createPage({
    source: { name: 'test', item: undefined as never },
    request: requestOf(url, answer.request),
    params: undefined,
    response,
    via: 'direct',
    attempts: 1,
    fetchedAt: 0,
  })
  settled.set(page, removed)
  return page
}

/** What a crawl does when a page is settled. */
const settled = new WeakMap<Page, () => Promise<void>>()

const body = Buffer.concat([Buffer.from('{"text":"'), Buffer.from('äb'.repeat(300_000)), Buffer.from('"}')])

describe.each(['in memory', 'on disk'] as const)('a body %s', (where) => {
  test('is read like any other', async () => {
    const page = await pageWith(body, where, { type: 'application/json' })
    expect(page.size).toBe(body.length)
    expect(Buffer.compare(page.body, body)).toBe(0)
    expect(page.text() === body.toString()).toBe(true)
    expect(JSON.stringify(page.json()) === body.toString()).toBe(true)
    const streamed = new Uint8Array(await new Response(page.stream() as never).arrayBuffer())
    expect(sha256(streamed)).toBe(sha256(body))
  })

  test('is saved with its folders, and again by a second run', async () => {
    const dir = testFolder()
    const path = join(dir, 'a/b/report.pdf')
    for (let run = 0; run < 2; run++) {
      const page = await pageWith(body, where)
      expect(await page.save(path)).toEqual({ path, bytes: body.length, digest: sha256(body) })
      expect(Buffer.compare(readFileSync(path), body)).toBe(0)
    }
    expect(readdirSync(dirname(path))).toEqual(['report.pdf'])
  })

  test('saved twice is two files', async () => {
    const page = await pageWith(body, where)
    const dir = testFolder()
    const saved = await Promise.all([page.save(join(dir, 'one')), page.save(join(dir, 'two'))])
    writeFileSync(saved[0].path, 'changed', { flag: 'r+' })
    expect(sha256(readFileSync(saved[1].path))).toBe(sha256(body))
    expect(statSync(saved[0].path).mode & 0o777).toBe(statSync(freshFile(dir)).mode & 0o777)
  })

  test('saved to one path by two calls at once is whole', async () => {
    const page = await pageWith(body, where)
    const path = join(testFolder(), 'same')
    await Promise.all([page.save(path), page.save(path), page.save(path)])
    expect(sha256(readFileSync(path))).toBe(sha256(body))
    expect(readdirSync(dirname(path))).toEqual(['same'])
  })

  test('goes to another device', async ({ skip }) => {
    const isOther = existsSync('/dev/shm') && statSync('/dev/shm').dev !== statSync(testFolder()).dev
    if (!isOther) return skip('one device only')
    const dir = testFolder('/dev/shm')
    const page = await pageWith(body, where)
    const { path } = await page.save(join(dir, 'there'))
    expect(sha256(readFileSync(path))).toBe(sha256(body))
    expect(readdirSync(dir)).toEqual(['there'])
  })

  test('gets a name of its own in a folder', async () => {
    const dir = testFolder()
    const page = await pageWith(body, where)
    const other = await pageWith(body, where, { request: { id: 'other' } })
    const saved = [await page.save(dir), await page.save(`${dir}/`), await other.save(dir)]
    expect(saved[0]!.path).toBe(saved[1]!.path)
    expect(basename(saved[0]!.path)).toMatch(/^report-[0-9a-f]{12}\.pdf$/)
    expect(readdirSync(dir)).toHaveLength(2)
  })

  test('that cannot be saved says why, and leaves nothing and what was there', async () => {
    const dir = testFolder()
    const page = await pageWith(body, where)
    const file = freshFile(dir)
    await expect(page.save(join(file, 'below'))).rejects.toMatchObject({
      code: 'SINK_FAILED',
      message: expect.stringContaining('a file is in the way'),
    })
    mkdirSync(join(dir, 'full'))
    await expect(page.save('/proc/version')).rejects.toMatchObject({ code: 'SINK_FAILED' })
    expect(readdirSync(dir).sort()).toEqual(['fresh', 'full'])
  })
})

test('a body beyond 64 MiB on disk says how to be had', async () => {
  const large = Buffer.alloc(64 * MiB + 1, 'x')
  const page = await pageWith(large, 'on disk')
  const expected = { code: 'BODY_ON_DISK', value: { url, bytes: large.length } }
  for (const ask of [
    () => page.body,
    () => page.text(),
    () => page.json(),
    () => page.$,
    () => page.links(),
  ]) {
    expect(ask).toThrow(expect.objectContaining(expected))
  }
  expect(() => page.text()).toThrow(/page\.save\(\).*page\.stream\(\).*"bodies\.memory"/)
  const path = join(testFolder(), 'large')
  expect(await page.save(path)).toMatchObject({ bytes: large.length, digest: sha256(large) })
})

test('a body that is gone says when it should have been saved', async () => {
  const page = await pageWith(body, 'on disk')
  const { path } = await page.save(join(testFolder(), 'kept'))
  await settled.get(page)!()
  await expect(page.save(path)).rejects.toMatchObject({ code: 'BODY_ON_DISK' })
  expect(() => page.text()).toThrow(/no longer on disk/)
  expect(sha256(readFileSync(path))).toBe(sha256(body))
})

describe('a name for a file', () => {
  test.each([
    ['http://a.test/', 'text/html', 'index-', '.html'],
    ['http://a.test/catalogue/', 'text/html', 'catalogue-', '.html'],
    ['http://a.test/data.tar.gz?x=1', '', 'data.tar-', '.gz'],
    ['http://a.test/download', 'application/pdf', 'download-', '.pdf'],
    ['http://a.test/v1.2', 'application/json', 'v1.2-', '.json'],
    ['http://a.test/%2e%2e%2fetc%2Fpasswd', '', '_etc_passwd-', '.bin'],
    ['http://a.test/..%5C..%5Cboot.ini', '', '_.._boot-', '.ini'],
    ['http://a.test/%00%0A', 'image/png', '_-', '.png'],
    ['http://a.test/%E0%A4%A', '', '_E0_A4_A-', '.bin'],
    ['http://a.test/stra%C3%9Fe.txt', '', 'straße-', '.txt'],
    ['http://a.test/CON', 'text/plain', 'CON-', '.txt'],
    ['http://a.test/made-up', '__proto__', 'made-up-', '.bin'],
    ['http://a.test/made-up', 'constructor', 'made-up-', '.bin'],
  ])('of %s', (address, type, start, end) => {
    const name = fileNameFor(address, type, 'id')
    expect(name.startsWith(start) && name.endsWith(end), name).toBe(true)
  })

  test('never leads out of its folder and is never too long', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.string(), (path, type) => {
        for (const address of [
          `http://a.test/${path}`,
          `http://a.test/${encodeURIComponent(path.toWellFormed())}`,
        ]) {
          const name = fileNameFor(address, type, path)
          expect(relative('/folder', join('/folder', name))).toBe(name)
          expect(basename(name)).toBe(name)
          expect(Buffer.byteLength(name)).toBeLessThan(140)
          expect(name).toMatch(/^[^/\\<>:"|?*\p{Cc}]+-[0-9a-f]{12}\.[a-z0-9]+$/u)
        }
      }),
    )
  })
})

function freshFile(dir: string): string {
  const path = join(dir, 'fresh')
  writeFileSync(path, '')
  return path
}
