import type { Context } from 'hono';
import type { AssetName } from '../assets.ts';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import type { Api } from './api.ts';
import type { OwnKey } from './records.ts';
import type { Unsent } from './unsent.ts';

export type Scope = 'ops:read' | 'ops:body' | 'ops:replay' | 'ops:configure' | 'ops:erase' | 'index:personal';

/** A request of a signed-in officer. */
export interface Visit {
  readonly c: Context;
  readonly say: Say;
  readonly key: OwnKey;
  readonly api: Api;
  readonly nowMs: number;
  /** The names of the configured parties by their ids. */
  readonly titles: ReadonlyMap<string, string>;
  /** The officers' name of a question to a register. Undefined if the configuration does not have it. */
  readonly questionOf: (party: string, question: string) => string | undefined;
  /** The one-letter keys act, and stand beside what they do. */
  readonly hasShortcuts: boolean;
  /** The order that led here and was not carried out. */
  readonly unsent: Unsent | undefined;
  /** In every form, against requests from other sites. */
  readonly token: string;
}

export interface Screen {
  readonly title: string;
  readonly body: Html;
  readonly status?: 200 | 400 | 403 | 404 | 408 | 409 | 429 | 500 | 503;
  /** The page reloads itself after this number of seconds. With a script only where scripts do not run. */
  readonly reloadS?: number | undefined;
  /** Scripts of this page. It works without them. */
  readonly assets?: readonly AssetName[];
}

/** The name of a party. Its id where the configuration does not have it. */
export function titleOf({ titles }: Pick<Visit, 'titles'>, party: string): string {
  return titles.get(party) ?? party;
}

export function may({ key }: Visit, scope: Scope): boolean {
  return key.scopes.includes(scope);
}
