/**
 * Where lines go: a file or a stream. `append` writes all or, as far as the medium allows, nothing: after it rejects,
 * the same text may come again and is then there once.
 */
export interface TextTarget {
  readonly name: string
  /** Opens, and gives the beginning of what is there already (at most 64 KiB), or '' when it is new. */
  open(): Promise<string>
  append(text: string): Promise<void>
  close(): Promise<void>
}
