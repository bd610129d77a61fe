/** What the emulated Open Library has on its shelves, and how a subject's name becomes its key. */

export interface LibraryWork {
  /** `/works/OL10001W` */
  readonly key: string
  readonly title: string
  /** Keys as its record has them; some were merged into others since, deleted, or never there. */
  readonly authors: readonly string[]
  /** Names as its record has them. */
  readonly subjects: Readonly<Record<SubjectKind, readonly string[]>>
  readonly editions: number
}

export interface LibraryAuthor {
  /** `/authors/OL501A` */
  readonly key: string
  readonly name: string
}

export interface LibrarySubject {
  /** `/subjects/place:oslo` */
  readonly key: string
  readonly name: string
  readonly kind: SubjectKind
}

export type SubjectKind = 'subject' | 'person' | 'place' | 'time'

/** `/subjects/place:new_york` for a place "New York". The service lowers the name, and drops what an address has another use for. */
export function subjectKey(kind: SubjectKind, name: string): string | undefined {
  const slug = [...name.trim().toLowerCase()]
    .filter((each) => !dropped.includes(each))
    .join('')
    .replaceAll(' ', '_')
  return slug === '' ? undefined : `/subjects/${kind === 'subject' ? '' : `${kind}:`}${slug}`
}

const dropped = ';/?:@&=+$,<>#%"{}|\\^[]`\n\r'
