import { existsSync, readFileSync } from 'node:fs';
import { Cron } from 'croner';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { explain, pointer, quote, shownValue } from '#core/explain';
import type { Problem } from '#core/problem';
import { AGENCY_CODE, closed, FIELD_CODE, oneOf, SERVICE_CODE } from '#schemas/parts';

export const SCOPES = [
  'dossier:write',
  'index:read',
  'index:personal',
  'catalogue:read',
  'ops:read',
  'ops:body',
  'ops:replay',
  'ops:configure',
] as const;
export type Scope = (typeof SCOPES)[number];

const ID = '^[a-z0-9][a-z0-9._-]{0,62}$';
const ID_MEANS = 'an id of lower-case letters, digits, dots and hyphens';
const Id = Type.String({ pattern: ID, description: ID_MEANS });

const Key = closed({
  id: Type.String({ minLength: 1, maxLength: 100, description: 'a user name' }),
  secret: Type.String({ minLength: 8, description: 'a secret of at least 8 characters' }),
  scopes: Type.Array(oneOf(SCOPES)),
  party: Type.Optional(Id),
});

const PartyEntry = closed({
  adapter: Id,
  settings: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'an object of settings' })),
  authoritative: Type.Optional(Type.Boolean()),
  pull: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'cron schedules by what is pulled' })),
});

const RouteEntry = closed({
  from: Id,
  operation: Type.String({ description: 'an operation such as dossier.upsert.v1' }),
  to: Type.Array(Id, { minItems: 1, description: 'a list of parties' }),
  services: Type.Optional(Type.Array(Type.String({ pattern: SERVICE_CODE, description: 'a procedure code' }))),
  fields: Type.Optional(Type.Array(Type.String({ pattern: FIELD_CODE, description: 'a field code' }))),
});

/** What HUB_CONFIG may say. */
export const HubFile = closed({
  province: Type.Optional(
    closed({
      code: Type.String({ pattern: AGENCY_CODE, description: 'a province code such as H60' }),
      name: Type.String({ minLength: 1, description: 'a name' }),
      timezone: Type.Optional(oneOf(['Asia/Ho_Chi_Minh'])),
    }),
  ),
  keys: Type.Optional(Type.Array(Key)),
  parties: Type.Optional(Type.Record(Type.String(), PartyEntry)),
  routes: Type.Optional(Type.Array(RouteEntry)),
  retentionMonths: Type.Optional(Type.Integer({ minimum: 1, description: 'a whole number of months' })),
});
export type HubFile = Type.Static<typeof HubFile>;
export type KeyEntry = Type.Static<typeof Key>;

const check = Compile(HubFile);

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Read HUB_CONFIG, with `${NAME}` replaced by the environment's value. Absent at the default place, it says nothing.
 *
 * @param tell is called with each problem: the file, the place in it and what is wrong; none shows a secret
 */
export function loadHubFile(path: string, env: Environment, tell: (problem: string) => unknown): HubFile {
  if (!existsSync(path)) {
    if (env.HUB_CONFIG?.trim()) tell(`HUB_CONFIG: ${path} does not exist`);
    return {};
  }
  let written: unknown;
  try {
    written = parseJson(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    tell(`HUB_CONFIG: ${path} cannot be read: ${(error as Error).message}`);
    return {};
  }
  const missing: Problem[] = [];
  const filled = fillIn(written, env, '', missing);
  const shape = check.Check(filled) ? [] : explain(HubFile, check, filled, missing);
  const problems = [...missing, ...shape.map((problem) => asWritten(problem, written, filled))];
  for (const problem of meaningProblems(filled))
    if (!problems.some((told) => told.path === problem.path)) problems.push(problem);
  for (const { path: place, message } of problems) tell(`${path} ${place || '/'}: ${message}`);
  return filled as HubFile;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The error of JSON.parse quotes the text, in which secrets may stand.
    const before = text.slice(0, validPrefix(text)).split('\n');
    throw new Error(`it is not JSON from line ${before.length}, column ${(before.at(-1) as string).length + 1} on`);
  }
}

/** How many characters at the beginning could still become JSON: the longest prefix that is wrong only at its end. */
function validPrefix(text: string): number {
  let [good, bad] = [0, text.length + 1];
  while (good + 1 < bad) {
    const middle = (good + bad) >> 1;
    if (isPrefix(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function isPrefix(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    return message.endsWith('end of JSON input') || message.includes(`at position ${text.length}`);
  }
}

/** Replace `${NAME}` in every text by the environment's value. */
function fillIn(value: unknown, env: Environment, path: string, problems: Problem[]): unknown {
  if (typeof value === 'string')
    return value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
      const given = env[name];
      if (given === undefined) problems.push({ path, message: `the environment has no ${name}` });
      return given ?? whole;
    });
  if (Array.isArray(value)) return value.map((item, at) => fillIn(item, env, `${path}/${at}`, problems));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, fillIn(member, env, `${path}/${pointer(name)}`, problems)]),
  );
}
