import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hidden, isSecretName } from '../../base/redact.ts'
import { messageOf, RegattaError } from '../../contracts/errors.ts'

/**
 * Secrets of the requests that wait. A crawl can only go on with what its requests need, so header values that are named
 * like a secret, and bodies, are in its file; but a file is looked at, copied and attached to a report. They are sealed there
 * (AES-256-GCM) with a key in a file of its own beside it, which only the user may read. Who has both can read both: the
 * key is what to leave out of a copy that somebody else will see.
 */
export const keyFile = 'secrets.key'
const keyLength = 32
const algorithm = 'aes-256-gcm'
const nonceLength = 12
const tagLength = 16

export interface Seal {
  seal(text: string): string
  open(sealed: string): string
}

type Named = Readonly<Record<string, string>>

/** `path`: of the frontier's file. The key is made when the first secret comes. */
export function sealFor(path: string): Seal {
  const place = join(dirname(path), keyFile)
  let key: Buffer | undefined
  return {
    seal(text) {
      key ??= readKey(place) ?? makeKey(place)
      const nonce = randomBytes(nonceLength)
      const cipher = createCipheriv(algorithm, key, nonce)
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')
    },
    open(sealed) {
      key ??= readKey(place)
      if (key === undefined) throw unusable(place, 'is not there')
      const bytes = Buffer.from(sealed, 'base64')
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceLength))
      decipher.setAuthTag(bytes.subarray(nonceLength, nonceLength + tagLength))
      try {
        const text = decipher.update(bytes.subarray(nonceLength + tagLength))
        return Buffer.concat([text, decipher.final()]).toString()
      } catch {
        throw unusable(place, 'belongs to another state')
      }
    },
  }
}

/** For those who only look: says that something stands there, and not what. */
export const closedSeal: Seal = { seal: () => hidden, open: () => hidden }

/** Headers as they are kept, or as they were. */
export function eachSecret(headers: Named, change: (value: string) => string): Named {
  if (!Object.keys(headers).some(isSecretName)) return headers
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, isSecretName(name) ? change(value) : value]),
  )
}

function readKey(place: string): Buffer | undefined {
  let key: Buffer
  try {
    key = readFileSync(place)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw unusable(place, `cannot be read (${messageOf(error)})`)
  }
  if (key.length !== keyLength) throw unusable(place, 'is damaged')
  return key
}

/** Whole from its first moment, for another frontier in this folder may want it at the same time. */
function makeKey(place: string): Buffer {
  const beginning = `${place}.${randomBytes(4).toString('hex')}`
  try {
    const file = openSync(beginning, 'wx', 0o600)
    try {
      writeSync(file, randomBytes(keyLength))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    try {
      linkSync(beginning, place)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  } catch (error) {
    throw unusable(place, `cannot be written (${messageOf(error)})`)
  } finally {
    rmSync(beginning, { force: true })
  }
  return readKey(place)!
}

function unusable(path: string, what: string): RegattaError {
  const message = `${path}, the key to the secrets of the requests that wait, ${what}. Put it back, or begin the crawl again (fresh).`
  return new RegattaError('STATE_FAILED', message, { value: { path, errno: undefined } })
}
