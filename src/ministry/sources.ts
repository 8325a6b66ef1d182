import { pointer } from '#core/explain';
import { listed, type Problem, problem } from '#core/problem';
import { withoutUndefined } from '#core/without-undefined';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { Progress } from '#schemas/dossier.progress.v1';
import { Dossier } from '#schemas/dossier.upsert.v1';
import { Payment } from '#schemas/payment.v1';
import { TEMPLATE_NAME } from './fill.ts';
import {
  type AskSettings,
  type Field,
  type Fields,
  type List,
  type MappedList,
  type MappedSettings,
  type MinistrySettings,
  OF_ONE_VALUE,
  type Push,
  type Pushed,
  type Question,
} from './settings.ts';

/** The type of a value along a path: an object with members, a list, or a text. */
interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly required?: readonly string[];
}

const TEXT: Shape = {};
/** The ministry's own records. Only the ministry knows their members. */
const ANYTHING: Shape = {};
const object = (properties: Readonly<Record<string, Shape>>): Shape => ({ properties });
const texts = (...names: readonly string[]): Readonly<Record<string, Shape>> =>
  Object.fromEntries(names.map((name) => [name, TEXT]));

const RECORDS = { dossiers: Dossier as unknown as Shape, progress: Progress as unknown as Shape } as const;
type Name = keyof typeof RECORDS;
const NAMES = Object.keys(RECORDS) as readonly Name[];
/** The records that the hub pushes. */
const PUSHED_RECORDS: Readonly<Record<Pushed, Shape>> = { ...RECORDS, payments: Payment as unknown as Shape };

/**
 * Sources and targets that can never have a value. The members of the hub's own data are known, so this is checked at
 * the start.
 */
export function sourceProblems(settings: MinistrySettings): readonly Problem[] {
  const { session, pull = {}, push = {}, ask = {}, secrets } = settings;
  const login = {
    ...texts(...namesSet({ username: settings.username, password: settings.password })),
    ...withoutUndefined({ secrets: secrets && object(texts(...Object.keys(secrets))) }),
  };
  const known = { ...login, ...texts(...namesSet({ session })) };
  return [
    ...requestProblems(session?.request, object(login), '/session/request'),
    ...NAMES.flatMap((name) => listProblems(pull[name], RECORDS[name], known, `/pull/${name}`)),
    ...callbackSources(settings.callbacks),
    ...Object.entries(PUSHED_RECORDS).flatMap(([name, record]) =>
      pushProblems(push[name as Pushed], record, known, `/push/${name}`),
    ),
    ...Object.entries(ask).flatMap(([name, asked]) => askProblems(asked, known, `/ask/${name}`)),
  ];
}

/** Targets of settings that only read records. */
export function readTargetProblems({ pull = {} }: MappedSettings): readonly Problem[] {
  return NAMES.flatMap((name) => {
    const list = pull[name];
    return list ? targetProblems(list, RECORDS[name], `/pull/${name}`) : [];
  });
}

function namesSet(values: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(values).filter((name) => values[name] !== undefined);
}

type Known = Readonly<Record<string, Shape>>;

function listProblems(list: List | undefined, record: Shape, known: Known, path: string): readonly Problem[] {
  if (!list) return [];
  const { period, page, detail } = list;
  const ofPage = namesSet({ since: period, size: page, offset: page, cursor: page?.next });
  return [
    ...requestProblems(list.request, object({ ...texts('until', 'page', ...ofPage), ...known }), `${path}/request`),
    ...requestProblems(detail?.request, object({ row: ANYTHING, ...known }), `${path}/detail/request`),
    ...targetProblems(list, record, path),
  ];
}

