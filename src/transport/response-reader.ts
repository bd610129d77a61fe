import type { FaultCause } from '../contracts/outcome.ts'
import { ChunkedBody } from './chunked.ts'
import { type Framing, framingOf } from './framing.ts'
import { endOfHead, mayBeHead, mostHead, type ResponseHead, readHead, startOfHead } from './response-head.ts'

/** What came behind a response: nothing, as it should be, or more than it; or the end of its frame is still to come. */
export type Behind = 'nothing' | 'more' | 'to come'

/** Who is told what a connection brings. After `onEnd` and `onBroken` nothing more comes. */
export interface ResponseListener {
  onHead(head: ResponseHead, framing: Framing): void
  onBytes(bytes: Buffer): void
  onEnd(framing: Framing, behind: Behind): void
  onBroken(cause: FaultCause, detail: string): void
}

/**
 * One HTTP/1 response out of the bytes of a connection, however they are cut: answers before the answer, head, body. The usual
 * head comes in one piece and is read where it stands.
 */
export class ResponseReader {
  readonly #listener: ResponseListener
  readonly #isHead: boolean
  /** What came of a head that is not complete; more room than bytes. */
  #held: Buffer | undefined
  #length = 0
  /** Bytes of heads that came before the last. */
  #passed = 0
  #framing: Framing | undefined
  #left = 0
  #chunks: ChunkedBody | undefined
  #isOver = false

  constructor(listener: ResponseListener, isHead: boolean) {
    this.#listener = listener
    this.#isHead = isHead
  }

  /** Whether the head of the response has come. */
  get hasHead(): boolean {
    return this.#framing !== undefined
  }

  push(bytes: Buffer): void {
    if (this.#isOver) return
    if (this.#framing) this.#readBody(bytes)
    else this.#readHead(bytes)
  }

  /** The other side has closed. Whether that was the end of the response. */
  finish(): boolean {
    if (this.#framing?.length !== Number.POSITIVE_INFINITY || this.#isOver) return false
    this.#end('nothing')
    return true
  }

  #readHead(more: Buffer): void {
    let searched = Math.max(0, this.#length - 3)
    let bytes = this.#length === 0 ? more : this.#hold(more)
    for (;;) {
      const start = startOfHead(bytes)
      if (!mayBeHead(bytes, start)) return this.#break('http-garbage', 'The response head is not HTTP.')
      const end = endOfHead(bytes, Math.max(start, searched))
      if (end < 0 || end > mostHead - this.#passed) {
        if (end >= 0 || bytes.length > mostHead - this.#passed) {
          const detail = `The response head is longer than ${mostHead} bytes.`
          return this.#break('head-too-large', detail)
        }
        if (this.#length === 0 || start > 0) this.#holdFrom(bytes, start)
        return
      }
      const head = readHead(bytes.toString('latin1', start, end))
      if (!head) return this.#break('malformed', 'The response head has no status line that HTTP knows.')
      bytes = bytes.subarray(end)
      searched = 0
      this.#held = undefined
      this.#length = 0
      if (head.status >= 200) {
        this.#begin(head, bytes)
        return
      }
      // 101 changes the protocol, and nobody has asked for that.
      if (head.status === 101) return this.#break('malformed', 'It changes to another protocol, unasked.')
      this.#passed += end
      if (bytes.length === 0) return
    }
  }

  /** What comes before a head is not kept: it would be looked at again with each byte. */
  #holdFrom(bytes: Buffer, start: number): void {
    this.#passed += start
    this.#held = undefined
    this.#length = 0
    if (start < bytes.length) this.#hold(bytes.subarray(start))
  }

  /** All bytes of the head so far, in memory that doubles when it is full. */
  #hold(more: Buffer): Buffer {
    const length = this.#length + more.length
    if (!this.#held || this.#held.length < length) {
      const wider = Buffer.allocUnsafeSlow(Math.max(1_024, 2 * length))
      this.#held?.copy(wider, 0, 0, this.#length)
      this.#held = wider
    }
    more.copy(this.#held, this.#length)
    this.#length = length
    return this.#held.subarray(0, length)
  }

  #begin(head: ResponseHead, rest: Buffer): void {
    const framing = framingOf(head, this.#isHead)
    if (typeof framing === 'string') return this.#break('malformed', framing)
    this.#framing = framing
    this.#left = framing.length
    if (framing.isChunked) this.#chunks = new ChunkedBody()
    this.#listener.onHead(head, framing)
    if (framing.length === 0 && !framing.isChunked) this.#end(rest.length === 0 ? 'nothing' : 'more')
    else if (rest.length > 0) this.#readBody(rest)
  }

  #readBody(bytes: Buffer): void {
    if (this.#chunks) return this.#readChunks(this.#chunks, bytes)
    const isWhole = bytes.length <= this.#left
    const body = isWhole ? bytes : bytes.subarray(0, this.#left)
    this.#left -= body.length
    this.#listener.onBytes(body)
    if (this.#left === 0) this.#end(isWhole ? 'nothing' : 'more')
  }

  #readChunks(chunks: ChunkedBody, bytes: Buffer): void {
    const read = chunks.read(bytes)
    if (!read) return this.#break('malformed', 'The body breaks the framing of its chunks.')
    if (read.body) this.#listener.onBytes(read.body)
    if (!chunks.isDone) return
    const isMore = read.end < bytes.length
    this.#end(isMore ? 'more' : chunks.isClosed ? 'nothing' : 'to come')
  }

  #end(behind: Behind): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#listener.onEnd(this.#framing!, behind)
  }

  #break(cause: FaultCause, detail: string): void {
    this.#isOver = true
    this.#listener.onBroken(cause, detail)
  }
}
