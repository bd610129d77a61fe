/**
 * What a site writes into its links for each visitor or campaign anew, and which changes nothing of the page: tracking
 * parameters, and session ids whose name leaves no doubt.
 */

/** Whether a part of a query, `name=value`, says who comes and from where, not what is asked for. */
export function isVisitParameter(pair: string): boolean {
  const name = pair.split('=', 1)[0]!.toLowerCase()
  return isTracking(name) || sessionInQuery.test(pair)
}

/** Session ids in a path, to be taken out with `replaceAll`. */
export const sessionInPath = /;jsessionid=[\w.!~-]+|\/\(S\([a-z0-9]{24}\)\)/gi

function isTracking(name: string): boolean {
  return name.startsWith('utm_') || name.startsWith('mtm_') || trackingParameters.has(name)
}

const sessionInQuery =
  /^(phpsessid|jsessionid|aspsessionid[a-z]{0,12}|asp\.net_sessionid|oscsid|zenid|cftoken)=[\w.!~,-]{16,}$/i

/** Added to links by mail, ad and analytics services, and read by scripts only. */
const trackingParameters = new Set([
  ...[
    'gclid',
    'gclsrc',
    'dclid',
    'gbraid',
    'wbraid',
    'gad_source',
    'gad_campaignid',
    'srsltid',
    '_ga',
    '_gl',
  ],
  ...[
    'fbclid',
    'igshid',
    'igsh',
    'msclkid',
    'yclid',
    'ysclid',
    'ttclid',
    'twclid',
    'li_fat_id',
    'epik',
    'rdt_cid',
  ],
  ...['mc_cid', 'mc_eid', '_hsenc', '_hsmi', '__hstc', '__hssc', '__hsfp', 'hsctatracking', 'mkt_tok'],
  ...[
    'vero_id',
    'vero_conv',
    'oly_enc_id',
    'oly_anon_id',
    '_openstat',
    'wickedid',
    's_cid',
    '_branch_match_id',
  ],
])
