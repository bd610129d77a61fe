/** Names in lower case, but as they are written in SVG. Of two of one name the first counts. */
export type Attributes = Readonly<Record<string, string>>

/** No name is in it, `constructor` neither. */
export function emptyDictionary(): Record<string, string> {
  return { __proto__: null } as unknown as Record<string, string>
}

/** What a tag without attributes has. */
export const noAttributes: Record<string, string> = Object.freeze(emptyDictionary())
