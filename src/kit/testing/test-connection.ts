import { type CodesOf, NO_CODES } from '#core/identifiers/codes';
import type { Connection } from '../connection.ts';
import { createFiles, type FileSource, NO_FILES } from '../files.ts';
import type { WireRecord } from '../http/exchange.ts';
import { createHttp } from '../http/http.ts';
import { createPlaces } from '../places/places.ts';
import { createSessions } from '../session.ts';

/** What a test changes in a party's usual connection. */
export interface TestConnectionOptions {
  /** Merged over the settings, member by member. Null removes a member. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  readonly now?: () => number;
  readonly connectMs?: number;
  readonly totalMs?: number | undefined;
  readonly record?: (wire: WireRecord) => void;
  /** The operators' entries in the code tables. */
  readonly codes?: CodesOf;
  /** Without it the hub has no files. */
  readonly files?: FileSource;
}

export type TestConnection<Settings = unknown> = Connection<Settings> & { close(): void };

/** A party's connection as the hub makes it, with a short time for an answer. A busy machine connects late. */
export function testConnection<Settings extends object>(
  settings: Settings,
  options: TestConnectionOptions = {},
): TestConnection<Settings> {
  const { now = Date.now, connectMs, totalMs = 5_000, record, codes = NO_CODES, files = NO_FILES } = options;
  const merged = Object.entries({ ...settings, ...options.settings }).filter(([, value]) => value !== null);
  const given = Object.fromEntries(merged) as Settings;
  const origins = JSON.stringify(given).match(/https?:\/\/[^/"]+/g) ?? [];
  const http = createHttp({ origins, connectMs, totalMs });
  return {
    party: 'tested',
    settings: given,
    http: record ? http.withRecorder(record) : http,
    places: createPlaces({ timeoutMs: totalMs }),
    sessions: createSessions(now),
    files: createFiles(files),
    codes,
    now,
    close: () => http.close(),
  };
}
