import type { Connection } from '#kit';
import { type Filled, whyNotCalled } from '#ministry';
import { argumentsOf } from './arguments.ts';
import { type Settings, serviceOf } from './settings.ts';

type Request = Filled['record'];
type Fields = NonNullable<Settings['session']>['request'];

/** A question of the settings, and where it stands there. */
interface Asked {
  readonly place: string;
  readonly operation: string;
  readonly service?: string | undefined;
  readonly request: Fields;
}

/** Compares every question of the settings with its WSDL: the operation, and the names in the request. */
export async function examine(connection: Connection<Settings>): Promise<readonly string[]> {
  const { settings } = connection;
  const { session, pull, push, ask } = settings;
  const checked = await Promise.all(
    questionsIn({ session, pull, push, ask }, '').map(async ({ place, operation, service, request }) => {
      const args = argumentsOf(membersOf(request));
      return { place, why: await whyNotCalled(connection, serviceOf(settings, service), { operation, args }) };
    }),
  );
  const places = new Map<string, string[]>();
  for (const { place, why } of checked) if (why !== undefined) places.set(why, [...(places.get(why) ?? []), place]);
  return [...places].map(([why, at]) => `${at.join(', ')}: ${why}`);
}

function questionsIn(node: unknown, place: string): readonly Asked[] {
  if (typeof node !== 'object' || node === null) return [];
  const { operation, service, request } = node as Partial<Asked>;
  const own = typeof operation === 'string' && request ? [{ place, operation, service, request }] : [];
  return [...own, ...Object.entries(node).flatMap(([name, inner]) => questionsIn(inner, `${place}/${name}`))];
}

/** Every member that a request may have, with an empty text. */
function membersOf(request: Fields): Request {
  const record: Request = {};
  for (const [target, field] of Object.entries(request)) {
    const hasEntries = typeof field === 'object' && field.each !== undefined && field.fields;
    const names = target.split('.');
    const last = names.pop() as string;
    let around = record;
    for (const name of names) {
      around[name] ??= {};
      around = around[name] as Request;
    }
    around[last] = hasEntries ? [membersOf(field.fields as Fields)] : '';
  }
  return record;
}
