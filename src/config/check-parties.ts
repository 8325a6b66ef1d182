import { pointer } from '#core/explain';
import { listed, type Problem, problem } from '#core/problem';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { OPERATIONS } from '#schemas/operations';
import { list, members, scheduleProblems } from './check-hub-file.ts';

/** The adapters of this installation by name; the settings must fit them. */
export type KnownAdapters = ReadonlyMap<
  string,
  {
    readonly manifest: { readonly sends: readonly string[]; readonly pulls: readonly string[] };
    readonly adapter: {
      readonly reconcile?: unknown;
      readonly pull?: Readonly<Record<string, { readonly schedule: string }>>;
      readonly sendAny?: unknown;
      offers?(settings: unknown): { readonly sends: readonly string[]; readonly pulls: readonly string[] };
    };
    /** The problems of a party's settings. */
    settingsProblems(settings: unknown): readonly Problem[];
  }
>;

/**
 * Checks parties and routes against the adapters: names, settings, pulls with the adapters' schedules, look-ups, and the
 * operations that a route's parties accept. Works on a file of any shape, so that it reports all problems at once.
 */
export function adapterProblems(file: unknown, adapters: KnownAdapters): readonly Problem[] {
  const { parties, routes } = members(file);
  return [
    ...Object.entries(members(parties)).flatMap(([id, entry]) => partyProblems(id, entry, adapters)),
    ...list(routes).flatMap((route, at) => routeProblems(route, `/routes/${at}`, members(parties), adapters)),
  ];
}

function partyProblems(id: string, entry: unknown, adapters: KnownAdapters): readonly Problem[] {
  const { adapter: name, settings = {}, pull, reconcile = false } = members(entry);
  const path = `/parties/${pointer(id)}`;
  const adapter = adapters.get(String(name));
  if (!adapter)
    return typeof name === 'string'
      ? [
          problem(`${path}/adapter`, 'unexpected', {
            got: received(name),
            expected: say('one-of-adapters', { list: listed(adapters.keys()) }),
          }),
        ]
      : [];
  const ofSettings = adapter.settingsProblems(settings).map((one) => ({ ...one, path: `${path}/settings${one.path}` }));
  const { pulls } = ofSettings.length > 0 ? adapter.manifest : offersOf(adapter, settings);
  const ofPulls = Object.keys(members(pull))
    .filter((pulled) => !pulls.includes(pulled))
    .map((pulled) => {
      const expected = say('one-of-pulls', { name: String(name), list: listed(pulls) });
      return problem(`${path}/pull/${pointer(pulled)}`, 'unexpected-name', { got: received(pulled), expected });
    });
  const ofSchedules = pulls
    .filter((pulled) => !Object.hasOwn(members(pull), pulled))
    .flatMap((pulled) =>
      scheduleProblems(`${path}/pull/${pointer(pulled)}`, adapter.adapter.pull?.[pulled]?.schedule, '*/15 * * * *'),
    );
  const ofReconcile =
    reconcile === false || adapter.adapter.reconcile
      ? []
      : [problem(`${path}/reconcile`, 'no-look-up-offered', { name: String(name) })];
  return [...ofSettings, ...ofPulls, ...ofSchedules, ...ofReconcile];
}

/** Reports an unknown operation once, otherwise each party that does not accept it. */
function routeProblems(
  route: unknown,
  path: string,
  parties: Readonly<Record<string, unknown>>,
  adapters: KnownAdapters,
): readonly Problem[] {
  const { operation, to } = members(route);
  if (typeof operation !== 'string') return [];
  const known = new Set([
    ...Object.keys(OPERATIONS),
    ...[...adapters.values()].flatMap(({ manifest }) => manifest.sends),
  ]);
  if (!known.has(operation))
    return [
      problem(`${path}/operation`, 'unexpected', {
        got: received(operation),
        expected: say('one-of-operations', { list: listed(known) }),
      }),
    ];
  return list(to).flatMap((party, at) => {
    const { adapter: name, settings = {} } = Object.hasOwn(parties, String(party))
      ? members(parties[String(party)])
      : {};
    const adapter = adapters.get(String(name));
    if (!adapter) return [];
    // Settings that are wrong are reported where they stand.
    const isSound = adapter.settingsProblems(settings).length === 0;
    const offered = isSound ? offersOf(adapter, settings).sends : adapter.manifest.sends;
    if (offered.includes(operation) || adapter.adapter.sendAny !== undefined) return [];
    const sends = offered.length > 0 ? offered : [say('nothing')];
    const takes = adapter.manifest.sends.includes(operation) ? [say('by-its-settings', { list: sends })] : sends;
    const expected = say('party-that-takes', { operation, list: takes });
    return [problem(`${path}/to/${at}`, 'unexpected', { got: received(party), expected })];
  });
}

type KnownAdapter = KnownAdapters extends ReadonlyMap<string, infer A> ? A : never;

/** What a party with these settings sends and pulls. Only for settings without a problem. */
function offersOf(
  { manifest, adapter }: KnownAdapter,
  settings: unknown,
): Pick<KnownAdapter['manifest'], 'sends' | 'pulls'> {
  return adapter.offers?.(settings) ?? manifest;
}
