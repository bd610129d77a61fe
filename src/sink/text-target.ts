/**
 * Where lines go: a file or a stream. `append` writes all or, as far as the medium allows, nothing: after it rejects,
 * the same text may come again and is then there once.
 */
export interface TextTarget {
  readonly name: string
  /** Opens, and gives the beginning of what is there already (at most 64 KiB), or '' when it is new. Changes nothing. */
  open(): Promise<string>
  append(text: string): Promise<void>
  close(): Promise<void>
}

/** One that can be looked at again after a crash. */
export interface KeptTarget extends TextTarget {
  /** Bytes that are whole: where the next text will begin. A last line that a crash tore is repaired first. */
  place(): Promise<number>
  /**
   * After a crash, instead of `append`: `text` may stand from `place` on, whole, torn at any byte or not at all, and is
   * there once afterwards. False when what stands there is something else: then nothing is changed.
   */
  complete(text: string, place: number): Promise<boolean>
  /**
   * Puts `change` of all that is there in its place, whole or not at all, under the same name. False where that cannot be,
   * as in a pipe or a gzip file: then nothing is changed.
   */
  rewrite(change: Change): Promise<boolean>
  /** The same where a gzip file can be too. */
  rewriteAny(change: Change): Promise<boolean>
}

/** What a file becomes, from what it is, piece by piece. */
export type Change = (pieces: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>
