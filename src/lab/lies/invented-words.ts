import { pickIndex, type Random } from '../../base/random.ts'

/**
 * Words of no language, in a script that the seed draws: no list of words can know them. Latin ones go consonant, vowel,
 * consonant, vowel, so that none of them is by chance a word that the rules of a crawler look for.
 */
interface Script {
  /** First and last code point of its letters. */
  readonly from: number
  readonly to: number
  readonly letters: readonly [least: number, most: number]
  readonly gap: string
}

const scripts: readonly (Script | 'latin')[] = [
  'latin',
  { from: 0x0430, to: 0x044f, letters: [3, 9], gap: ' ' }, // Cyrillic
  { from: 0x03b1, to: 0x03c9, letters: [3, 9], gap: ' ' }, // Greek
  { from: 0x05d0, to: 0x05ea, letters: [2, 6], gap: ' ' }, // Hebrew
  { from: 0x0628, to: 0x063a, letters: [3, 6], gap: ' ' }, // Arabic
  { from: 0x0915, to: 0x0939, letters: [2, 5], gap: ' ' }, // Devanagari
  { from: 0x0e01, to: 0x0e2e, letters: [2, 5], gap: '' }, // Thai
  { from: 0xac00, to: 0xd7a3, letters: [1, 4], gap: ' ' }, // Hangul
  { from: 0x3042, to: 0x3093, letters: [2, 5], gap: '' }, // Hiragana
  { from: 0x4e00, to: 0x9fa5, letters: [1, 3], gap: '' }, // Han
]
const consonants = 'bdfgklmnprstvz'
const vowels = 'aeiou'

/** A language: all its words are of one script. */
export class Language {
  readonly #random: Random
  readonly #script: Script | 'latin'

  constructor(random: Random) {
    this.#random = random
    this.#script = scripts[pickIndex(random, scripts.length)]!
  }

  word(): string {
    if (this.#script === 'latin') return latinWord(this.#random)
    const { from, to, letters } = this.#script
    const length = letters[0] + pickIndex(this.#random, letters[1] - letters[0] + 1)
    const points = Array.from({ length }, () => from + pickIndex(this.#random, to - from + 1))
    return String.fromCodePoint(...points)
  }

  words(count: number): string {
    const gap = this.#script === 'latin' ? ' ' : this.#script.gap
    return Array.from({ length: count }, () => this.word()).join(gap)
  }
}

/** Letters that host names, addresses and code may have. */
export function latinWord(random: Random): string {
  let word = ''
  for (let syllables = 2 + pickIndex(random, 3); syllables > 0; syllables--) {
    word += consonants[pickIndex(random, consonants.length)]! + vowels[pickIndex(random, vowels.length)]!
  }
  return word
}
