import { expect, test } from 'vitest'
import { differenceOf } from '../../src/trust/difference.ts'
import { profileOf } from '../../src/trust/profile.ts'
import { answer, labPage } from './answers.ts'

const page = labPage('/page/1')

test('one more script is one more script, and nothing else differs', () => {
  const lie = page.replace('</body>', '<script src="//evil.example/mine.js"></script></body>')
  const { keys, likeness, isTextOnly } = differenceOf(profileOf(answer(page)), profileOf(answer(lie)))
  expect(keys).toEqual([
    'count:html>body>script.evil.example',
    'count:html>body>script.evil.example@src',
    'value:html>body>script.evil.example@src',
  ])
  expect(likeness).toBeGreaterThan(0.8)
  expect(isTextOnly).toBe(false)
})