function targetProblems({ fields, detail }: MappedList, record: Shape, path: string): readonly Problem[] {
  const filled = [...Object.keys(fields), ...Object.keys(detail?.fields ?? {})];
  return [
    ...targetsIn(fields, record, `${path}/fields`),
    ...targetsIn(detail?.fields, record, `${path}/detail/fields`),
    ...fileProblems(fields, `${path}/fields`),
    ...fileProblems(detail?.fields, `${path}/detail/fields`),
    ...idleMembers(fields, `${path}/fields`),
    ...idleMembers(detail?.fields, `${path}/detail/fields`),
    ...missingTargets(filled, record, `${path}/fields`),
  ];
}

function pushProblems(push: Push | undefined, record: Shape, known: Known, path: string): readonly Problem[] {
  if (!push) return [];
  const ours = {
    ...texts('id', 'code'),
    record,
    dossier: RECORDS.dossiers,
    service: object(texts('code', 'name', 'fieldCode', 'fieldName')),
    agency: object(texts('code', 'name')),
  };
  const asked = object({ ...ours, ...known });
  const { update, lookUp, when = {}, needs = [] } = push;
  return [
    ...needs.flatMap((source, at) => sourceProblem(source, object(ours), `${path}/needs/${at}`)),
    ...Object.entries(when as Readonly<Record<string, Question>>).flatMap(([status, { request }]) =>
      requestProblems(request, asked, `${path}/when/${status}/request`),
    ),
    ...requestProblems(push.request, asked, `${path}/request`),
    ...requestProblems(update?.request, asked, `${path}/update/request`),
    ...requestProblems(lookUp?.request, asked, `${path}/lookUp/request`),
    ...requestProblems(lookUp?.match, object(ours), `${path}/lookUp/match`),
    ...requestProblems(lookUp?.compare, object(ours), `${path}/lookUp/compare`),
  ];
}

/** The members that callbacks fill, and the sources of their answers. */
function callbackSources(callbacks: MinistrySettings['callbacks']): readonly Problem[] {
  if (!callbacks) return [];
  const path = '/callbacks';
  const result = object(texts('status', 'message', 'receipt'));
  return [
    ...requestProblems(callbacks.reply.done, result, `${path}/reply/done`),
    ...requestProblems(callbacks.reply.failed, result, `${path}/reply/failed`),
    ...NAMES.flatMap((what) =>
      Object.entries(callbacks[what] ?? {}).flatMap(([name, { fields }]) => [
        ...targetsIn(fields, RECORDS[what], `${path}/${what}/${name}/fields`),
        ...idleMembers(fields, `${path}/${what}/${name}/fields`),
        ...missingTargets(Object.keys(fields), RECORDS[what], `${path}/${what}/${name}/fields`),
      ]),
    ),
  ];
}

const OF_AN_ASK = [
  'id',
  'officer',
  'agencyCode',
  'purpose',
  'legalBasis',
  'dossierCode',
  'serviceCode',
  'shortServiceCode',
] as const;

function askProblems(
  { request, values, match, fields: read }: AskSettings,
  known: Known,
  path: string,
): readonly Problem[] {
  const given = Object.entries(values).map(([name, { fields }]): [string, Shape] => [
    name,
    fields ? { items: object(texts(...Object.keys(fields))) } : TEXT,
  ]);
  const ours = { ...texts(...OF_AN_ASK), values: object(Object.fromEntries(given)) };
  return [
    ...requestProblems(request, object({ ...ours, ...known }), `${path}/request`),
    ...requestProblems(match, object(ours), `${path}/match`),
    ...idleMembers(read, `${path}/fields`),
    ...Object.entries(read as Fields).flatMap(([target, field]) =>
      typeof field === 'string' || field.text === undefined
        ? []
        : [problem(`${path}/fields/${pointer(target)}/text`, 'only-in-request')],
    ),
    ...Object.entries(values).flatMap(([name, value]) => valueProblems(value, `${path}/values/${name}`)),
  ];
}

