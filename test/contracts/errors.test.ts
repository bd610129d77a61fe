import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { RegattaErrorCode, TaskFailure } from '../../src/contracts/error-values.ts'
import { RegattaError, revive } from '../../src/contracts/errors.ts'

const failure: TaskFailure = { reason: 'target-faults', verdict: 'target', status: 500, attempts: 5 }

describe('a RegattaError', () => {
  test('is narrowed by its code, so that its value needs no cast', () => {
    const error: unknown = new RegattaError('TASK_FAILED', 'It fails.', { value: failure })
    if (!(error instanceof RegattaError)) throw new Error('no RegattaError')
    // @ts-expect-error: before its code is known, the value may be any of them
    void error.value.reason
    if (error.code !== 'TASK_FAILED') throw new Error('another code')
    const reason: string = error.value.reason
    expect(reason).toBe('target-faults')
    // @ts-expect-error: the value of this code has no such field
    void error.value.path
  })

  test('of a code that may come without a value is read with a question mark', () => {
    const error = new RegattaError('ABORTED', 'It was aborted.')
    expect(error.value?.reason).toBeUndefined()
    // @ts-expect-error: the value may be undefined
    expect(() => error.value.reason).toThrow(TypeError)
  })

  test('takes the value of its code and no other', () => {
    // @ts-expect-error: this code has a value
    new RegattaError('OPTION_INVALID', 'Option "x" does not fit.')
    // @ts-expect-error: this is the value of another code
    new RegattaError('OPTION_INVALID', 'Option "x" does not fit.', { value: failure })
    // @ts-expect-error: this code has no value
    new RegattaError('PROXY_UNKNOWN', 'There is no such proxy.', { value: 'socks5h://192.0.2.1:1080' })
    // @ts-expect-error: there is no such code
    new RegattaError('NO_SUCH_CODE', 'Nothing.')
    const known = new RegattaError('OPTION_INVALID', 'Option "x" does not fit.', { value: { path: 'x' } })
    expect(known.value.path).toBe('x')
  })

  test('of a code that is known only at run time takes what suits every such code', () => {
    const make = (code: 'DEADLINE' | 'TASK_FAILED') => new RegattaError(code, 'It ended.', { value: failure })
    expect(make('DEADLINE').value.attempts).toBe(5)
    // @ts-expect-error: the value suits one of the two codes
    const mix = (code: 'DEADLINE' | 'URL_INVALID') => new RegattaError(code, 'It ended.', { value: failure })
    expect(mix('DEADLINE').code).toBe('DEADLINE')
  })

  test('looks like an error of its own name, with its cause', () => {
    const cause = new Error('disk full')
    const error = new RegattaError('STOPPED', 'The crawler has stopped.', { cause })
    expect(error).toBeInstanceOf(Error)
    expect(error.name).toBe('RegattaError')
    expect(error.cause).toBe(cause)
    expect(inspect(error)).toMatch(/^RegattaError: The crawler has stopped\./)
    expect('cause' in new RegattaError('STOPPED', 'The crawler has stopped.')).toBe(false)
  })

  test('comes back from plain data as it was', () => {
    const made = new RegattaError('TASK_FAILED', 'It fails.', { value: failure })
    const sent = structuredClone({
      code: made.code as RegattaErrorCode,
      message: made.message,
      value: made.value,
    })
    expect(revive(sent)).toMatchObject({ code: 'TASK_FAILED', message: 'It fails.', value: failure })
    expect(revive(sent)).toBeInstanceOf(RegattaError)
  })
})
