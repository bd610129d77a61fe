import { InvalidArgumentError } from 'commander'
import { messageOf } from '../contracts/errors.ts'
import type { ProxyFilter } from '../contracts/proxy-filter.ts'
import { readFilter } from '../options/filter-text.ts'

/** What a gigabyte costs: `3.5`, `3.5USD`, `$3.5`, `3,5 €`. */
export interface Price {
  readonly amount: number
  readonly currency: string
}

/** What it is for, and for whom: `provider=acme 3.5USD/GB`, `class=datacenter 1.2/month`, `0.002/request`. */
export interface ProxyPrice extends Price {
  readonly per: 'GB' | 'request' | 'month'
  readonly proxies?: ProxyFilter
}

export function parsePrice(text: string): Price {
  const { amount, currency, per } = parseProxyPrice(text)
  if (per === 'GB') return { amount, currency }
  throw new InvalidArgumentError('Expected the price of a gigabyte, such as 3.5 or 3.5USD.')
}

export function collectPrice(text: string, previous: readonly ProxyPrice[] = []): readonly ProxyPrice[] {
  const price = parseProxyPrice(text)
  const other = previous.find(
    ({ currency }) => currency !== '' && price.currency !== '' && currency !== price.currency,
  )
  if (other)
    throw new InvalidArgumentError(
      `Expected one currency, and there are ${other.currency} and ${price.currency}.`,
    )
  return [...previous, price]
}

export function parseProxyPrice(text: string): ProxyPrice {
  const [, filter, own = text] = /^([^\s=]*=\S*)\s+(\S.*)$/.exec(text.trim()) ?? []
  const [, before = '', number, after = '', unit = 'GB'] =
    /^([^\d\s.,-]{0,8}) ?(\d{1,9}(?:[.,]\d{1,6})?) ?([^\d\s.,/-]{0,8}) ?(?:\/ ?(GB|request|month))?$/i.exec(
      own.trim(),
    ) ?? []
  if (number === undefined || (before !== '' && after !== '')) {
    throw new InvalidArgumentError(
      "Expected the price of a gigabyte, such as 3.5 or 3.5USD, or of a request or a month: 0.002/request, 'provider=acme 1.2USD/month'.",
    )
  }
  const per = unit.toLowerCase() === 'gb' ? 'GB' : (unit.toLowerCase() as 'request' | 'month')
  const price = { amount: Number(number.replace(',', '.')), currency: before || after, per } as const
  return filter === undefined ? price : { ...price, proxies: filterOf(filter) }
}

function filterOf(text: string): ProxyFilter {
  try {
    return readFilter(text)
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error).replace(/^Option "use": e/, 'E'))
  }
}
