import { expect, it } from 'vitest'
import { Account } from '../../src/trust/account.ts'

function spent(account: Account, pages: number): number {
  let times = 0
  for (let page = 0; page < pages; page++) {
    account.earn()
    if (account.spend()) times++
  }
  return times
}

it('spends its share of the pages', () => {
  expect(spent(new Account(0.01, 0, 16), 10_000)).toBeGreaterThanOrEqual(99)
  expect(spent(new Account(0.01, 0, 16), 10_000)).toBeLessThanOrEqual(100)
})

it('has what is there at the beginning, and no more than fits', () => {
  const account = new Account(1, 3, 4)
  expect([account.spend(), account.spend(), account.spend(), account.spend()]).toEqual([
    true,
    true,
    true,
    false,
  ])
  for (let page = 0; page < 100; page++) account.earn()
  expect(Array.from({ length: 5 }, () => account.spend())).toEqual([true, true, true, true, false])
})

it('is generous after a lie, and less and less so', () => {
  const account = new Account(0.01, 0, 16)
  account.fill()
  const first = spent(account, 200)
  const later = spent(account, 2_000)
  expect(first).toBeGreaterThan(30)
  expect(later).toBeLessThan(40)
})
