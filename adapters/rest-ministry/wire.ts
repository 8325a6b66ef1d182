import { type Problem, pointer, problem, received, refused, say } from '#kit';
import {
  type Filled,
  fileProblems,
  type Failure as MinistryFailure,
  type Question as MinistryQuestion,
} from '#ministry';
import type { Settings } from './settings.ts';

type Request = Filled['record'];

/** A request as it is sent. */
export interface Wire {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The body as JSON. It may hold files. */
  readonly json?: object;
  /** The body as multipart/form-data. */
  readonly parts?: readonly (readonly [name: string, value: unknown])[];
}

const PLACE = /\{([^{}]+)\}/g;
/** Whether a text survives as an HTTP header value. HTTP clients change other characters. */
export const isSendable = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);
const HEADER = /^@[A-Za-z0-9!#$%&'*+^_`|~-]{1,100}$/;

/** The target that replaces the whole address by a link from the ministry. */
const LINK = '/';
/** How much of a refused link the message shows. */
const LONGEST_ORIGIN = 300;
/** The member whose value is the whole body. */
const LIST = 'list';

/**
 * Where a target goes: `{name}` into the path, `?name` into the query, `@name` into a header, all others into the body.
 */
function kindOf(target: string, method: string): 'address' | 'path' | 'query' | 'header' | 'body' {
  if (target === LINK) return 'address';
  if (target.startsWith('{')) return 'path';
  if (target.startsWith('?')) return 'query';
  if (target.startsWith('@')) return 'header';
  return method === 'GET' || method === 'DELETE' ? 'query' : 'body';
}

const nameOf = (target: string): string => target.replace(/^[?@]/, '');

/**
 * Builds the request from its filled table. Returns the problems if a value does not fit its place; then nothing is
 * sent.
 */
export function wireOf(
  { baseUrl }: Settings,
  question: MinistryQuestion,
  request: Request,
): Wire | readonly Problem[] | MinistryFailure {
  const [method, path] = question.operation.split(' ') as [Wire['method'], string];
  const how = bodyOf(question);
  const isForm = how === 'form' || how === 'multipart';
  const parts: [string, unknown][] = [];
  const [query, form] = [new URLSearchParams(), new URLSearchParams()];
  const [headers, body]: [Record<string, string>, Request] = [{}, {}];
  const problems: Problem[] = [];
  for (const [target, value] of Object.entries(request)) {
    const kind = kindOf(target, method);
    // Only JSON can express null.
    if (value === null && (kind !== 'body' || isForm)) continue;
    if (kind === 'body' && how === 'multipart') {
      for (const one of [value].flat()) parts.push([target, one]);
      continue;
    }
    const texts = [value].flat().map(String);
    if (kind === 'query') for (const text of texts) query.append(nameOf(target), text);
    else if (kind === 'body' && isForm) for (const text of texts) form.append(target, text);
    else if (kind === 'body') body[target] = value;
    else if (kind === 'header') {
      headers[nameOf(target)] = texts[0] as string;
      if (!isSendable(texts[0] as string)) problems.push(problem(`/${target}`, 'header-needs-ascii'));
    }
  }
  const written = path.replace(PLACE, (place) => {
    const text = String(request[place] ?? '');
    if (/^\.{0,2}$/.test(text)) problems.push(problem(`/${place}`, 'not-for-an-address', { got: received(text) }));
    return encodeURIComponent(text);
  });
  const found = query.size > 0 ? `?${query}` : '';
  const address = `${baseUrl.replace(/\/+$/, '')}/${written.replace(/^\/+/, '')}`;
  const link = request[LINK];
  // Without the link the request would go to another address, and its answer would pass for the linked one.
  if (typeof link !== 'string' && !mayBegin(question.request[LINK]))
    problems.push(problem(`/${pointer(LINK)}`, 'not-for-an-address', { got: '' }));
  if (problems.length > 0) return problems;
  // The link carries its own query.
  const url = typeof link === 'string' ? linked(link, address) : `${address}${found}`;
  if (typeof url === 'object') return url;
  if (method === 'GET' || method === 'DELETE') return { method, url, headers };
  if (how === 'multipart') return { method, url, headers, parts };
  return isForm
    ? { method, url, headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers }, body: `${form}` }
    : {
        method,
        url,
        headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
        json: how === 'list' ? ((body[LIST] ?? []) as object) : body,
      };
}

