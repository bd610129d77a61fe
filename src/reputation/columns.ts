/** A column: what is known of one thing about every row. Rows are numbers, so columns grow and are never searched. */
export type Column = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array

/** The same column with room for `rows`, zeros behind what it held. */
export function grown<Kind extends Column>(column: Kind, rows: number): Kind {
  const longer = new (column.constructor as new (length: number) => Kind)(rows)
  longer.set(column)
  return longer
}
