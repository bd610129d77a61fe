/**
 * What each reason means for a person, and what they can do about it. A reason is the slug of a verdict, of a task, of a dead
 * letter, of a page that was skipped, or of a wait: one table, because a user meets them all in one place and asks the same.
 */
export interface Cause {
  /** A clause: `the proxy refuses its user or password`. */
  readonly what: string
  /** What to do, as a request to the user. */
  readonly todo: string
}

const list = 'look at the list of proxies'
const slower = 'ask this host more slowly (politeness.interval, --interval), or over more proxies'
const kind =
  'use proxies of another kind or country for this host (hosts: { proxies: … }), and ask it more slowly'
const proxys =
  'nothing, where other proxies brought the page; a proxy that keeps doing this is opened by itself, and can go from the list'
const wayOut = 'try the page over another connection; if it fails there too, it is the host or the page'

const table: Readonly<Record<string, readonly [what: string, todo: string]>> = {
  // dial
  'proxy-dns': [
    'the name of the proxy does not resolve',
    `${list}: is the name right? And does this machine resolve names?`,
  ],
  'dial-refused': [
    'nobody listens at the proxy’s port',
    `${list}: is the proxy running, and is its port right?`,
  ],
  'dial-unreachable': ['there is no way to the proxy’s address', `${list}: is the address right?`],
  'dial-timeout': [
    'the proxy did not take the connection in time',
    `${list}: is the proxy alive? A slow one needs a longer timeouts.dial`,
  ],
  'dial-reset': ['the proxy broke the connection at once', `${list}: does the proxy let this machine in?`],
  // handshake
  'handshake-timeout': [
    'the proxy took the connection and said nothing',
    'check the scheme of the proxy (http, socks5); a slow one needs a longer timeouts.handshake',
  ],
  'handshake-closed': [
    'the proxy closed the connection in its handshake',
    'check the scheme, user and password of the proxy',
  ],
  'handshake-garbage': [
    'the proxy does not speak the protocol that its scheme names',
    'check the scheme of the proxy (http, socks4, socks5)',
  ],
  'proxy-tls': [
    'TLS to the HTTPS proxy failed',
    'check whether the proxy is one of scheme http, and its certificate',
  ],
  'proxy-auth': [
    'the proxy refuses its user or password',
    'correct user and password in the list of proxies, and see whether the account is paid',
  ],
  'proxy-quota': [
    'the account of the proxy is used up',
    'pay the provider, or take the proxy out of the list',
  ],
  'proxy-busy': [
    'the proxy limits how much it is asked',
    'use fewer requests at a time for each proxy (politeness.proxyConcurrency)',
  ],
  'socks-general-failure': [
    'the SOCKS proxy reports a general failure and says no more',
    `${wayOut}; one proxy that says so often can go from the list`,
  ],
  'socks-not-allowed': [
    'the SOCKS proxy does not allow this host or port',
    'use a proxy that may visit this host',
  ],
  'socks-network-unreachable': ['the SOCKS proxy has no way to the host’s network', wayOut],
  'socks-host-unreachable': ['the SOCKS proxy cannot reach the host', `${wayOut}; is its name right?`],
  'socks-connection-refused': [
    'the host refuses the connection of the SOCKS proxy',
    'check the port of the URL, and whether the host is running',
  ],
  'socks-ttl-expired': ['the way from the SOCKS proxy to the host is too long', wayOut],
  'socks-command-unsupported': ['the SOCKS proxy cannot connect to others', `${list}: this one is of no use`],
  'socks-address-unsupported': [
    'the SOCKS proxy does not know this kind of address',
    'use a socks5h or http proxy for this host',
  ],
  'socks-rejected': ['the SOCKS proxy rejects the request', `${list}: does the proxy let this machine in?`],
  'connect-forbidden': ['the proxy does not allow this host or port', 'use a proxy that may visit this host'],
  'connect-failed': ['the proxy could not connect to the host, and does not say why', wayOut],
  'host-not-found': ['the name of the host does not resolve', 'check the name in the URL'],
  'connect-target': [
    'the proxy could not reach the host',
    'check the port of the URL, and whether the host is running',
  ],
  'connect-proxy-error': ['the proxy reports an error of its own', proxys],
  'connect-injected': [
    'the proxy sent bytes of its own before anybody spoke',
    'take this proxy out of the list',
  ],
  // TLS
  'tls-timeout': ['TLS with the host did not complete in time', wayOut],
  'tls-closed': ['the connection was cut in the TLS handshake', wayOut],
  'tls-certificate': [
    'the certificate is not the host’s: expired, for another name, or of an unknown authority',
    'where one proxy brings it, that proxy forges it; where all do, it is the host’s own: give its authority with the option "ca"',
  ],
  'tls-alert': [
    'the host refuses the TLS handshake',
    'the host asks for another TLS than this machine speaks: nothing to do with the proxies',
  ],
  // exchange
  'stale-socket': ['a kept connection was already closed', 'nothing: it was asked again'],
  reset: [
    'the connection was reset before an answer came',
    `${wayOut}; hosts that block without a word do this too`,
  ],
  'headers-timeout': [
    'no answer began in time',
    'a slow host needs a longer timeouts.firstByte; hosts that block without a word do this too',
  ],
  'http-garbage': ['what came back is not HTTP', proxys],
  malformed: [
    'what came back is broken HTTP',
    'where all proxies bring it, the host sends it; else the proxy breaks it',
  ],
  'head-too-large': ['the head of the answer is larger than 256 KB', 'nothing: the host sends it'],
  'body-timeout': ['the body stopped coming', 'a slow host needs a longer timeouts.idle'],
  'body-slow': [
    'the body came more slowly than timeouts.minRate allows',
    'lower timeouts.minRate, or drop the slow proxies',
  ],
  'body-short': [
    'the body ended before it was complete',
    `${wayOut}; a proxy that cuts bodies is found out by itself`,
  ],
  'body-reset': ['the connection broke inside the body', wayOut],
  'body-too-large': ['the body is larger than maxBody', 'raise maxBody, or do not ask for this page'],
  'decode-failed': ['the compressed body cannot be decoded', wayOut],
  'decode-bomb': ['the body decodes to more than maxBody', 'raise maxBody, or do not ask for this page'],
  'total-timeout': ['the attempt as a whole took too long', 'raise timeouts.total, or drop the slow proxies'],
  'redirect-limit': [
    'the page redirects in a circle, or too often',
    'open the page in a browser: it may want a cookie or a login; maxRedirects says how many are followed',
  ],
  'redirect-not-web': ['the page redirects to what is not http or https', 'nothing can be asked there'],
  'redirect-refused': [
    'the page redirects, and redirect: "error" forbids that',
    'leave redirect out, or use "manual"',
  ],
  'private-target': [
    'the address lies in a local network, where this request may not go',
    'allowPrivateTargets: true (--allow-private) lets it',
  ],
  'request-invalid': ['HTTP does not allow this URL, header or method', 'correct the request'],
  'not-recorded': [
    'nothing was asked, and no answer to this is kept',
    'record it once over the network, or leave out --offline or --replay',
  ],
  // us
  'local-resources': [
    'this machine is out of sockets or memory',
    'lower concurrency, or raise the limit of open files',
  ],
  'local-disk': [
    'a large body could not be written to the disk of this machine',
    'free some space, or set bodies.dir',
  ],
  'local-network': ['this machine has no network', 'look at the network of this machine; nobody is blamed'],
  cancelled: ['it was cancelled: another attempt was quicker, or the task was ended', 'nothing'],
  standstill: ['this machine stood still meanwhile', 'nothing: nobody is blamed, and it is asked again'],
  // answers
  challenge: ['the host asks for proof of a browser', `give resolveChallenge, or ${kind}`],
  'denied-by-firewall': ['a web firewall refuses this proxy', kind],
  captcha: ['the host answers with a captcha', `${kind}; resolveChallenge can solve some`],
  'soft-block': ['the host answers with a page that says access is refused, with a good status', kind],
  'empty-body': [
    'the host answers with an empty page',
    'hosts that block without a word do this; if empty is right here, say so with "accept"',
  ],
  'shape-outlier': [
    'the page is far smaller than good pages of this host, and bare of what they have',
    'hosts that block without a word do this; if it is right, say so with "accept"',
  ],
  'redirect-login': [
    'the page leads to a login',
    'log in with a session (docs/sessions.md), or do not ask for this page',
  ],
  'redirect-consent': [
    'the page leads to a consent wall',
    'send the cookie that says yes, with "headers" or a session',
  ],
  'redirect-block': ['the page leads to a block page', kind],
  geo: [
    'the page is not offered in the country of this proxy',
    'use proxies of another country: hosts: { proxies: { country: … } }',
  ],
  'marker-missing': [
    'the page lacks the text that mustContain() asks for',
    'see whether the page still has that text',
  ],
  'wrong-language': [
    'the page is in another language than expectLanguage() asks for',
    'use proxies of another country, or send accept-language',
  ],
  'proxy-policy': ['the proxy does not serve this host or port', 'use a proxy that may visit this host'],
  'proxy-error': ['the proxy reports an error of its own', proxys],
  'proxy-unreachable-target': [
    'the proxy says that it cannot reach the host',
    'check the name and the port in the URL',
  ],
  'proxy-gateway': ['a gateway error that may be the proxy’s own', wayOut],
  'captive-portal': [
    'the proxy answers with the login page of its network in place of the page',
    'take this proxy out of the list',
  ],
  'top-up': ['the provider of the proxy asks for money in place of the page', 'pay the provider'],
  'injected-page': ['the proxy puts another page in place of the page', 'take this proxy out of the list'],
  'injected-script': ['the proxy puts a script of its own into the page', 'take this proxy out of the list'],
  'injected-redirect': ['the proxy redirects to a page of its own', 'take this proxy out of the list'],
  'unexpected-html': ['the proxy brings HTML where none belongs', 'take this proxy out of the list'],
  'wrong-page': ['the page says that it belongs to another host', 'take this proxy out of the list'],
  'canary-missing': [
    'the canary did not recognise the page',
    'see whether the page still looks as the canary expects',
  ],
  leak: [
    'the answer shows the address of this machine: the proxy hides nothing',
    'take this proxy out of the list',
  ],
  // tasks
  'blocked-everywhere': ['the host refuses every proxy that was tried', kind],
  'path-faults': ['no proxy brought the page home, however often it was tried', wayOut],
  'target-faults': [
    'the host failed again and again',
    'try again later (regatta dead retry); budgets.target says how often it is asked',
  ],
  'host-failing': ['the host fails everything that asks it', 'try again later (regatta dead retry)'],
  'host-unreachable': ['no proxy reaches the host', 'check its name and port, and whether it is running'],
  'rate-limited': ['the host refuses everything for haste', slower],
  deadline: ['its deadline passed first', 'raise "deadline", or see below what took so long'],
  'no-way-out': ['this machine finds no way out', 'look at the network of this machine'],
  'not-repeatable': [
    'the request may have arrived and must not be sent twice',
    'see whether it has; mark it idempotent if it may be sent again',
  ],
  'session-lost': [
    'the session lost its proxy',
    'begin the session again; crawler.session() does so by itself',
  ],
  'session-failed': ['the session could not begin', 'see what begin() of the session asks for'],
  aborted: ['its caller ended it', 'nothing'],
  stopped: ['the crawler was stopped', 'go on with regatta resume'],
  yielded: [
    'it gave its place to others, because its host is not asked for a while',
    'nothing: it comes again by itself',
  ],
  lies: ['the exit that brought it was found lying', 'nothing: it is asked again'],
  'integrity-mismatch': ['the page is not what "integrity" says', 'correct the digest, or ask somebody else'],
  // crawls
  robots: [
    'robots.txt disallows it',
    'nothing, if you keep to it; robots: false (--no-politeness) is for your own servers',
  ],
  'robots-unreachable': [
    'robots.txt of the host could not be had, so its pages are left alone',
    'see whether the host answers at /robots.txt; robots: false does without',
  ],
  scope: [
    'it lies outside what the source asks for',
    'widen the scope of the source (its params, such as --param scope=…) if it should be crawled',
  ],
  source: ['its source does not want it', 'see admit() of the source'],
  blocked: ['its host is blocked by the option "block"', 'take the host out of "block"'],
  trap: ['it looks like a trap: pages without end', 'traps: false asks for it all the same'],
  duplicate: ['it leads to a page that is known by itself', 'nothing: that page is asked for instead'],
  canonical: ['the page names another one as itself', 'nothing: that page is asked for instead'],
  noindex: ['the page asks not to be indexed', 'nothing, if you keep to it'],
  limit: ['the crawl may have no more pages', 'raise the limit (--max-pages)'],
  'local network': [
    'it lies in a local network, where this crawl may not go',
    'allowPrivateTargets: true (--allow-private) lets it',
  ],
  'led-away': ['it leads to where the crawl must not go', 'see the redirects below'],
  'item-invalid': [
    'its page came, and something of it does not fit the schema',
    'correct the schema or the parse of the source, then regatta dead retry',
  ],
  'source-failed': [
    'its page came, and the source failed on it',
    'correct parse() of the source, then regatta dead retry',
  ],
  'page-over-budget': ['its page came, and is too much to read', 'see the limits in docs/safety.md'],
  'ended-process': [
    'its page ended the process again and again',
    'see what parse() of the source does with it; then regatta dead retry',
  ],
  'sink-failed': [
    'its page came and was read, and a sink could not take what it gave',
    'make room for the sink or correct its settings, then regatta resume: nothing is lost',
  ],
  'not-followed': ['the link was found, and is not followed', 'see the reason'],
  // waits
  interval: [
    'every proxy has just visited this host',
    slower.replace(
      'ask this host more slowly (politeness.interval, --interval), or',
      'shorten politeness.interval if the host bears it, or crawl',
    ),
  ],
  'host-limit': [
    'as many requests are under way at this host as it bears',
    'raise politeness.hostConcurrency if the host bears more',
  ],
  'proxy-limit': ['every usable proxy is busy', 'use more proxies, or raise politeness.proxyConcurrency'],
  throttled: ['the host asked for a pause', `nothing: it goes on by itself; ${slower}`],
  'host-down': [
    'the host is down: one request at a time finds out whether it is well again',
    'nothing: it goes on by itself when the host answers',
  ],
  'no-proxy': [
    'no proxy may be used now: all are open, isolated or retired',
    'use more or better proxies; regatta proxies FILE tests a list',
  ],
  'no-proxy-passes': [
    'the filter of this host lets no proxy of the fleet pass',
    'correct "proxies" of this host in the option "hosts", or add proxies that pass',
  ],
  blackout: ['this machine is off the network', 'look at the network of this machine; it goes on by itself'],
  paused: ['pause() was called', 'call resume()'],
  session: ['its session has not begun yet', 'see what begin() of the session asks for'],
  room: ['as many tasks as "capacity" are under way', 'raise "capacity"'],
  backoff: ['it rests after a failed attempt', 'nothing: it goes on by itself'],
}

