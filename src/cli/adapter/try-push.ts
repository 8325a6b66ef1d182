import { readFile } from 'node:fs/promises';
import type { Outcome } from '#core/dossier/settle';
import { explain } from '#core/explain';
import { checkOf } from '#core/schema-check';
import type { Progress } from '#schemas/dossier.progress.v1';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { OPERATIONS, type Operation, type Records } from '#schemas/operations';
import type { Connection } from '../../kit/connection.ts';
import type { Call } from '../../kit/http/exchange.ts';
import type { Outgoing, Sender } from '../../kit/sender.ts';
import { readXml } from '../../kit/xml/read-xml.ts';
import type { Party } from '../../parties/party.ts';
import { type Result, UsageError } from '../run-command.ts';
import { trialConnection } from './trial-connection.ts';

/** The first request of a push, as text. */
interface Shown {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  readonly body: string;
  /** Members of the body without a value, and members of the settings' request that are left out. */
  readonly empty: readonly string[];
}

type Tried = { readonly request: Shown } | { readonly outcome: Outcome | undefined };

/** Shows the request by which a party would get a record from a file. Sends nothing, and logs in nowhere. */
export async function tryPush(party: Party, path: string): Promise<Result> {
  const { operation, record } = await recordIn(path, sentBy(party));
  const isNew = await tryOne(party, operation, record, false);
  const isKnown = await tryOne(party, operation, record, true);
  const requests = [isNew, isKnown].flatMap((tried) => ('request' in tried ? [tried.request] : []));
  const isSame = requests.length === 2 && haveOneContent(requests);
  const text = [
    ...linesOf(isNew),
    ...(isSame || requests.length === 0 ? [] : ['', 'if the partner has it already:', ...linesOf(isKnown)]),
    ...notesOn(operation),
    ...(requests.length === 0 ? [] : ['nothing was sent']),
  ];
  const document = { ...documentOf(isNew), known: isSame ? undefined : documentOf(isKnown) };
  return { text: text.join('\n'), document, failed: requests.length === 0 };
}

function documentOf(tried: Tried): object {
  return 'request' in tried ? tried.request : { outcome: tried.outcome };
}

/** What the party's settings send: the operations that the file may belong to. */
function sentBy({ id, adapter, offers }: Party): readonly Operation[] {
  const names = Object.keys(OPERATIONS) as readonly Operation[];
  const sent = names.filter((name) => offers.sends.includes(name) && (adapter.send?.[name] ?? adapter.sendAny));
  if (sent.length === 0) throw new UsageError(`<pull>: the settings of ${id} send nothing`);
  return sent;
}

async function tryOne(party: Party, operation: Operation, record: Records[Operation], known: boolean): Promise<Tried> {
  const sender = (party.adapter.send?.[operation] ?? party.adapter.sendAny) as Sender<unknown>;
  const calls: Call[] = [];
  const item = itemOf(operation, record, known);
  const [outcome] = await sender.send(keeping(party.connect(), calls), [item]);
  const [call] = calls;
  if (!call) return { outcome };
  const hidden = (text: string): string =>
    (call.hide ?? []).filter((one) => one !== '').reduce((all, one) => all.replaceAll(one, '***'), text);
  const body = bodyOf(call);
  return {
    request: {
      method: call.method ?? 'POST',
      url: hidden(call.url),
      headers: namesOf(call),
      body: hidden(body),
      empty: [...emptyIn(body), ...(sender.leftOut?.(party.settings, item) ?? [])],
    },
  };
}

/** The names of the record stand in for the catalogue. A file has no dossier beside a step or another record. */
function itemOf(operation: Operation, record: Records[Operation], known: boolean): Outgoing {
  const item: Outgoing = { id: 'lienthong-trial', operation, code: record.code, record, doubt: false, known };
  if (operation !== 'dossier.upsert.v1') return aboutDossier(item, standInFor(record));
  const dossier = record as Dossier;
  const { serviceCode, serviceName, fieldCode, fieldName, agencyCode, agencyName } = dossier;
  const service =
    serviceName === undefined ? undefined : { code: serviceCode, name: serviceName, fieldCode, fieldName };
  const agency = agencyName === undefined ? undefined : { code: agencyCode, name: agencyName };
  return { ...item, dossier, service: service as Outgoing['service'], agency };
}

