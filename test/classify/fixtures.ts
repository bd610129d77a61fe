/** Pages as they are met in the wild, in our own words. `refusing` ones have status 200 and must never pass. */
const sentence =
  'The keeper of the lighthouse wrote down the weather each evening, and the ships that passed, and what they carried.'

export function ordinaryPage(paragraphs = 14, extra = ''): string {
  const body = Array.from(
    { length: paragraphs },
    (_, n) => `<p><a href="/page/${n}">Entry ${n}</a> ${sentence}</p>`,
  )
  return `<!doctype html><html lang="en"><head><title>Lighthouse diary</title><meta name="robots" content="index"></head><body><h1>Diary</h1>${body.join('')}${extra}</body></html>\n`
}

const page = (title: string, body: string, head = '') =>
  `<!DOCTYPE html><html><head><title>${title}</title>${head}</head><body>${body}</body></html>`

export const refusing: Readonly<Record<string, string>> = {
  'a shop that asks for characters': page(
    'Bigshop.example',
    '<h4>Enter the characters you see below</h4><p>Sorry, we just need to make sure you are not a robot.</p><form method="get" action="/errors/validateCaptcha"><img src="https://images.bigshop.example/c/1.jpg"><input name="field-keywords"></form><a href="/conditions">Conditions of Use</a>',
  ),
  'a search engine that saw unusual traffic': page(
    'https://search.example/search?q=x',
    '<p>Our systems have detected unusual traffic from your computer network. Please try again later.</p><div class="g-recaptcha" data-sitekey="x"></div>',
  ),
  'a bare denial':
    '<html><body><h1>Access Denied</h1><p>You do not have permission to access this page.</p></body></html>',
  'a page of one sentence': '<html><body>Please solve the captcha to continue.</body></html>',
  'a captcha form with a question for a title': page(
    'Are you a robot?',
    '<h1>Are you a robot?</h1><form action="/captcha"><div class="g-recaptcha"></div><p>Please solve the CAPTCHA to continue.</p></form>',
  ),
  'an apology': page(
    'Sorry...',
    '<h1>Sorry...</h1><p>Our systems have detected unusual traffic from your computer network.</p>',
  ),
  'a polite interruption': page(
    'Pardon Our Interruption',
    '<h1>Pardon Our Interruption...</h1><p>As you were browsing something about your browser made us think you were a bot.</p>',
  ),
  'a banned address': page('Blocked', '<p>Your IP address has been temporarily blocked.</p>'),
}

export const harmless: Readonly<Record<string, string>> = {
  'an article about captchas': page(
    'How the CAPTCHA was born',
    `<nav><a href="/">Home</a><a href="/tech">Tech</a><a href="/about">About</a></nav><h1>How the CAPTCHA was born</h1>${`<p>${sentence} A captcha asks you to verify you are human, and automated access suffers. Access denied, says the machine.</p>`.repeat(8)}`,
  ),
  'a short note that mentions captchas': page(
    'Links of the week',
    `<nav><a href="/">Home</a><a href="/w/1">1</a><a href="/w/2">2</a></nav><p>A reader asks how to solve the captcha of the library. ${sentence}</p>`,
  ),
  'a film called Access Denied': page(
    'Access Denied - Film lexicon',
    `<nav><a href="/">Home</a><a href="/films">Films</a><a href="/people">People</a></nav><h1>Access Denied</h1>${`<p>${sentence}</p>`.repeat(8)}`,
  ),
  'a contact form with a captcha': page(
    'Contact us',
    '<h1>Contact us</h1><a href="/">Home</a><a href="/shop">Shop</a><a href="/help">Help</a><form action="/send"><textarea name="text"></textarea><div class="g-recaptcha" data-sitekey="k"></div><button>Send</button></form><script src="https://www.google.com/recaptcha/api.js"></script>',
  ),
  'a page with a firewall’s script in it': ordinaryPage(
    14,
    '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script><script src="/_Incapsula_Resource?SWJIYLWA=1"></script>',
  ),
  'an article on free wifi': page(
    'Free WiFi in the old town',
    `<nav><a href="/">Home</a><a href="/town">Town</a><a href="/bus">Bus</a><a href="/map">Map</a></nav>${`<p>${sentence} Connect to the free wifi hotspot near the station and accept the terms.</p>`.repeat(9)}`,
  ),
  'a small page with one foreign link': page(
    'Sample domain',
    '<h1>Sample domain</h1><p>This domain may be used in documents without asking.</p><p><a href="https://registry.example/more">More information</a></p>',
  ),
  'a shop with an expired offer': page(
    'Blue lamp',
    '<a href="/">Home</a><a href="/lamps">Lamps</a><a href="/cart">Cart</a><p>This special offer has expired. Click here for other lamps. The lamp is not available in your size.</p>',
  ),
  'a page with its own script behind its end': `${ordinaryPage()}<script src="/late.js"></script>`,
  'a page with a script of its own domain behind its end': `${ordinaryPage()}<script src="https://static.quotes.example/late.js"></script>`,
  'a page with a comment behind its end': `${ordinaryPage()}<!-- served in 12 ms -->`,
}

export const injected: Readonly<Record<string, string>> = {
  'a free wifi login': page(
    'Free WiFi',
    '<h1>Welcome to Free WiFi</h1><p>Please log in to use the internet.</p><form action="/login"><input name="user"><button>Connect</button></form>',
  ),
  'a portal for machines':
    '<html><!-- <WISPAccessGatewayParam><Redirect><LoginURL>http://10.0.0.1/</LoginURL></Redirect></WISPAccessGatewayParam> --><body>Redirecting</body></html>',
  'a hotel’s hotspot': page(
    'Hotel hotspot',
    '<p>Accept the terms to get internet access.</p><a href="/accept">Accept</a>',
  ),
  'a provider that wants money': page(
    'Notice',
    '<h1>Your traffic is exhausted</h1><p>Please top up your balance in the dashboard to go on using the proxy.</p><a href="https://provider.example/pay">Top up</a>',
  ),
  'an advertisement': page(
    'Special offer',
    '<h1>Congratulations! You won a prize</h1><a href="http://ads.example/claim"><img src="http://ads.example/banner.gif"></a>',
  ),
  'an advertisement without words': page(
    'Hello',
    '<a href="http://ads.example/x"><img src="http://ads.example/y.gif"></a>',
  ),
  'a web server’s start page': page(
    'Welcome to nginx!',
    '<h1>Welcome to nginx!</h1><p>If you see this page, it works.</p>',
  ),
  'a refresh to a portal':
    '<html><head><meta http-equiv="refresh" content="0; url=http://login.network.example/?m=1"></head><body></body></html>',
  'a script appended': `${ordinaryPage()}<script src="http://ads.example/inject.js"></script>`,
  'a script before the end of the body': ordinaryPage(
    14,
    '<script src="http://ads.example/inject.js"></script><div>Buy a boat</div>',
  ),
  'an offer without links': page(
    'Best offers today',
    '<h1>Best offers today</h1><p>Win a boat. Click here.</p>',
  ),
  'a sign-in to the network': page(
    'Sign in to the network',
    '<form action="http://portal.example/login"><input name="room"></form>',
  ),
  'a frame appended': `${ordinaryPage().trim().toUpperCase()}\n<IFRAME width=1 src='//ads.example/frame'></IFRAME>`,
}
