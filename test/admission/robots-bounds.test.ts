import { expect, test } from 'vitest'
import { createRobots } from '../../src/admission/robots.ts'
import { ManualClock } from '../manual-clock.ts'

function robotsOf(text: string) {
  const fetch = async () => new Response(text)
  return createRobots({ fetch, agent: () => 'regatta', clock: new ManualClock() })
}

const long = `https://a.example/${'a'.repeat(2_000)}`

test.each([
  ['one rule of stars', `User-agent: *\nDisallow: /${'*a'.repeat(240_000)}b`],
  ['ten thousand rules of stars', `User-agent: *\n${`Disallow: /${'*a'.repeat(20)}b\n`.repeat(10_000)}`],
  [
    'as many rules as fit, each with a star that fits nearly everywhere',
    `User-agent: *\n${'Disallow: /*aaaaab\n'.repeat(27_000)}`,
  ],
  ['a line without end', `User-agent: *\nDisallow: /x\n${'x'.repeat(480_000)}`],
])('robots.txt with %s is asked in little time', async (_, text) => {
  const robots = robotsOf(text)
  await robots.decide('https://a.example/')
  const started = performance.now()
  await robots.decide(long)
  expect(performance.now() - started).toBeLessThan(2_000)
})

test('a thousand rules with stars hold as they are written, for a long path too', async () => {
  const robots = robotsOf(
    `User-agent: *\n${Array.from({ length: 1_000 }, (_, n) => `Disallow: /*?p${n}=\n`).join('')}`,
  )
  expect(await robots.allows(`${long}?q=1`)).toBe(true)
  expect(await robots.allows(`${long}?p999=1`)).toBe(false)
})

test('rules with a few stars hold as they are written', async () => {
  const robots = robotsOf('User-agent: *\nDisallow: /*/private/*.html$\nAllow: /open/*')
  expect(await robots.allows('https://a.example/x/private/y.html')).toBe(false)
  expect(await robots.allows('https://a.example/x/private/y.html?z')).toBe(true)
  expect(await robots.allows('https://a.example/open/private')).toBe(true)
})