function aboutDossier(item: Outgoing, dossier: Dossier | undefined): Outgoing {
  return dossier ? { ...item, dossier } : item;
}

type Named = Partial<Pick<Dossier, 'serviceCode' | 'agencyCode'>> & Partial<Progress> & { dossierCode?: string };

/** The dossier of a step or of another record, as far as that says something of it. Undefined if it names none. */
function standInFor(record: Records[Operation]): Dossier | undefined {
  const { code = '', dossierCode, at, status, serviceCode = '', agencyCode = '' }: Named = { ...record };
  if (dossierCode === undefined && at === undefined) return undefined;
  return { code: dossierCode ?? code, serviceCode, agencyCode, status: status ?? 'processing', statusAt: at ?? '' };
}

function notesOn(operation: Operation): readonly string[] {
  return operation === 'dossier.upsert.v1'
    ? []
    : ['the file has no dossier: what the request takes from it, such as its service, is empty here'];
}

/** A connection that keeps the calls for itself. */
const keeping = (connection: Connection, calls: Call[]): Connection =>
  trialConnection(connection, async (call) => {
    calls.push(call);
    return { kind: 'unreachable', reason: 'trial', message: 'a trial sends nothing' };
  });

interface Read {
  readonly operation: Operation;
  readonly record: Records[Operation];
}

/** The record of a file, as the first operation whose schema it fits. */
async function recordIn(path: string, operations: readonly Operation[]): Promise<Read> {
  let record: unknown;
  try {
    record = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`<file>: expected the path of a record as JSON: ${(error as Error).message}`);
  }
  const operation = operations.find((one) => checkOf(OPERATIONS[one]).Check(record));
  if (operation !== undefined) return { operation, record: record as Records[Operation] };
  const [first] = operations as readonly [Operation];
  const problems = explain(OPERATIONS[first], checkOf(OPERATIONS[first]), record, [], { naming: true });
  const list = problems.map(({ path: at, message }) => `${at} ${message}`).join('; ');
  throw new UsageError(`<file>: ${path}: expected ${operations.join(' or ')}; as ${first}: ${list}`);
}

/** The request, or why the adapter makes none. */
function linesOf(tried: Tried): readonly string[] {
  if (!('request' in tried)) return [`nothing would be sent: ${whyNothing(tried.outcome)}`];
  const { method, url, headers, body, empty } = tried.request;
  return [
    `${method} ${url}`,
    `headers: ${headers.join(', ')}`,
    body,
    ...(empty.length > 0 ? [`without a value: ${empty.join(', ')}`] : []),
  ];
}

/** A delivery without a request counts as delivered, and its note says why. */
function whyNothing(outcome: Outcome | undefined): string {
  if (outcome?.kind === 'delivered') return outcome.note ?? outcome.reference ?? 'the partner needs nothing of it';
  const { kind, reason, message } = outcome as { kind: string; reason?: string; message?: string };
  return `${kind}${reason ? ` (${reason})` : ''}${message ? `: ${message}` : ''}`;
}

function haveOneContent(requests: readonly Shown[]): boolean {
  return new Set(requests.map(({ method, url, body }) => JSON.stringify([method, url, body]))).size === 1;
}

/** Values of headers are mostly secrets. */
function namesOf({ headers = {} }: Call): readonly string[] {
  return Object.keys(headers).filter((name) => headers[name] !== undefined);
}

function bodyOf({ body = '' }: Call): string {
  if (typeof body === 'string') return body;
  return 'shown' in body ? body.shown : new TextDecoder().decode(body);
}

/** The places in a body of JSON or XML that have no value. Empty for other bodies. */
function emptyIn(body: string): readonly string[] {
  const parse = body.startsWith('<') ? readXml : /^[[{]/.test(body) ? JSON.parse : undefined;
  try {
    return parse === undefined ? [] : emptyAt(parse(body), '');
  } catch {
    return [];
  }
}

function emptyAt(value: unknown, place: string): readonly string[] {
  if (value === null || value === undefined || value === '') return [place];
  if (typeof value !== 'object') return [];
  const members = Object.entries(value).filter(([name]) => !/^[@#]/.test(name));
  const isNil = (value as { '@nil'?: unknown })['@nil'] === 'true';
  return isNil
    ? [place]
    : members.flatMap(([name, member]) => emptyAt(member, place === '' ? name : `${place}.${name}`));
}
