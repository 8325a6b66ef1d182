import type { Item } from '#core/dossier/item';
import { doorKey } from '#core/identifiers/door';
import { problem } from '#core/problem';
import { say, type Words, wordsOf } from '#messages/message';
import type { Callback, CallbackRequest, StoringCallback } from '../../../kit/callback.ts';
import type { Party } from '../../../parties/party.ts';
import type { AppContext } from '../../app-context.ts';
import { Refusal } from '../../problem.ts';
import type { DoorContext } from '../door.ts';

export type CallbackDoorContext = DoorContext & Pick<AppContext, 'codes' | 'telemetry' | 'guessLimit' | 'files'>;

/** A callback that a party supports. */
export interface Found {
  readonly party: Party;
  readonly name: string;
  readonly callback: Callback<unknown>;
}

/** A callback, and the key at the end of its address. */
export interface Addressed extends Found {
  readonly key?: string | undefined;
}

export interface FoundStoring extends Found {
  readonly callback: StoringCallback<unknown>;
}

/** The limit of items in one callback. */
export const MAX_ITEMS = 1_000;

/** The door under which messages of this callback are stored. */
export const doorOf = (name: string): string => doorKey({ kind: 'callback', name });

/**
 * The callback at an address. The name comes from outside, so only the adapter's own members count as callbacks.
 *
 * @param segments one or two: of a name, or a name and the key of a callback that has it there
 */
export function findCallback(
  { parties }: Pick<DoorContext, 'parties'>,
  id: string,
  segments: readonly string[],
): Addressed | undefined {
  const party = parties.get(id);
  if (!party) return undefined;
  const { callbacks = {} } = party.adapter;
  const named = (name: string): Found | undefined => {
    const callback = Object.hasOwn(callbacks, name) ? callbacks[name] : undefined;
    return callback && callback.isOn?.(party.settings) !== false ? { party, name, callback } : undefined;
  };
  const [first = '', key] = segments;
  const withKey = named(first);
  if (withKey?.callback.hasKeyInPath) return { ...withKey, key };
  return named(segments.join('/'));
}

/** Why the request is not from the partner, as the adapter says. Undefined when it is. */
export function whyNotFrom(
  hub: CallbackDoorContext,
  { party, name, callback }: Found,
  request: CallbackRequest,
): Words | undefined {
  try {
    const why = callback.check(request, party.settings);
    return why === undefined ? undefined : wordsOf(why);
  } catch (error) {
    hub.telemetry.failed(`callback ${name} of ${party.id}`, withoutWords(error));
    return say('sender-not-checked');
  }
}

/**
 * Reads the items of a body with the party's code tables.
 *
 * If the adapter throws, the body is stored as invalid, so that a corrected adapter can read it, and the log
 * gets an error.
 *
 * @throws Refusal 413 for more than 1,000 items
 */
export function readItems(
  hub: CallbackDoorContext,
  { party, name, callback }: FoundStoring,
  body: Buffer,
  nowMs: number,
): readonly Item[] {
  let items: readonly Item[];
  try {
    items = callback.read(body, party.settings, party.codes.at(nowMs));
  } catch (error) {
    hub.telemetry.failed(`callback ${name} of ${party.id}`, withoutWords(error));
    return [{ kind: 'invalid', problems: [problem('', 'body-unreadable')] }];
  }
  if (items.length > MAX_ITEMS)
    throw new Refusal('too-many', say('too-many-items', { count: items.length, most: MAX_ITEMS }));
  return items;
}

/** Removes the message: errors may quote personal data. The stack shows where they come from. */
function withoutWords(thrown: unknown): Error {
  const { name = 'Error', message = '', stack = '' } = thrown instanceof Error ? thrown : {};
  const error = new Error(`${name} in the sent body`);
  error.stack = stack.slice(stack.indexOf(message) + message.length);
  return error;
}
