import type { ParkReason } from './events.ts'

/** What a task waits for, as people say it. */
export const waitWords: Readonly<Record<ParkReason, string>> = {
  interval: 'for the interval between two requests',
  'host-limit': 'for its turn at a host that has as many requests under way as it bears',
  'proxy-limit': 'for one of the proxies, which are all busy',
  throttled: 'for the end of a pause that the host asked for',
  'host-down': 'for the host, which is down',
  'no-proxy': 'for a proxy, of which none may be used now',
  'no-proxy-passes': 'for a proxy that may visit this host',
  blackout: 'for the network of this machine',
  paused: 'for the end of a pause',
  stopped: 'for nothing, as the crawler stops',
}
