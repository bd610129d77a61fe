import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { lockState, ownerOf } from '../../src/state/folder-lock.ts'
import { tempFile, tidy } from '../frontier/sqlite/folder.ts'

afterAll(tidy)

function tempFolder(): string {
  const dir = tempFile()
  mkdirSync(dir)
  return dir
}

test('a second owner in this process is refused with the number and the time of the first', async () => {
  const dir = tempFolder()
  const lock = await lockState(dir)
  await expect(lockState(dir)).rejects.toMatchObject({
    code: 'STATE_LOCKED',
    message: expect.stringMatching(new RegExp(`process ${process.pid} since 20\\d\\d-`)),
  })
  expect(ownerOf(dir)).toMatchObject({ pid: process.pid })
  await lock.release()
  expect(ownerOf(dir)).toBeUndefined()
  const next = await lockState(dir)
  await lock.release() // has nothing to say any more
  await expect(lockState(dir)).rejects.toMatchObject({ code: 'STATE_LOCKED' })
  await next.release()
})

test('another process is refused, and the state is free when its owner was killed', async () => {
  const dir = tempFolder()
  const module = new URL('../../src/state/folder-lock.ts', import.meta.url)
  const program = `const { lockState } = await import(${JSON.stringify(module.href)})
    await lockState(${JSON.stringify(dir)})
    console.log('locked')
    setInterval(() => {}, 1000)`
  const child = spawn('node', ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  await expect(lockState(dir)).rejects.toMatchObject({ code: 'STATE_LOCKED', value: { pid: child.pid } })
  expect(ownerOf(dir)?.pid).toBe(child.pid)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(ownerOf(dir)).toBeUndefined()
  const lock = await lockState(dir)
  expect(ownerOf(dir)?.pid).toBe(process.pid)
  await lock.release()
})

test('a folder that is not there cannot be locked', async () => {
  await expect(lockState(`${tempFile()}-nowhere`)).rejects.toMatchObject({ code: 'STATE_FAILED' })
})
