import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHostNorm } from '../../src/classify/host-norm.ts'
import { plain } from './exchanges.ts'
import { ordinaryPage } from './fixtures.ts'

const sized = (bytes: number) => plain({ body: new Uint8Array(bytes) })

describe('the norm of a host', () => {
  it('all is zero before the first page', () => {
    expect(createHostNorm()).toMatchObject({ pages: 0, logSizeMean: 0, logSizeDeviation: 0, htmlShare: 0 })
  })

  it('the mean and the deviation are those of the logarithm of the size', () => {
    const norm = createHostNorm()
    for (let n = 0; n < 20; n++) norm.observe(sized(n % 2 === 0 ? 1_000 : 4_000))
    expect(norm.logSizeMean).toBeCloseTo(Math.log(2_000), 5)
    expect(norm.logSizeDeviation).toBeCloseTo(Math.log(2), 5)
  })

  it('JSON counts as an answer and not as a page', () => {
    const norm = createHostNorm()
    for (let n = 0; n < 10; n++) norm.observe(plain({ body: '{}', type: 'application/json' }))
    norm.observe(plain())
    expect(norm).toMatchObject({ pages: 1, answers: 11, htmlShare: expect.closeTo(1 / 11, 5) })
  })

  it('a redesign is followed', () => {
    const norm = createHostNorm()
    for (let n = 0; n < 500; n++) norm.observe(sized(2_000))
    for (let n = 0; n < 500; n++) norm.observe(plain({ body: ordinaryPage(400) }))
    expect(Math.exp(norm.logSizeMean)).toBeCloseTo(ordinaryPage(400).length, -3)
    expect(norm.titledShare).toBeGreaterThan(0.99)
    expect(norm.logSizeDeviation).toBeLessThan(0.1)
  })

  it('shares stay within 0 and 1, and nothing is ever NaN', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5_000), fc.boolean()), { maxLength: 200 }), (answers) => {
        const norm = createHostNorm()
        for (const [size, html] of answers)
          norm.observe(plain({ body: new Uint8Array(size), type: html ? 'text/html' : 'text/csv' }))
        expect(norm.htmlShare >= 0 && norm.htmlShare <= 1 + 1e-9).toBe(true)
        expect(norm.logSizeDeviation >= 0 && Number.isFinite(norm.logSizeMean)).toBe(true)
      }),
    )
  })
})
