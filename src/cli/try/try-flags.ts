import { Command } from 'commander'
import { addCrawlFlags, type CrawlFlags } from '../crawl-flags.ts'

/** What `regatta try` takes: how a page is fetched, as of `regatta crawl`, and what of it is shown. */
export interface TryFlags extends CrawlFlags {
  /** Which handler reads the page. */
  readonly label?: string
  /** JSON: what the request carries. */
  readonly data?: string
  /** A saved page or a HAR file, instead of fetching. */
  readonly from?: string
  readonly json?: true
  readonly repl?: true
  readonly watch?: true
}

/** Flags of a crawl that say how one page is fetched. */
const shared: ReadonlySet<string> = new Set([
  ...['--config', '--no-config', '--profile', '--set', '--param', '--cache', '--deadline', '--header'],
  ...['--proxies', '--use', '--anonymous', '--allow-private-proxies', '--proxy-scheme', '--direct'],
  ...['--proxy-class', '--allow-private', '--block', '--no-traps', '--keep-trying', '--no-politeness'],
  ...['--interval', '--rate', '--preset', '--trust', '--seed', '--strategy', '--hedge', '--user-agent'],
  ...['--robots-agent', '--ca', '--no-remote-dns'],
])

export function addTryFlags(command: Command): Command {
  command
    .option('--label <label>', 'which handler of the source reads the page')
    .option('--data <json>', 'what the request carries: \'{"id":1}\'')
    .option('--from <file>', 'read a saved page or a HAR file instead of fetching')
    .option('--json', 'JSON instead of text')
    .option('--repl', 'look at the page by hand afterwards: page, $, items, reparse(), fetch(url)')
    .option('--watch', 'read the kept page again whenever the source changes, until Ctrl-C')
  for (const option of addCrawlFlags(new Command()).options) {
    if (shared.has(option.long ?? '')) command.addOption(option)
  }
  return command
}
