import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CredentialGroups } from '../../src/reputation/credential-groups.ts'

const cooldown = () => 30_000

test('a credential nobody has accepted is tried three times at once at most', () => {
  const groups = new CredentialGroups()
  const group = groups.join('account')
  let out = 0
  while (groups.admits(group, 0)) {
    groups.acquire(group)
    out++
  }
  expect(out).toBe(3)
  groups.accepted(group)
  expect(groups.admits(group, 0)).toBe(true)
})

test('a revoked credential stops after three attempts, then is probed one at a time', () => {
  const groups = new CredentialGroups()
  const group = groups.join('account')
  for (let proxy = 0; proxy < 3; proxy++) groups.acquire(group)
  let opened = 0
  for (let proxy = 0; proxy < 3; proxy++) {
    groups.release(group)
    if (groups.refused(group, proxy, 1_000, cooldown) > 0) opened++
  }
  expect(opened).toBe(1)
  expect(groups.admits(group, 30_999)).toBe(false)
  expect(groups.admits(group, 31_000)).toBe(true)
  groups.acquire(group)
  expect(groups.admits(group, 31_000)).toBe(false)
  groups.release(group)
  expect(groups.refused(group, 0, 31_100, cooldown)).toBe(30_000)
  expect(groups.admits(group, 31_200)).toBe(false)
})

test('proxies without credentials are never held back', () => {
  const groups = new CredentialGroups()
  expect(groups.join('')).toBe(0)
  for (let proxy = 0; proxy < 50; proxy++) expect(groups.refused(0, proxy, 0, cooldown)).toBe(0)
  expect(groups.admits(0, 0)).toBe(true)
})

test('an unproven group never has more than three out, whatever happens in which order', () => {
  const step = fc.record({
    do: fc.constantFrom('take', 'good', 'refused', 'neutral', 'wait'),
    proxy: fc.nat(9),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const groups = new CredentialGroups()
      const group = groups.join('account')
      let isProven = false
      let out = 0
      let now = 1
      for (const each of steps) {
        if (each.do === 'wait') now += 20_000
        else if (each.do === 'take') {
          if (!groups.admits(group, now)) continue
          groups.acquire(group)
          out++
          if (!isProven) expect(out).toBeLessThanOrEqual(3)
          expect(groups.openUntil[group]!).toBeLessThanOrEqual(now)
        } else if (out > 0) {
          out--
          groups.release(group)
          if (each.do === 'good') {
            groups.accepted(group)
            isProven = true
          } else if (each.do === 'refused') {
            groups.refused(group, each.proxy, now, cooldown)
            // What is out was sent while the credential was good; it may come home.
            isProven = out > 3
          }
        }
      }
    }),
  )
})
