/**
 * What the HTML standard says of its elements, as far as a reader needs it: which end by themselves, which end others, where
 * a search among the open ones stops, and what of them a person sees. From "Optional tags", "The stack of open
 * elements" and "The rules for parsing tokens in HTML content".
 */
export interface Tag {
  /** In lower case. */
  readonly name: string
  /** Below the number of known tags; all that the standard does not know share one. */
  readonly id: number
  /** Has no end tag and no content. */
  readonly isVoid: boolean
  /** A box of its own: what stands in it is apart from what stands before and behind it. */
  readonly isBlock: boolean
  /** What stands in it is not read by people. */
  readonly isSilent: boolean
  /** 1 for h1 to 6 for h6, else 0. */
  readonly level: number
  /** Its start ends a paragraph that is open. */
  readonly endsParagraph: boolean
  /** Its end may come in the wrong order: it must not end the boxes that stand in it. */
  readonly isFormatting: boolean
  /** A box that an end tag of something inline does not reach out of ("special"). */
  readonly isSpecial: boolean
  /** An end tag within it ends nothing outside ("has an element in scope"). */
  readonly isScope: boolean
  /** A page's head may hold it. */
  readonly isOfHead: boolean
  /** Its start ends an `svg` or `math` that was left open. */
  readonly isBreakout: boolean
  /** Its end tag may be left out: the end of something around it ends it as well ("implied end tags"). */
  readonly isImplied: boolean
}

const names = (text: string) => text.trim().split(/\s+/)

const voids = names(
  'area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr',
)
const blocks = names(`
  address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption figure footer
  form frameset h1 h2 h3 h4 h5 h6 header hgroup hr legend li listing main menu nav ol optgroup option p plaintext pre search
  section summary table tbody td tfoot th thead tr ul xmp`)
const silent = names(`
  script style noscript template svg math iframe object head title noembed noframes audio video canvas datalist rp`)
const headings = names('h1 h2 h3 h4 h5 h6')
const endParagraphs = names(`
  address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6
  header hgroup hr li dd dt listing main menu nav ol p plaintext pre search section summary table ul xmp`)
const formatting = names('a b big code em font i nobr s small strike strong tt u')
const special = names(`
  address applet area article aside base basefont bgsound blockquote body br button caption center col colgroup dd details dir
  div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html iframe
  img input keygen li link listing main marquee menu meta nav noembed noframes noscript object ol p param plaintext pre
  script search section select source style summary table tbody td template textarea tfoot th thead title tr track ul wbr xmp`)
const scopes = names('applet caption html table td th marquee object select template noscript')
const ofHead = names('base basefont bgsound link meta noframes noscript script style template title')
const breakouts = names(`
  b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr ol p
  pre ruby s small span strong strike sub sup table tt u ul var`)
const implied = names('dd dt li optgroup option p rb rp rt rtc')
/** Known because something above asks for them by name. */
const others = names('image math svg rtc rb rt')

const sets = {
  isVoid: new Set(voids),
  isBlock: new Set(blocks),
  isSilent: new Set(silent),
  endsParagraph: new Set(endParagraphs),
  isFormatting: new Set(formatting),
  isSpecial: new Set(special),
  isScope: new Set(scopes),
  isOfHead: new Set(ofHead),
  isBreakout: new Set(breakouts),
  isImplied: new Set(implied),
}

const known = new Map<string, Tag>()
for (const name of [...Object.values(sets).flatMap((set) => [...set]), ...others]) {
  if (!known.has(name)) known.set(name, make(name, known.size + 1))
}

const unknown = make('', 0)

const byLetters = new Map(
  [...known]
    .filter(([name]) => /^[a-z]{1,6}$/.test(name))
    .map(([name, tag]) => [lettersOf(name, 0, name.length), tag]),
)

/** Ids are below it. The id 0 is that of every tag the standard does not know. */
export const idsOfTags = known.size + 1

/** The tag of a name as it is written. */
export function tagOf(written: string): Tag {
  const tag = known.get(written)
  if (tag) return tag
  const name = written.toLowerCase()
  return known.get(name) ?? { ...unknown, name }
}

/**
 * The tag that a page names from `start` to `end`. Most names are a few letters, and fit into a number: there is one name for
 * each tag, and one look-up, and none of them becomes a string of its own.
 */
export function tagAt(page: string, start: number, end: number): Tag {
  if (end - start <= mostLetters) {
    const tag = byLetters.get(lettersOf(page, start, end))
    if (tag) return tag
  }
  return tagOf(page.slice(start, end).replaceAll('\0', '\uFFFD'))
}

const mostLetters = 6

/** Five bits a letter, in any case; -1 where something else is among them. */
function lettersOf(page: string, start: number, end: number): number {
  let letters = 0
  for (let at = start; at < end; at++) {
    const letter = (page.charCodeAt(at) | 0x20) - 0x60
    if (letter < 1 || letter > 26) return -1
    letters = (letters << 5) | letter
  }
  return letters
}

/** For tags that are asked for by name. */
export function knownTags<const Names extends readonly string[]>(
  ...names: Names
): { [At in keyof Names]: Tag } {
  return names.map((name) => known.get(name)!) as { [At in keyof Names]: Tag }
}

/** What stands in it has its own line ends. */
export function isPreformatted({ name }: Tag): boolean {
  return name === 'pre' || name === 'listing' || name === 'xmp' || name === 'plaintext'
}

function make(name: string, id: number): Tag {
  const is = (set: keyof typeof sets) => sets[set].has(name)
  return {
    ...{ name, id, level: headings.indexOf(name) + 1, isVoid: is('isVoid'), isBlock: is('isBlock') },
    ...{ isSilent: is('isSilent'), endsParagraph: is('endsParagraph'), isFormatting: is('isFormatting') },
    ...{ isSpecial: is('isSpecial'), isScope: is('isScope'), isOfHead: is('isOfHead') },
    ...{ isBreakout: is('isBreakout'), isImplied: is('isImplied') },
  }
}
