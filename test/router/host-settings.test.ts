import { expect, test } from 'vitest'
import { settingsFor } from '../../src/options/host-settings.ts'
import { parseOptions } from '../../src/options/options.ts'

const options = parseOptions({
  politeness: { interval: 200 },
  hosts: {
    'a.example': { politeness: { interval: 10 } },
    'a.example:8443': { politeness: { interval: 20 } },
    '*.example': { politeness: { interval: 30, hostInterval: 5 }, strategy: 'random' },
    '*.b.example': { politeness: { interval: 40 }, headers: { 'x-who': 'b' } },
    'own.test': { politeness: false, hedge: false },
    'calm.test': { hedge: { max: 2 } },
  },
})

test.each([
  ['elsewhere.org', 200],
  ['a.example', 10],
  ['a.example:8080', 10],
  ['a.example:8443', 20],
  ['c.example', 30],
  ['x.b.example', 40],
  ['x.b.example:81', 40],
  ['b.example', 30],
  ['example', 200],
])('%s waits %d ms', (host, interval) => {
  expect(settingsFor(host, options).interval).toBe(interval)
})

test('an override changes what it names and keeps the rest', () => {
  const settings = settingsFor('calm.test', options)
  expect(settings.hedge).toEqual({ ...(options.hedge as object), max: 2 })
  expect(settings.interval).toBe(200)
  expect(settings.hostConcurrency).toEqual({ start: 4, min: 1, max: 64 })
})

test('politeness turned off for one host lifts all its gates and no others', () => {
  expect(settingsFor('own.test', options)).toMatchObject({
    interval: 0,
    hostInterval: 0,
    hostConcurrency: false,
    hedge: false,
  })
  expect(settingsFor('other.test', options).interval).toBe(200)
})

test('politeness turned off for all can be turned on for one host, with the defaults for what it leaves out', () => {
  const bold = parseOptions({
    politeness: false,
    hosts: { 'shy.test': { politeness: { hostInterval: 1_000 } } },
  })
  expect(settingsFor('shy.test', bold)).toMatchObject({
    interval: 500,
    hostInterval: 1_000,
    hostConcurrency: { start: 4 },
  })
  expect(settingsFor('other.test', bold)).toMatchObject({ interval: 0, hostConcurrency: false })
})

test('hedging turned off for all can be turned on for one host', () => {
  const calm = parseOptions({ hedge: false, hosts: { 'slow.test': { hedge: { max: 2 } } } })
  expect(settingsFor('slow.test', calm).hedge).toEqual(parseOptions({ hedge: { max: 2 } }).hedge)
})