/** With nothing between us and the host, it is the host that the dial is for. */
const direct: Readonly<Record<string, readonly [what: string, todo: string]>> = {
  'dial-refused': [
    'nobody listens at the host’s port',
    'check the port of the URL, and whether the host is running',
  ],
  'dial-unreachable': ['there is no way to the host’s address', 'check the address of the host'],
  'dial-timeout': ['the host did not take the connection in time', 'see whether the host is running'],
  'dial-reset': ['the host broke the connection at once', 'see whether the host lets this machine in'],
}

/** What this reason means; undefined for one that is a user's own. `isDirect`: no proxy was used. */
export function causeOf(reason: string, isDirect = false): Cause | undefined {
  const found =
    (isDirect ? direct[reason] : undefined) ?? table[reason] ?? ofStatus(reason) ?? ofFamily(reason)
  return found && { what: found[0], todo: found[1] }
}

/** What a wait for this means: some words mean another thing where a request waits than where it ends. */
export function waitCauseOf(reason: string): Cause {
  const found = waits[reason] ?? table[reason]
  return found ? { what: found[0], todo: found[1] } : { what: reason, todo: 'nothing: it goes on by itself' }
}

const waits: Readonly<Record<string, readonly [what: string, todo: string]>> = {
  robots: [
    'robots.txt of its host is asked for first',
    'see whether the host answers at /robots.txt; robots: false does without',
  ],
  challenge: ['resolveChallenge works on it', 'nothing: it goes on by itself'],
  stopped: ['the crawler stops', 'go on with regatta resume'],
}

function ofFamily(reason: string): readonly [string, string] | undefined {
  return reason.startsWith('challenge') ? table.challenge : undefined
}

function ofStatus(reason: string): readonly [string, string] | undefined {
  const status = Number(/^status-(\d+)$/.exec(reason)?.[1])
  if (Number.isNaN(status)) return undefined
  if (status === 403 || status === 401 || status === 407)
    return [
      `the host answers ${status}: it refuses this request`,
      status === 403 ? kind : 'send what it asks for: a login, a token',
    ]
  if (status === 404 || status === 410)
    return [`there is no such page (${status})`, 'nothing: the host says so']
  if (status === 429) return ['the host answers 429: too many requests', slower]
  if (status === 503)
    return ['the host answers 503: it is overloaded, or wants a pause', `try again later; ${slower}`]
  if (status >= 500) return [`the host answers ${status}: it is ill`, 'try again later (regatta dead retry)']
  if (status === 451)
    return [
      'the page is not offered in the country of this proxy (451)',
      'use proxies of another country: hosts: { proxies: { country: … } }',
    ]
  return [`the host answers ${status}`, 'see what the host wants of this request']
}
