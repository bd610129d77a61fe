import { expect, test } from 'vitest'
import { productToken } from '../../src/admission/product-token.ts'

test.each([
  ['AcmeBot/1.2', 'AcmeBot'],
  ['AcmeBot', 'AcmeBot'],
  ['acme_bot-x/2 (+http://acme.example/bot)', 'acme_bot-x'],
  ['Acme Bot/1.0', 'Acme'],
  ['Mozilla/5.0 (compatible; AcmeBot/1.2; +http://acme.example/bot)', 'AcmeBot'],
  ['Mozilla/5.0 (compatible; AcmeBot; mailto:bot@acme.example)', 'AcmeBot'],
  [
    'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; AcmeBot/2.1; +http://a.example) Chrome/120.0.0.0 Safari/537.36',
    'AcmeBot',
  ],
  [
    'Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36 (compatible; AcmeBot/2.1; +http://a.example)',
    'AcmeBot',
  ],
  [
    'Mozilla/5.0 (Macintosh) AppleWebKit/600.2.5 Version/8.0.2 Safari/600.2.5 (AcmeBot/0.1; +http://a.example)',
    'AcmeBot',
  ],
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36 AcmeBot/1.0',
    'AcmeBot',
  ],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0', undefined],
  ['Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)', undefined],
  ['007/1.0', undefined],
  ['', undefined],
])('the name in "%s" is %s', (userAgent, token) => {
  expect(productToken(userAgent)).toBe(token)
})
