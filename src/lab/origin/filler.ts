const unit = Buffer.from('All boats start, the first one home with a good page wins.\n')

/** So many bytes of plain text, the same every time. */
export function filler(size: number): Buffer {
  return Buffer.alloc(size, unit)
}
