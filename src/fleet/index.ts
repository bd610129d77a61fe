/**
 * Where proxies come from: `regatta/providers`. Each of these makes a provider for the option `proxies`, where a text says
 * too little. A provider of your own implements `ProxyProvider` of `regatta`; `parseProxy` reads one entry for it.
 */

import '../contracts/needs-node.ts'

export type { ParsedProxy, ProxyEndpoint, ProxyTags } from '../contracts/endpoint.ts'
export type { ProxyList, ProxyProvider } from '../contracts/provider.ts'
export type { ProxyFilter } from '../contracts/proxy-filter.ts'
export type { ProxyMap, ProxyPages, ProxySource } from '../contracts/proxy-source.ts'
export { arrayProvider } from './array.ts'
export { type DnsOptions, dnsProvider } from './dns.ts'
export type { DownloadOptions, Fetch } from './download.ts'
export { fileProvider } from './file.ts'
export { filteredProvider } from './filter.ts'
export { type FreeListName, freeListNames, freeProviders } from './free-lists.ts'
export { type JsonApiOptions, jsonProvider } from './mapped-json.ts'
export { type ParseDefaults, parseProxy } from './parse-proxy.ts'
export { type ListOptions, parseList } from './proxy-list.ts'
export { readList } from './read-list.ts'
export { type UrlOptions, urlProvider } from './url.ts'
export { type WebshareOptions, webshareProvider } from './webshare.ts'
