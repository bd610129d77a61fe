import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { CredentialVault } from '../../src/transport/credentials.ts'

test('a vault hands out what it was given until it is told to forget', () => {
  const vault = new CredentialVault()
  vault.set('a', { username: 'anna', password: 'hush' })
  expect(vault.get('a')).toEqual({ username: 'anna', password: 'hush' })
  vault.forget('a')
  expect(vault.get('a')).toBeUndefined()
})

test('nothing that prints a vault shows a secret', () => {
  const vault = new CredentialVault()
  vault.set('a', { username: 'anna', password: 'hush' })
  for (const shown of [
    JSON.stringify({ vault }),
    inspect(vault, { depth: 9, showHidden: true }),
    String(vault),
  ]) {
    expect(shown).not.toMatch(/hush|anna/)
  }
})
