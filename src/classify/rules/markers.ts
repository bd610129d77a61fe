import type { HttpResponse } from '../../contracts/outcome.ts'
import { createMarkerScan } from '../marker-scan.ts'
import type { View } from '../view.ts'

/**
 * The gate before every rule that reads a page: one pass over the bytes of a small page, and for nearly every good one
 * the answer is no and nothing is decoded. A word here proves nothing; it only says that the rules should look. Seven
 * letters or more: the shortest word sets the length of the steps.
 */
const refusalWords = [
  'captcha',
  'turnstile',
  'challenge-',
  '_cf_chl',
  'cf-error-',
  'incapsula',
  'sec-if-cpt',
  'sec-cpt-if',
  'cp_challenge',
  'awswafin',
  'awswaf.com',
  'aws-waf-token',
  '_pxappid',
  'window.kpsdk',
  'js?kpsdk',
  'just a moment',
  'attention required',
  'unusual traffic',
  'unusual activity',
  'automated ',
  'access denied',
  'access to this',
  'been blocked',
  'been denied',
  'temporarily ',
  ' banned',
  'permission to access',
  'javascript and cookies',
  'unsuccessful',
  'forbidden',
  'bot detect',
  'bot check',
  "'re human",
  'are blocked',
  'is blocked',
  'request blocked',
  ' a robot',
  'robot check',
  'are human',
  'human verification',
  'security check',
  'pardon our',
  'too many requests',
  'not available in your',
  'unavailable in your',
  'your country',
  'your region',
  'your location',
  'your area',
  'legal reasons',
  ' a human',
]

/** Only over plain HTTP could the page be somebody else's. */
const injectionWords = [
  'free wifi',
  'free wi-fi',
  'wifi log',
  'wi-fi log',
  'wifi port',
  'wi-fi port',
  'to wi-fi',
  'to the wi-fi',
  'hotspot',
  'captive',
  'guest network',
  'internet access',
  'network login',
  'to the network',
  'to our network',
  'network access',
  'web authentication',
  'wispaccess',
  'fgtauth',
  'link-login',
  'coovachilli',
  'name="magic',
  'top up your',
  'top-up your',
  'topup your',
  'exhausted',
  'expired',
  'depleted',
  'exceeded',
  'insufficient',
  'recharge',
  'renew your',
  'upgrade your',
  'advertis',
  'sponsored',
  'congratulations',
  'a prize',
  'your prize',
  'special offer',
  'click here',
  'free gift',
  'http://ads',
  'https://ads.',
  '://banner',
  'http://ad.',
  'welcome to nginx',
  'apache2 ',
  'it works',
  'iis windows',
  'test page for',
  'default web page',
  'you won ',
  'have won ',
  ' used up',
]

const refusals = createMarkerScan(refusalWords)
const refusalsAndInjections = createMarkerScan([...refusalWords, ...injectionWords])

/** Refusals and replaced pages are small; a larger page has content. */
const limit = 32_768

/** Whether the page deserves a reading. Remembered with the view, because several rules ask. */
export function isSuspicious(response: HttpResponse, view: View): boolean {
  view.suspicious ??=
    response.body.length <= limit &&
    view.isHtml &&
    (view.isForgeable ? refusalsAndInjections : refusals).found(response.body, limit)
  return view.suspicious
}
