import process from 'node:process'
import { describe, expect, test } from 'vitest'

/** What a hunt is tried on: tests that fail, hang or falter by the name of the mutant. mutants.test.ts runs them. */
const { REGATTA_MUTANT: mutant = '' } = process.env

test('never notices', () => {})

test('fails', () => {
  expect(mutant).not.toBe('fail')
})

describe('a group', () => {
  test('spins', () => {
    while (mutant === 'spin');
  })

  test('waits', async () => {
    if (mutant === 'wait') await new Promise(() => {})
  })
})

test('fails in any case', () => {
  expect(mutant).toBe('none')
})

test('leaves an error behind', () => {
  if (mutant === 'leave') void Promise.reject(new Error('nobody caught this'))
})
