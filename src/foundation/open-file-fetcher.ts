import { say } from '#messages/message';
import { createFileFetcher, type FileFetcher } from '../files/fetch-files.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';

const INCIDENT = 'file-fetch';

/** Fetches files from partners. Undefined if the settings name no addresses for it. */
export function openFileFetcher(
  { database, vault, nowMs, files, alerts, telemetry }: Omit<HubContext, 'fileFetcher'>,
  parties: ReadonlyMap<string, Party>,
  retryDelaysMs: readonly number[],
): FileFetcher | undefined {
  const from = new Map([...parties.values()].flatMap(({ id, filesFrom }) => (filesFrom ? [[id, filesFrom]] : [])));
  if (!files || from.size === 0) return undefined;
  return createFileFetcher({
    database,
    vault,
    nowMs,
    files,
    from,
    retryDelaysMs,
    onFailed: (party, code, why) => alerts.open(party, INCIDENT, say('file-not-fetched', { code, why })),
    onWell: (party) => alerts.close(party, [INCIDENT]),
    onBug: (error) => telemetry.failed('fetch a file', error),
  });
}
