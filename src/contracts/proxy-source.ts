import type { ProxyScheme, ProxyTags } from './endpoint.ts'
import type { ProxyFilter } from './proxy-filter.ts'

/** One place where proxies come from, with what is to be said of it. Plain JSON, so that it fits into a file. */
export interface ProxySource {
  /** A file, the URL of a list or of an API, `webshare:`, `dns:NAME`, `free:NAME`, a proxy; or several of them. */
  readonly from: string | readonly string[]
  /** Only these of its proxies. Default: all. */
  readonly use?: ProxyFilter | undefined
  /** What is true of all that do not say otherwise. Default: nothing. */
  readonly tags?: SourceTags | undefined
  /** How proxies without a scheme are spoken to. Default: the option `proxyScheme`, else each is asked once. */
  readonly scheme?: ProxyScheme | undefined
  /** Whether a list from the web may name addresses of a local network. Default: the option `allowPrivateProxies`. */
  readonly allowPrivate?: boolean | undefined
  /** Sent with each request for the list. `${NAME}` stands for that variable of `env`. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Where the entries stand in a JSON answer, such as `data.nodes`. Default: they are looked for. */
  readonly items?: string | undefined
  /** Which field of an entry says what, by paths such as `node.ip`. Default: the usual names are looked for. */
  readonly map?: ProxyMap | undefined
  /** How the pages of an API are asked for. Default: there is one page. */
  readonly pages?: ProxyPages | undefined
}

/** Tags as a user writes them. */
export type SourceTags = Omit<ProxyTags, 'asn'> & {
  /** As 3320 or `AS3320`. */
  readonly asn?: number | string | undefined
}

/** Where the fields of an entry stand: names, or paths such as `node.addresses.0`. */
export interface ProxyMap {
  /** Name or address. */
  readonly host?: string | undefined
  /** 1–65535. */
  readonly port?: string | undefined
  /** The whole address, where host and port are not apart. */
  readonly proxy?: string | undefined
  /** `http`, `socks5`, or a list of them. */
  readonly protocol?: string | undefined
  /** Of the account. */
  readonly username?: string | undefined
  /** Of the account. */
  readonly password?: string | undefined
  /** Two letters. */
  readonly country?: string | undefined
  /** The name of a place. */
  readonly city?: string | undefined
  /** Number of the autonomous system. */
  readonly asn?: string | undefined
  /** `datacenter`, `residential`, `mobile` or `free`. */
  readonly class?: string | undefined
  /** What a gigabyte costs. */
  readonly price?: string | undefined
}

/** How the pages of an API are asked for. They end with the first that has no entry, is not full, or has come before. */
export interface ProxyPages {
  /** The parameter of the query that names the page. Default `page`. */
  readonly parameter?: string | undefined
  /** What it counts. Default `page`. */
  readonly by?: 'page' | 'offset' | undefined
  /** Where it begins. Default 1 for pages, 0 for offsets. */
  readonly first?: number | undefined
  /** Entries a page; sent as `sizeParameter`. Default: the server's own. */
  readonly size?: number | undefined
  /** Default `page_size`. */
  readonly sizeParameter?: string | undefined
  /**
   * Where the answer names its next page: a URL of the same origin, or the next value of `parameter`. Default: pages are
   * counted.
   */
  readonly next?: string | undefined
}
