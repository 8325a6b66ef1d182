import { XMLBuilder } from 'fast-xml-parser';
import type { CodesOf } from '#core/identifiers/codes';
import type { Cause, Problem } from '#core/problem';
import { type Built, type FillOptions, fill } from './fill.ts';
import type { Field, Fields, MinistrySettings } from './settings.ts';

/** What a request may use: our record, the period and page, the session. */
export type Context = Readonly<Record<string, unknown>>;

export type Prepared =
  | { readonly kind: 'ready'; readonly request: Built }
  /** A value of ours has no code at the ministry. */
  | { readonly kind: 'stuck'; readonly problems: readonly Problem[]; readonly cause?: Cause | undefined };

/** Builds a request from its table and a context. A field with `text` becomes a document inside a text. */
export function prepare(request: Fields, context: Context, settings: MinistrySettings, codes: CodesOf): Prepared {
  const options: FillOptions = { settings, codes, way: 'write' };
  const plain: Record<string, Field> = {};
  const texts: Built = {};
  const problems: Problem[] = [];
  const causes: Cause[] = [];
  for (const [target, field] of Object.entries(request)) {
    if (typeof field === 'string' || field.text === undefined) {
      plain[target] = field;
      continue;
    }
    const inner = fill(field.fields ?? {}, context, options);
    problems.push(...inner.problems);
    causes.push(...inner.causes);
    texts[target] = field.text === 'json' ? JSON.stringify(inner.record) : (builder.build(inner.record) as string);
  }
  const outer = fill({ ...plain, ...literals(texts) }, context, options);
  problems.push(...outer.problems);
  causes.push(...outer.causes);
  if (problems.length > 0) return { kind: 'stuck', problems, cause: causes[0] };
  return { kind: 'ready', request: outer.record };
}

const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', suppressEmptyNode: false });

function literals(texts: Built): Fields {
  return Object.fromEntries(Object.entries(texts).map(([target, value]) => [target, { value: value as string }]));
}
