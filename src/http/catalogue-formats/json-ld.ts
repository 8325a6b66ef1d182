import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import Type from 'typebox';
import type { Hold } from '../page-budget.ts';
import { conditional, conditionalList, pageInJson } from '../route.ts';
import { CONTEXT } from './cpsv-ap.ts';

export const JSON_LD = 'application/ld+json';

const JSON_TYPE = 'application/json';
const ContextOf = Type.Object({}, { description: 'prefixes and types, inline, so clients fetch nothing' });
const NodeOf = {
  '@type': Type.String({ description: 'cpsv:PublicService, cv:PublicOrganisation or skos:Concept' }),
};

export const JsonLdOne = Type.Object(
  { '@context': ContextOf, '@id': Type.String({ format: 'uri' }), ...NodeOf },
  { title: 'CPSV-AP', description: 'JSON-LD by CPSV-AP 3.2.0' },
);
export const JsonLdPage = Type.Object(
  { '@context': ContextOf, '@graph': Type.Array(Type.Object(NodeOf)) },
  { title: 'CPSV-AP page', description: 'JSON-LD by CPSV-AP 3.2.0; Link names the next page, if there is one' },
);

/**
 * Whether the client prefers JSON-LD to JSON (RFC 9110 12.5.1). Of equals, the one that it names
 * wins.
 */
function wantsJsonLd(c: Context): boolean {
  return (
    accepts(c, { header: 'Accept', supports: [JSON_TYPE, JSON_LD], default: JSON_TYPE, match: better }) === JSON_LD
  );
}

type Accepted = readonly { readonly type: string; readonly q: number }[];

function better(accepted: Accepted): string {
  const quality = (type: string): number =>
    [type, 'application/*', '*/*'].map((range) => ofRange(accepted, range)).find((q) => q !== undefined) ?? 0;
  const [linked, plain] = [quality(JSON_LD), quality(JSON_TYPE)];
  const isNamed = ofRange(accepted, JSON_LD) !== undefined;
  return linked > plain || (linked === plain && linked > 0 && isNamed) ? JSON_LD : JSON_TYPE;
}

function ofRange(accepted: Accepted, range: string): number | undefined {
  return accepted.find(({ type }) => type.toLowerCase() === range)?.q;
}

/** Answers with JSON or JSON-LD, as the client prefers. Each form has its own ETag. */
export function negotiated(c: Context, json: () => object, linked: () => object): Response {
  const isLinked = wantsJsonLd(c);
  const body = isLinked ? { '@context': CONTEXT, ...linked() } : json();
  return conditional(c, JSON.stringify(body), headersOf(isLinked));
}

/** Answers a page of records, as JSON or JSON-LD. */
export function negotiatedPage(
  c: Context,
  items: readonly string[],
  {
    next,
    linked,
    more,
    hold,
  }: {
    next: string | null;
    linked: (record: never) => object;
    more: Readonly<Record<string, string>>;
    hold: Hold | undefined;
  },
): Promise<Response> {
  const isLinked = wantsJsonLd(c);
  const write = (json: string): string => JSON.stringify(linked(JSON.parse(json) as never));
  const list = isLinked
    ? { head: `{"@context":${JSON.stringify(CONTEXT)},"@graph":[`, items, write, tail: ']}' }
    : pageInJson(items, next);
  return conditionalList(c, list, { ...more, ...headersOf(isLinked) }, hold);
}

function headersOf(isLinked: boolean): Readonly<Record<string, string>> {
  return isLinked ? { Vary: 'Accept', 'Content-Type': JSON_LD } : { Vary: 'Accept' };
}
