import { type Debugger, Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';
import { ROOT } from './documents.ts';

/** The functions of our files that were called. */
export interface Calls {
  /** Files from the root, each with the names of its called functions. */
  readonly functions: ReadonlyMap<string, ReadonlySet<string>>;
  /** The calls of the watched functions in order, as `file function`. */
  readonly order: readonly string[];
}

/**
 * Runs `run` twice, first to let V8 find the watched functions, and records the calls of the second run.
 *
 * @param watched functions as `file function`
 */
export async function callsOf(watched: ReadonlySet<string>, run: () => Promise<void>): Promise<Calls> {
  const session = new Session();
  session.connect();
  const urls = new Map<string, string>();
  session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => urls.set(scriptId, url));
  const order: string[] = [];
  Object.assign(globalThis, { noteCall: (name: string) => void order.push(name) });
  try {
    await session.post('Debugger.enable');
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    await run();
    const known = await called(session);
    for (const one of known) if (watched.has(nameOf(one))) await noteCalls(session, one);
    order.length = 0;
    await run();
    const functions = new Map<string, Set<string>>();
    for (const { file, name } of await called(session))
      functions.set(file, (functions.get(file) ?? new Set()).add(name));
    return { functions, order: [...order] };
  } finally {
    session.disconnect();
    Object.assign(globalThis, { noteCall: undefined });
  }
}

interface CalledFunction {
  readonly file: string;
  readonly name: string;
  readonly scriptId: string;
  /** Offsets in the script. */
  readonly start: number;
  readonly end: number;
}

const nameOf = ({ file, name }: CalledFunction): string => `${file} ${name}`;

/** The functions of our files that were called since the last time. */
async function called(session: Session): Promise<readonly CalledFunction[]> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  return result.flatMap(({ scriptId, url, functions }) => {
    const file = fileOf(url);
    if (file === undefined) return [];
    return functions.flatMap(({ functionName: name, ranges: [range] }) =>
      range && range.count > 0 ? [{ file, name, scriptId, start: range.startOffset, end: range.endOffset }] : [],
    );
  });
}

function fileOf(url: string): string | undefined {
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  return path.startsWith(`${ROOT}/`) && !path.includes('/node_modules/') ? path.slice(ROOT.length + 1) : undefined;
}

/** A breakpoint whose condition notes the call and never holds. */
async function noteCalls(session: Session, one: CalledFunction): Promise<void> {
  const { scriptSource } = await session.post('Debugger.getScriptSource', { scriptId: one.scriptId });
  const placeOf = (offset: number): Debugger.Location => {
    const before = scriptSource.slice(0, offset).split('\n');
    return { scriptId: one.scriptId, lineNumber: before.length - 1, columnNumber: before.at(-1)?.length ?? 0 };
  };
  const range = { start: placeOf(one.start), end: placeOf(one.end), restrictToFunction: true };
  const { locations } = await session.post('Debugger.getPossibleBreakpoints', range);
  const [location] = locations;
  if (!location) throw new Error(`no place for a breakpoint in ${nameOf(one)}`);
  const condition = `noteCall(${JSON.stringify(nameOf(one))})`;
  await session.post('Debugger.setBreakpoint', { location, condition });
}
