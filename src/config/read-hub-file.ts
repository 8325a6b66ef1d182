import { isUtf8 } from 'node:buffer';
import { lstatSync, readFileSync } from 'node:fs';
import { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import { explain, pointer } from '#core/explain';
import { type Problem, problem } from '#core/problem';
import { repeatedMembers } from '#core/repeated-members';
import type { Code } from '#messages/message';
import { received } from '#messages/received';
import { inEnglish } from '#messages/render';
import { meaningProblems } from './check-hub-file.ts';
import { adapterProblems, type KnownAdapters } from './check-parties.ts';
import { HubFile } from './hub-file.ts';

const check = Compile(HubFile);

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads HUB_CONFIG, with `${NAME}` replaced by the environment's value. An absent file at the default place is empty.
 * @param tell is called with each problem: the file, the place in it and the fault; none shows a secret
 * @param adapters to check parties and routes against; without them this check is skipped
 */
export function readHubFile(
  path: string,
  env: Environment,
  tell: (problem: string) => unknown,
  adapters?: KnownAdapters,
): HubFile {
  let text: string;
  let written: unknown;
  try {
    text = textOf(readFileSync(path));
    written = parseJson(text);
  } catch (error) {
    const isAbsent = /^ENO(?:ENT|TDIR)$/.test((error as NodeJS.ErrnoException).code ?? '');
    // A broken link means that a file was intended.
    const isMeant = env.HUB_CONFIG?.trim() || lstatSync(path, { throwIfNoEntry: false });
    if (!isAbsent) tell(`HUB_CONFIG: ${path} cannot be read: ${(error as Error).message}`);
    else if (isMeant) tell(`HUB_CONFIG: ${path} does not exist`);
    return {};
  }
  const problems = [...repeatedMembers(text)].map(([place, count]) => problem(place, 'given-repeatedly', { count }));
  const fromEnvironment = new Map<string, string>();
  const file = fillIn(written, env, '', fromEnvironment, problems);
  if (!check.Check(file)) problems.push(...shapeProblems(file, problems));
  for (const one of [...meaningProblems(file), ...(adapters ? adapterProblems(file, adapters) : [])])
    if (!problems.some(({ path: known }) => known === one.path)) problems.push(one);
  for (const one of problems) {
    const { path: place, message } = withoutSecrets(one, fromEnvironment, env);
    tell(`${path} ${place || '/'}: ${message}`);
  }
  return file as HubFile;
}

/** Refuses other encodings, whose letters would silently be replaced. */
function textOf(bytes: Buffer): string {
  const isUtf16 = ['fffe', 'feff'].includes(bytes.subarray(0, 2).toString('hex'));
  if (isUtf16) throw new Error('it is UTF-16, expected UTF-8');
  if (!isUtf8(bytes)) throw new Error('it is not UTF-8, perhaps of an older encoding of Windows; save it as UTF-8');
  return bytes.toString().replace(/^\uFEFF/, '');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The error of JSON.parse quotes the text, which may contain secrets.
    if (text.trim() === '') throw new Error('it is empty, expected an object such as {}');
    const before = text.slice(0, validPrefix(text)).split('\n');
    throw new Error(`it is not JSON from line ${before.length}, column ${(before.at(-1) as string).length + 1} on`);
  }
}

/** How many leading characters could still become JSON: the longest prefix that is wrong only at its end. */
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

/** All of them: TypeBox stops at the eighth by default. */
function shapeProblems(file: unknown, told: readonly Problem[]): readonly Problem[] {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: 1_000 });
  try {
    return explain(HubFile, check, file, told, { naming: true });
  } finally {
    Settings.Set({ maxErrors });
  }
}

/** Replaces `${NAME}` in every text by the environment's value, and records its place. */
function fillIn(
  value: unknown,
  env: Environment,
  path: string,
  fromEnvironment: Map<string, string>,
  problems: Problem[],
): unknown {
  const inner = (member: unknown, name: string): unknown =>
    fillIn(member, env, `${path}/${pointer(name)}`, fromEnvironment, problems);
  if (typeof value === 'string')
    return value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
      fromEnvironment.set(path, value);
      const given = env[name];
      if (given === undefined) problems.push(problem(path, 'not-in-environment', { name }));
      // A shell leaves it at each value of a file with the line ends of Windows. A key with it would match no request.
      else if (given.endsWith('\r')) problems.push(problem(path, 'carriage-return-in-environment', { name }));
      return given ?? whole;
    });
  if (Array.isArray(value)) return value.map((item, at) => inner(item, String(at)));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, inner(member, name)]));
}

/** The codes of problems that show the value at their place, or may only say what was expected of it. */
const QUOTES_VALUE: ReadonlySet<Code> = new Set<Code>(['unexpected', 'expected', 'owned-already', 'got-an-object']);

/** Shows the file's text instead of a value from the environment. */
function withoutSecrets(one: Problem, fromEnvironment: ReadonlyMap<string, string>, env: Environment): Problem {
  const { path, code, args } = one;
  const written = fromEnvironment.get(path);
  if (written === undefined || !QUOTES_VALUE.has(code)) return one;
  const got = received(written);
  const { expected } = args;
  if (expected === undefined) return { path, ...inEnglish({ code, args: { ...args, got } }) };
  const [, name = ''] = /^\$\{(\w+)\}$/.exec(written) ?? [];
  return env[name]?.trim() === ''
    ? problem(path, 'blank-in-environment', { name, expected })
    : problem(path, 'value-of', { got, expected });
}
