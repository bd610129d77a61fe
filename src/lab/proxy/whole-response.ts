import { headerOf } from '../origin/origin-exchange.ts'

/** Collects one plain HTTP response, for proxies that tamper with it. Gives up on bodies over 8 MiB: they pass as they are. */
const limit = 8 * 1024 * 1024

export class WholeResponse {
  #bytes: Buffer = Buffer.alloc(0)
  #bodiless: boolean

  constructor(bodiless: boolean) {
    this.#bodiless = bodiless
  }

  /** The whole response once its last byte is here. */
  add(chunk: Buffer): Buffer | undefined {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    const headEnd = this.#bytes.indexOf('\r\n\r\n')
    if (headEnd < 0) return undefined
    const start = headEnd + 4
    const head = this.#bytes.toString('latin1', 0, headEnd)
    const length = headerOf(head, 'content-length')
    const isComplete =
      this.#bodiless ||
      / (204|304) /.test(head.slice(8, 14)) ||
      this.#bytes.length > limit ||
      (length !== undefined && this.#bytes.length >= start + Number(length)) ||
      (headerOf(head, 'transfer-encoding') !== undefined && this.#bytes.subarray(-5).equals(lastChunk))
    return isComplete ? this.#bytes : undefined
  }

  /** What there is, when the origin ends. */
  rest(): Buffer {
    return this.#bytes
  }
}

const lastChunk = Buffer.from('0\r\n\r\n')
