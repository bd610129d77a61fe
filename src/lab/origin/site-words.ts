import { createRandom, pickIndex, type Random } from '../../base/random.ts'
import { pickHash } from '../hash.ts'

/** The words of made-up pages. */
const words =
  'harbour regatta keel mast tide anchor buoy current lagoon breeze compass chart ferry gull island jetty knot lighthouse mooring oar pier quay reef sail tiller wake yacht winch'.split(
    ' ',
  )
const foreign = new Map<string, readonly string[]>()

export function drawWords(random: Random, count: number, list: readonly string[] = words): string[] {
  return Array.from({ length: count }, () => list[pickIndex(random, list.length)]!)
}

/** What the same number of words is in the language of a country, which nobody speaks. */
export function translated(text: string, country: string): string {
  let list = foreign.get(country)
  if (!list) {
    const random = createRandom(Math.floor(pickHash(7, country) * 2 ** 32))
    list = words.map(() => drawWords(random, 3, syllables).join(''))
    foreign.set(country, list)
  }
  const own = list
  return text.replace(/[a-z]+/g, (word) => own[words.indexOf(word)] ?? word)
}

const syllables = 'ba de fo gu li ma ne po ru sa ti vo ke mu no la'.split(' ')
