import { z } from 'zod'
import { proxyClasses, proxySchemes } from '../contracts/endpoint.ts'
import { asnOf, type ProxyFilter } from '../contracts/proxy-filter.ts'
import type { ProxySource } from '../contracts/proxy-source.ts'

/** What the options say of proxies: where they come from, what they are, which of them are wanted. */

export const proxyClassSchema = z.enum(proxyClasses)

const oneOrMore = <Value extends z.ZodType>(value: Value) =>
  z.union([value, z.array(value).min(1)]).optional()
const countrySchema = z.string().regex(/^[a-z]{2}$/i, 'expected a code of two letters, such as DE')
const asnSchema = z
  .union([z.string(), z.number()])
  .refine((asn) => asnOf(asn) !== undefined, 'expected the number of a network, such as AS3320')
const nameSchema = z.string().min(1)

/** Which proxies are wanted. */
export const proxyFilterSchema: z.ZodType<ProxyFilter, ProxyFilter> = z.strictObject({
  protocol: oneOrMore(z.enum([...proxySchemes, 'direct'])),
  country: oneOrMore(countrySchema),
  city: oneOrMore(nameSchema),
  asn: oneOrMore(asnSchema),
  class: oneOrMore(proxyClassSchema),
  provider: oneOrMore(nameSchema),
  maxPrice: z.number().min(0).optional(),
  label: oneOrMore(nameSchema),
})

const mapSchema = z.strictObject({
  host: nameSchema.optional(),
  port: nameSchema.optional(),
  proxy: nameSchema.optional(),
  protocol: nameSchema.optional(),
  username: nameSchema.optional(),
  password: nameSchema.optional(),
  country: nameSchema.optional(),
  city: nameSchema.optional(),
  asn: nameSchema.optional(),
  class: nameSchema.optional(),
  price: nameSchema.optional(),
})

const pagesSchema = z.strictObject({
  parameter: nameSchema.optional(),
  by: z.enum(['page', 'offset']).optional(),
  first: z.number().int().min(0).optional(),
  size: z.number().int().min(1).max(100_000).optional(),
  sizeParameter: nameSchema.optional(),
  next: nameSchema.optional(),
})

/** A place where proxies come from, with what is to be said of it. */
export const proxySourceSchema: z.ZodType<ProxySource, ProxySource> = z.strictObject({
  from: z.union([nameSchema, z.array(nameSchema).min(1)]),
  use: proxyFilterSchema.optional(),
  tags: z
    .strictObject({
      provider: z
        .string()
        .regex(/^[\w.-]{1,64}$/, 'expected a short word')
        .optional(),
      country: countrySchema.transform((country) => country.toUpperCase()).optional(),
      city: nameSchema.optional(),
      asn: asnSchema.optional(),
      class: proxyClassSchema.optional(),
      price: z.number().min(0).optional(),
    })
    .optional(),
  scheme: z.enum(proxySchemes).optional(),
  allowPrivate: z.boolean().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  items: nameSchema.optional(),
  map: mapSchema.optional(),
  pages: pagesSchema.optional(),
}) as z.ZodType<ProxySource, ProxySource>