/** A document inside a text is written before its request, so it cannot stream a file. */
function filesInText(field: MinistryQuestion['request'][string], path: string): readonly Problem[] {
  return typeof field === 'object' && field.text !== undefined ? fileProblems(field, path) : [];
}

/** Whether the operation's own address may be called: without a link field, or for the first page of linked pages. */
function mayBegin(field: MinistryQuestion['request'][string] | undefined): boolean {
  if (field === undefined) return true;
  return [typeof field === 'string' ? field : (field.from ?? [])].flat().includes('cursor');
}

/** The address that a link leads to. Links to another server are refused, because the call carries our credentials. */
function linked(link: string, from: string): string | MinistryFailure {
  const { origin } = new URL(from);
  const to = URL.canParse(link, from) ? new URL(link, from) : undefined;
  // A `mailto:` link, for example, has no server.
  if (!to || to.origin === 'null') return refused('configuration', say('link-no-address'));
  if (to.origin !== origin)
    return refused('configuration', say('link-elsewhere', { address: to.origin.slice(0, LONGEST_ORIGIN) }));
  return `${origin}${to.pathname}${to.search}`;
}

const bodyOf = (question: MinistryQuestion): string | undefined => (question as { readonly body?: string }).body;

/** Problems in the requests of a party's settings: unfilled `{names}` of an address, and targets that fit no place. */
export function operationProblems(settings: Settings): readonly Problem[] {
  const { session, pull = {}, push = {}, ask = {} } = settings;
  return [
    ...wrongIn(session, '/session'),
    ...Object.entries(pull).flatMap(([name, list]) => [
      ...wrongIn(list, `/pull/${name}`),
      ...wrongIn(list?.detail, `/pull/${name}/detail`),
    ]),
    ...Object.entries(push).flatMap(([name, told]) => [
      ...wrongIn(told, `/push/${name}`),
      ...wrongIn(told?.update, `/push/${name}/update`),
      ...Object.entries(told?.when ?? {}).flatMap(([status, how]) => wrongIn(how, `/push/${name}/when/${status}`)),
      ...wrongIn(told?.lookUp, `/push/${name}/lookUp`),
    ]),
    ...Object.entries(ask).flatMap(([name, asked]) => wrongIn(asked, `/ask/${name}`)),
  ];
}

function wrongIn(question: MinistryQuestion | undefined, path: string): readonly Problem[] {
  if (!question) return [];
  const [method = '', address = ''] = question.operation.split(' ');
  const places = [...address.matchAll(PLACE)].map(([place]) => place);
  const targets = Object.entries(question.request);
  const isList = bodyOf(question) === 'list';
  const lacking = places.filter((place) => !Object.hasOwn(question.request, place));
  return [
    ...lacking.map((place) => problem(`${path}/request`, 'path-needs', { place })),
    ...(isList && !Object.hasOwn(question.request, LIST)
      ? [problem(`${path}/request`, 'no-body-source', { member: LIST })]
      : []),
    ...targets.flatMap(([target, field]) => {
      const here = `${path}/request/${pointer(target)}`;
      const kind = kindOf(target, method);
      if (kind === 'path' && !places.includes(target))
        return [problem(here, 'no-place-in-path', { got: received(address) })];
      if (kind === 'header' && !target.includes('.') && !HEADER.test(target)) return [problem(here, 'no-header-name')];
      const isEach = typeof field === 'object' && 'each' in field;
      if (kind !== 'query' && kind !== 'body' && isEach) return [problem(here, 'list-for-one-value')];
      if (kind === 'body' && isList && !(target === LIST && isEach))
        return [problem(here, 'beside-the-body', { member: LIST })];
      const isMultipart = kind === 'body' && bodyOf(question) === 'multipart';
      if (kind === 'body' && !isMultipart && bodyOf(question) !== 'form')
        return [...filesInText(field, here), ...fileProblems(field, here, ['file'])];
      const files = isMultipart ? fileProblems(field, here, ['base64']) : fileProblems(field, here);
      if (files.length > 0) return files;
      const isTable = typeof field === 'object' && 'fields' in field && field.text === undefined;
      return isTable || target.includes('.') ? [problem(here, 'outside-json-body')] : [];
    }),
  ];
}
