import { expect, test } from 'vitest'
import { canonicalUrl } from '../../src/admission/canonical-url.ts'
import { documentUrl } from '../../src/source/document-url.ts'
import { checkStandard } from './check.ts'
import { standard } from './url.cases.ts'

checkStandard(standard, ({ reference, base, encoding = 'utf-8' }) => documentUrl(reference, base, encoding))

test('every URL has a canonical form, which is its own', () => {
  for (const { expected } of standard.cases) {
    if (expected === undefined) continue
    const canonical = canonicalUrl(expected)
    expect(canonicalUrl(canonical)).toBe(canonical)
    expect(new URL(canonical).port).toBe(new URL(expected).port)
  }
})