/** A list has members, and a source in the dossier exists. */
function valueProblems({ as, fields, dossier }: AskSettings['values'][string], path: string): readonly Problem[] {
  const isList = as === 'list';
  return [
    ...(isList && !fields ? [problem(`${path}/fields`, 'missing', { expected: say('members-of-list') })] : []),
    ...(!isList && fields ? [problem(`${path}/fields`, 'only-of-list')] : []),
    ...(dossier === undefined ? [] : sourceProblem(dossier, RECORDS.dossiers, `${path}/dossier`)),
  ];
}

function requestProblems(request: Fields | undefined, given: Shape, path: string): readonly Problem[] {
  return [...sourcesIn(request, given, path), ...idleMembers(request, path)];
}

/** The names in a template and the members of its `fields` are the same. */
function templateProblems(template: string, fields: Fields, path: string): readonly Problem[] {
  const names = [...template.matchAll(TEMPLATE_NAME)].map(([, name = '']) => name);
  const list = Object.keys(fields);
  const expected = say('one-of', { list: listed(list) });
  return [
    ...names
      .filter((name) => !list.includes(name))
      .map((name) => problem(`${path}/template`, 'unexpected-name', { got: received(name), expected })),
    ...list
      .filter((name) => !names.includes(name))
      .map((name) => problem(`${path}/fields/${pointer(name)}`, 'not-in-template')),
  ];
}

const FILE_FORMS: readonly unknown[] = ['base64', 'file'];

/** The places of fields that put a file into a request, each with the form of the file. */
export function fileFields(
  settings: unknown,
  forms = FILE_FORMS,
  path = '',
): readonly { readonly path: string; readonly form: string }[] {
  if (typeof settings !== 'object' || settings === null) return [];
  const { as } = settings as { as?: unknown };
  const own = forms.includes(as) ? [{ path: `${path}/as`, form: String(as) }] : [];
  return [
    ...own,
    ...Object.entries(settings).flatMap(([name, member]) => fileFields(member, forms, `${path}/${pointer(name)}`)),
  ];
}

/**
 * Fields that would put a file into a request, in settings of a kind of system that takes none.
 *
 * @param forms the forms of a file that are wrong here
 */
export function fileProblems(settings: unknown, path = '', forms = FILE_FORMS): readonly Problem[] {
  const expected = say('no-file-here');
  return fileFields(settings, forms, path).map(({ path: at, form }) =>
    problem(at, 'unexpected', { got: form, expected }),
  );
}

/** Members of fields that would have no effect: a choice without a list, `fields` that nothing writes, a value beside them. */
function idleMembers(fields: Fields | undefined, path: string): readonly Problem[] {
  return Object.entries(fields ?? {}).flatMap(([target, field]) => {
    if (typeof field === 'string') return [];
    const place = `${path}/${pointer(target)}`;
    const hasNoList = field.where !== undefined && field.of === undefined && field.each === undefined;
    const inner = field.fields as Fields | undefined;
    const isUnwritten =
      inner !== undefined && [field.each, field.text, field.template].every((one) => one === undefined);
    const beside = inner === undefined || isUnwritten ? [] : OF_ONE_VALUE.filter((name) => field[name] !== undefined);
    return [
      ...(hasNoList ? [problem(`${place}/where`, 'where-without-list')] : []),
      ...(isUnwritten ? [problem(`${place}/fields`, 'fields-unused')] : []),
      ...beside.map((name) => problem(`${place}/${name}`, 'unused-beside-fields')),
      ...idleMembers(inner, `${place}/fields`),
    ];
  });
}

function sourcesIn(fields: Fields | undefined, given: Shape, path: string): readonly Problem[] {
  return Object.entries(fields ?? {}).flatMap(([target, field]) =>
    sourcesOf(field, given, `${path}/${pointer(target)}`),
  );
}

