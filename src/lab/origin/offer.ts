import { createRandom, pickIndex, type Random } from '../../base/random.ts'
import { pickHash } from '../hash.ts'

/** What a page of a shop has for sale: what it costs, how many there are, since when, and who gets a share. */
export interface Offer {
  /** With two decimals. */
  readonly price: string
  readonly currency: string
  readonly stock: number
  /** Day of its last change. */
  readonly changed: string
  readonly buy: string
}

const currencies: Readonly<Record<string, string>> = { US: 'USD', GB: 'GBP', JP: 'JPY', CH: 'CHF', SE: 'SEK' }

/** `country`: of the visitor, where prices depend on it. */
export function drawOffer(random: Random, index: number, country: string | undefined): Offer {
  const base = 5 + random() * 495
  const rate = country === undefined ? 1 : 0.7 + pickHash(3, country)
  const day = new Date(Date.UTC(2024, pickIndex(random, 24), 1 + pickIndex(random, 28)))
  return {
    price: (base * rate).toFixed(2),
    currency: country === undefined ? 'USD' : (currencies[country] ?? 'EUR'),
    stock: pickIndex(random, 200),
    changed: day.toISOString().slice(0, 10),
    buy: `http://shop.lab/buy/${index}?tag=site-21`,
  }
}

/** As many promotions as the mood wants, by the place where they stand. */
export function promotions(seed: number, mood: number): readonly string[] {
  const random = createRandom(seed * 64 + mood)
  const places = ['', '', '', '']
  for (let left = pickIndex(random, 5); left > 0; left--) {
    const number = pickIndex(random, 1_000)
    places[pickIndex(random, places.length)] +=
      `<div class="promo"><a href="http://partner-${number % 7}.lab/go/${number}"><img src="http://partner-${number % 7}.lab/${number}.png" alt=""></a><p>Offer ${number} of the day</p></div>`
  }
  return places
}
