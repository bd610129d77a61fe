import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createClassifier } from '../../src/classify/chain.ts'
import { mustContain } from '../../src/classify/expectations.ts'
import { createHostNorm } from '../../src/classify/host-norm.ts'
import type { ClassifyContext } from '../../src/contracts/classifier.ts'
import type { HttpResponse } from '../../src/contracts/outcome.ts'
import { BodyFile } from '../../src/transport/body-file.ts'
import { BodyFolder } from '../../src/transport/body-folder.ts'
import { responseOf } from '../source/fixtures.ts'
import { testFolder } from '../transport/spill.ts'
import { endpoint, get } from '../transport/world.ts'

const url = 'http://site.test/long'
const words = '<p><a href="/next">So it goes on</a></p>\n'.repeat(8_000)

function page(end: string, start = '<!doctype html><title>Long</title>'): Buffer {
  return Buffer.from(`${start}${words}${end}`)
}

/** As a transport leaves it: the first 64 KiB in memory, the whole in a file. */
function onDisk(body: Buffer): HttpResponse {
  const dir = testFolder()
  const path = join(dir, 'body')
  writeFileSync(path, body)
  const parts = { path, size: body.length, digest: '', tail: body.subarray(-4_096) }
  return {
    ...responseOf(url, { body: body.subarray(0, 65_536) }),
    file: new BodyFile(new BodyFolder({ dir }), parts),
  }
}

function context(norm = createHostNorm()): ClassifyContext {
  return { request: get(url), proxy: endpoint('http', 1), norm, wall: 0, random: () => 0 }
}

test('a script that a proxy has put behind a page on disk is found', () => {
  const classifier = createClassifier()
  const good = onDisk(page('</body></html>'))
  const injected = onDisk(page('</body></html><script src="http://ads.test/x.js"></script>'))
  expect(classifier.classify(good, context()).kind).toBe('success')
  expect(classifier.classify(injected, context())).toMatchObject({ kind: 'dead', reason: 'injected-script' })
})

test('what a page must contain is found beyond its beginning', () => {
  const classifier = mustContain('class="imprint"')
  expect(classifier.classify(onDisk(page('<p class="imprint">')), context())).toBeUndefined()
  expect(classifier.classify(onDisk(page('</html>')), context())).toMatchObject({ reason: 'marker-missing' })
})

test('a norm counts the whole size, so a page on disk is not taken for a short one', () => {
  const norm = createHostNorm()
  const untitled = '<!doctype html><p>'
  for (let i = 0; i < 30; i++) norm.observe(onDisk(page(words)))
  expect(norm.logSizeMean).toBeCloseTo(Math.log(page(words).length), 5)
  const other = onDisk(page('', untitled))
  expect(createClassifier().classify(other, context(norm)).kind).toBe('success')
})
