import { hash } from 'node:crypto'
import { messageOf, RegattaError } from './errors.ts'
import type { HttpResponse } from './outcome.ts'

/**
 * A response's body, wherever it is: in memory, or in a file with its beginning in memory. What asks for the whole of it
 * goes through here, so that nobody takes the beginning for all.
 */

/** A file up to this size is read when the whole body is asked for at once; what is longer would take too much memory. */
export const readableLimit = 64 * 1024 * 1024

type Body = Pick<HttpResponse, 'body' | 'file' | 'url'>

/** Bytes of the whole body. */
export function sizeOfBody({ body, file }: Body): number {
  return file ? file.size : body.length
}

/** The end of it, at least 4 KiB where there are so many. */
export function tailOfBody({ body, file }: Body): Uint8Array {
  return file ? file.tail : body
}

/** SHA-256 of the whole body, hex. */
export function digestOfBody({ body, file }: Body): string {
  return file ? file.digest : hash('sha256', body)
}

/** Whether `readBody` returns it. */
export function isReadable(response: Body): boolean {
  return sizeOfBody(response) <= readableLimit || !response.file
}

/** All of it, at once. Throws BODY_ON_DISK when that would be more than 64 MiB from a file, or when the file is gone. */
export function readBody(response: Body): Uint8Array {
  const { body, file, url } = response
  if (!file) return body
  if (!isReadable(response)) {
    const way =
      'Save it with page.save(), read it with page.stream(), or keep it in memory with a larger "bodies.memory"'
    throw new RegattaError(
      'BODY_ON_DISK',
      `The body of ${url} has ${file.size} bytes and is on disk. ${way}.`,
      {
        value: { url, bytes: file.size },
      },
    )
  }
  try {
    return file.readSync()
  } catch (error) {
    throw bodyGone(url, error)
  }
}

/** The whole body as it is read, piece by piece. */
export function streamBody({ body, file }: Body): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (file) return file.stream()
  return new ReadableStream({
    start(controller) {
      if (body.length > 0) controller.enqueue(body as Uint8Array<ArrayBuffer>)
      controller.close()
    },
  })
}

/** It was asked for too late, or the disk is at fault. */
export function bodyGone(url: string, cause?: unknown): RegattaError {
  const why = cause === undefined ? '' : ` (${messageOf(cause)})`
  const way = 'It is kept until parse() has returned: await what reads or saves it before that'
  return new RegattaError('BODY_ON_DISK', `The body of ${url} is no longer on disk${why}. ${way}.`, {
    value: { url },
    cause,
  })
}
