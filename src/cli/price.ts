import { InvalidArgumentError } from 'commander'

/** What a gigabyte costs: `3.5`, `3.5USD`, `$3.5`, `3,5 €`. */
export interface Price {
  readonly amount: number
  readonly currency: string
}

export function parsePrice(text: string): Price {
  const [, before = '', number, after = ''] =
    /^([^\d\s.,-]{0,8}) ?(\d{1,9}(?:[.,]\d{1,6})?) ?([^\d\s.,/-]{0,8}) ?(?:\/ ?GB)?$/i.exec(text.trim()) ?? []
  if (number === undefined || (before !== '' && after !== '')) {
    throw new InvalidArgumentError('Expected the price of a gigabyte, such as 3.5 or 3.5USD.')
  }
  return { amount: Number(number.replace(',', '.')), currency: before || after }
}
