import { isUtf8 } from 'node:buffer';
import type { Item } from '#core/dossier/item';
import { isTooDeep, parseExactly } from '#core/exact-json';
import { type CodesOf, NO_CODES } from '#core/identifiers/codes';
import { type Problem, problem } from '#core/problem';
import { say, type Words } from '#messages/message';
import type { Callback, CallbackRequest, CallbackResult } from '../kit/callback.ts';
import { isSecret } from '../kit/callback-checks.ts';
import { nodesAt, readXml } from '../kit/xml/read-xml.ts';
import { XmlProblem } from '../kit/xml/text.ts';
import { fill } from './fill.ts';
import { itemFrom, type PulledOperation } from './mapping.ts';
import { prepare } from './request.ts';
import type { CallbackSettings, Fields, MinistrySettings } from './settings.ts';

type Called = NonNullable<CallbackSettings['dossiers']>[string];

const OPERATIONS = { dossiers: 'dossier.upsert.v1', progress: 'dossier.progress.v1' } as const;

/** The callbacks that a party's settings describe, by name. */
export function callbacksBy({ callbacks }: MinistrySettings): Readonly<Record<string, Callback<MinistrySettings>>> {
  if (!callbacks) return {};
  const named = (['dossiers', 'progress'] as const).flatMap((what) =>
    Object.entries(callbacks[what] ?? {}).map(
      ([name, called]) => [name, callbackOf(called, OPERATIONS[what])] as const,
    ),
  );
  return Object.fromEntries(named);
}

function callbackOf(called: Called, operation: PulledOperation): Callback<MinistrySettings> {
  const { keyIn = 'path' } = called;
  return {
    hasKeyInPath: keyIn === 'path',
    check: (request, { callbacks }) => whyNotTheirs(request, keyIn, (callbacks as CallbackSettings).key),
    read: (body, settings, codes) => itemsOf(body, called, operation, settings, codes),
    reply: (result, settings) => ({ status: result.status, body: replyTo(result, settings) }),
  };
}

function whyNotTheirs({ headers, query, key }: CallbackRequest, keyIn: string, agreed: string): Words | undefined {
  const name = keyIn.slice(1);
  const [given, where] = keyIn.startsWith('?')
    ? [query?.get(name), say('parameter-named', { name })]
    : keyIn.startsWith('@')
      ? [headers.get(name), say('header-named', { name })]
      : [key, say('end-of-address')];
  return isSecret(given, agreed) ? undefined : say('not-the-agreed-key', { where });
}

/** The records of a body, in JSON or XML. */
function itemsOf(
  body: Uint8Array,
  { records = '.', fields, inferred }: Called,
  operation: PulledOperation,
  settings: MinistrySettings,
  codes: CodesOf,
): readonly Item[] {
  const content = contentOf(body);
  if (content === undefined) return [{ kind: 'invalid', problems: [problem('', 'body-unreadable')] }];
  const found = nodesAt(content, records === '.' ? '' : records);
  if (found.length === 0) return [{ kind: 'invalid', problems: [problem(`/${records}`, 'absent')] }];
  const options = { settings, codes, way: 'read' } as const;
  return found.map((record, at) => {
    const place = records === '.' ? '' : `/${records.replaceAll('.', '/')}/${at}`;
    const filled = fill(fields, record, options, place);
    // A constant is what the callback's name says, and not an assumption.
    const assumed = filled.assumed.filter((target) => hasSource(fields[target]));
    return itemFrom({ ...filled, assumed }, place, operation, inferred);
  });
}

const hasSource = (field: Fields[string] | undefined): boolean => typeof field === 'object' && field.from !== undefined;

/** The object in a body. The root element of XML is left out, as in pulled records. */
function contentOf(body: Uint8Array): object | undefined {
  if (!isUtf8(body)) return undefined;
  const text = Buffer.from(body)
    .toString()
    .replace(/^\ufeff/, '')
    .trimStart();
  if (isTooDeep(text)) return undefined;
  try {
    const content: unknown = text.startsWith('<') ? nodesAt(readXml(text), '*')[0] : parseExactly(text);
    return typeof content === 'object' && content !== null ? content : undefined;
  } catch (error) {
    if (error instanceof XmlProblem || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The answer in the system's form. Empty for a rare status that the settings have no word for: none is guessed. */
function replyTo(result: CallbackResult, settings: MinistrySettings): object {
  const { reply } = settings.callbacks as CallbackSettings;
  const message = result.problems.map(({ path, message: why }) => `${path} ${why}`.trim()).join('; ');
  const { kind, status, receipt } = result;
  const prepared = prepare(
    kind === 'held' ? reply.done : reply.failed,
    { status, message, receipt },
    settings,
    NO_CODES,
  );
  return prepared.kind === 'ready' ? prepared.request : {};
}

/** The statuses that each form answers. Others are rare: `callbackProblems` asks for no word for them. */
const ANSWERED = { done: [200], failed: [401, 422, 503] } as const;

/** Answers that cannot be written, and names that two lists have. */
export function callbackProblems(settings: MinistrySettings): readonly Problem[] {
  const { callbacks } = settings;
  if (!callbacks) return [];
  const both = Object.keys(callbacks.progress ?? {}).filter((name) => Object.hasOwn(callbacks.dossiers ?? {}, name));
  const problemsAt = (name: keyof typeof ANSWERED, status: number): readonly Problem[] => {
    const context = { status, message: 'x', receipt: 'x' };
    const prepared = prepare(callbacks.reply[name], context, settings, NO_CODES);
    const problems = prepared.kind === 'stuck' ? prepared.problems : [];
    return problems.map((one) => ({ ...one, path: `/callbacks/reply/${name}${one.path}` }));
  };
  const unwritable = (['done', 'failed'] as const).flatMap((name) =>
    ANSWERED[name].flatMap((status) => problemsAt(name, status)),
  );
  return [
    ...both.map((name) => problem(`/callbacks/progress/${name}`, 'repeated-element', { count: 2 })),
    // A problem that every status has is one problem.
    ...new Map(unwritable.map((one) => [`${one.path} ${one.message}`, one])).values(),
  ];
}