function sourcesOf(field: Field, given: Shape, path: string): readonly Problem[] {
  if (typeof field === 'string') return sourceProblem(field, given, path);
  const { of, ...within } = field;
  if (of !== undefined) {
    const found = walk(given, of);
    if ('unknown' in found) return [unknownSource(of, found, `${path}/of`)];
    const { where, ...rest } = within;
    return [...wantedProblems(where, found.shape, path), ...sourcesOf(rest, found.shape, path)];
  }
  const { from, each, where, text, template, fields } = within;
  if (template !== undefined) {
    const members = (fields ?? {}) as Fields;
    return [...templateProblems(template, members, path), ...sourcesIn(members, given, `${path}/fields`)];
  }
  if (each !== undefined) {
    const found = walk(given, each === '.' ? '' : each);
    if ('unknown' in found) return [unknownSource(each, found, `${path}/each`)];
    const wanted = wantedProblems(where, found.shape, path);
    if (fields) return [...wanted, ...sourcesIn(fields as Fields, found.shape, `${path}/fields`)];
    return [...wanted, ...(from === undefined ? [] : sourceListProblems(from, found.shape, `${path}/from`))];
  }
  if (text !== undefined) return sourcesIn(fields as Fields | undefined, given, `${path}/fields`);
  return sourceListProblems(from, given, `${path}/from`);
}

function wantedProblems(where: object | undefined, given: Shape, path: string): readonly Problem[] {
  return Object.keys(where ?? {}).flatMap((one) => sourceProblem(one, given, `${path}/where/${pointer(one)}`));
}

function sourceListProblems(
  from: string | readonly string[] | undefined,
  given: Shape,
  path: string,
): readonly Problem[] {
  if (typeof from === 'string') return sourceProblem(from, given, path);
  return (from ?? []).flatMap((one, at) => sourceProblem(one, given, `${path}/${at}`));
}

function sourceProblem(source: string, given: Shape, path: string): readonly Problem[] {
  const found = walk(given, source);
  if ('unknown' in found) return [unknownSource(source, found, path)];
  const { properties } = found.shape;
  if (!properties) return [];
  return [problem(path, 'got-an-object', { got: received(source), list: Object.keys(properties) })];
}

function unknownSource(source: string, { within, known }: Unknown, path: string): Problem {
  const list = listed(known);
  const expected = within === '' ? say('one-of', { list }) : say('one-of-members', { place: within, list });
  return problem(path, 'unexpected', { got: received(source), expected });
}

/** Targets must be members of our records. */
function targetsIn(fields: Fields | undefined, record: Shape, path: string): readonly Problem[] {
  return Object.entries(fields ?? {}).flatMap(([target, field]) => {
    const place = `${path}/${pointer(target)}`;
    const found = walk(record, target);
    if ('unknown' in found) {
      return [problem(place, 'unknown-member-known', { got: received(found.unknown), list: found.known })];
    }
    return typeof field === 'string' ? [] : targetsIn(field.fields as Fields, found.shape, `${place}/fields`);
  });
}

/** Members that a valid record needs and no target fills. */
function missingTargets(filled: readonly string[], { required = [] }: Shape, path: string): readonly Problem[] {
  return required
    .filter((member) => !filled.some((target) => target === member || target.startsWith(`${member}.`)))
    .map((member) => problem(`${path}/${pointer(member)}`, 'missing', { expected: say('place-in-a-record') }));
}

interface Unknown {
  /** The unknown name, the path before it, and the names that exist there. */
  readonly unknown: string;
  readonly within: string;
  readonly known: readonly string[];
}

/** The type at the end of a path. Lists are searched element by element, as in `nodesAt`. */
function walk(from: Shape, path: string): { readonly shape: Shape } | Unknown {
  let shape = itemOf(from);
  const names = path === '' ? [] : path.split('.');
  for (const [at, name] of names.entries()) {
    if (shape === ANYTHING || name === '*') return { shape: ANYTHING };
    const { properties = {} } = shape;
    if (!Object.hasOwn(properties, name))
      return { unknown: name, within: names.slice(0, at).join('.'), known: Object.keys(properties) };
    shape = itemOf(properties[name] as Shape);
  }
  return { shape };
}

function itemOf(shape: Shape): Shape {
  return shape.items ? itemOf(shape.items) : shape;
}
