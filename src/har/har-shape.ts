import { z } from 'zod'

/**
 * What of a HAR file is read, and how strictly. Browsers, proxies and test tools fill the format each in their way: what
 * nobody needs here is not looked at, what may be missing may also be null, and only what is the wrong thing altogether (a
 * status that is no number, a list that is none) is refused.
 */

const text = z.string({ error: 'expected a text' })
const optionalText = text.nullish()
/** What is only looked at as a hint need not be right. */
const sizeHint = z
  .unknown()
  .optional()
  .transform((size) => (typeof size === 'number' ? size : undefined))

const pair = z.object(
  {
    name: text,
    value: z
      .union([z.string(), z.number(), z.boolean()], { error: 'expected a text' })
      .nullish()
      .transform((value) => String(value ?? '')),
  },
  { error: 'expected an object with name and value' },
)

const pairs = z.array(pair, { error: 'expected a list' }).nullish()

/** Some tools take JSON apart into fields, and put objects where the format has texts. */
const param = z.object(
  {
    name: optionalText.transform((name) => name ?? ''),
    value: z
      .unknown()
      .optional()
      .transform((value) =>
        typeof value === 'string'
          ? value
          : value === undefined || value === null
            ? ''
            : JSON.stringify(value),
      ),
  },
  { error: 'expected an object with name and value' },
)

const postData = z.object(
  {
    mimeType: optionalText,
    text: optionalText,
    encoding: optionalText,
    params: z.array(param, { error: 'expected a list' }).nullish(),
  },
  { error: 'expected an object' },
)

const content = z.object(
  {
    size: sizeHint,
    mimeType: optionalText,
    text: optionalText,
    encoding: optionalText,
    comment: optionalText,
    /** Playwright: the body is in a file of this name beside the archive. */
    _file: optionalText,
    /** Regatta: the text is the body read as UTF-8, byte for byte, so the headers hold as they are. */
    _exact: z.boolean().nullish(),
  },
  { error: 'expected an object' },
)

const request = z.object(
  {
    method: text.min(1, { error: 'expected a method such as GET' }),
    url: text,
    headers: pairs,
    postData: postData.nullish(),
    bodySize: sizeHint,
  },
  { error: 'expected an object' },
)

const response = z.object(
  {
    /** Null is what a tool writes that has no number. */
    status: z.int({ error: 'expected a whole number' }).nullable(),
    statusText: optionalText,
    headers: pairs,
    content: content.nullish(),
    redirectURL: optionalText,
    bodySize: sizeHint,
    _error: z.unknown().optional(),
    _failureText: z.unknown().optional(),
  },
  { error: 'expected an object' },
)

const entry = z.object(
  {
    startedDateTime: z.unknown().optional(),
    time: z.unknown().optional(),
    timings: z.unknown().optional(),
    request,
    response: response.nullish(),
    _error: z.unknown().optional(),
    /** Chrome: `websocket`, `document`, … */
    _resourceType: z.unknown().optional(),
    /** Regatta: see `passedOver`. */
    _passedOver: optionalText,
  },
  { error: 'expected an object' },
)

export const harShape = z.object(
  {
    log: z.object(
      { comment: optionalText, entries: z.array(entry, { error: 'expected a list' }) },
      { error: 'expected an object' },
    ),
  },
  { error: 'expected an object with "log"' },
)

export type HarEntry = z.output<typeof entry>
export type HarRequest = z.output<typeof request>
export type HarResponse = z.output<typeof response>
export type HarPair = z.output<typeof pair>
