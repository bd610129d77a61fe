import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { complaintAbout } from '../../src/cli/node-version.ts'

const source = (path: string) => readFileSync(new URL(`../../src/cli/${path}`, import.meta.url), 'utf8')

test.each(['18.20.4', '20.20.2', '22.18.0'])('on Node %s it is said which Node is needed', (node) => {
  expect(complaintAbout({ node }, 'node_modules/.bin/regatta')).toBe(
    `regatta: Regatta needs Node 22.19 or newer, and this is Node ${node}. Install a newer one, or run it with one: npx -y node@24 node_modules/.bin/regatta …`,
  )
})

test.each([{ node: '22.19.0' }, { node: '24.21.0' }, { node: '20.11.1', deno: '2.9.5' }, {}])(
  'on %o nothing is said',
  (versions) => {
    expect(complaintAbout(versions, 'regatta')).toBeUndefined()
  },
)

test('the Node that package.json asks for is the one that is said', () => {
  const { engines } = JSON.parse(source('../../package.json')) as { engines: { node: string } }
  expect(complaintAbout({ node: '1.0.0' }, '')).toContain(`Node ${engines.node.replace('>=', '')} or newer`)
})

test('the entry loads nothing before it has looked, so that an old Node can read it', () => {
  const imports = [...source('main.ts').matchAll(/^import .* from '(.*)'/gm)].map(([, from]) => from)
  expect(imports).toEqual(['node:process', './node-version.ts'])
  const behind = [...source('node-version.ts').matchAll(/^import .* from '(.*)'/gm)].map(([, from]) => from)
  expect(behind).toEqual(['../contracts/old-node.ts'])
  expect(source('../contracts/old-node.ts')).not.toMatch(/^import /m)
})
