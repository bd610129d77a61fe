import { proxyUrl } from '../../src/fleet/label.ts'
import { readList } from '../../src/fleet/read-list.ts'
import { checkStandard } from './check.ts'
import { standard } from './lists.cases.ts'

checkStandard(standard, (input) => {
  const list = readList(input, { trusted: true })
  if (typeof list === 'string') return list
  const proxies = list.proxies.map((proxy) => {
    const { country } = proxy.endpoint.tags
    const url = proxy.guessed ? proxyUrl(proxy).replace('http:', '?:') : proxyUrl(proxy)
    return country ? `${url} ${country}` : url
  })
  return { proxies, rejected: list.rejected.length }
})
