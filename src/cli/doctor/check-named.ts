import type { HubFile } from '../../config/config.ts';
import type { LoadedAdapter } from '../../parties/load-adapters.ts';
import { trialParty } from '../adapter/trial-party.ts';
import { type Finding, findingsOf } from './finding.ts';

const finding = findingsOf('partners');
const ADVICE =
  'correct the settings, or get the file there; a relative path begins where the hub starts. lienthong adapter inspect shows a WSDL';

/** Checks what the parties' settings name elsewhere, such as the operations of a WSDL. */
export async function checkNamed(
  { parties = {} }: HubFile,
  adapters: ReadonlyMap<string, LoadedAdapter>,
): Promise<readonly Finding[]> {
  const found = await Promise.all(
    Object.entries(parties).map(async ([id, entry]) => {
      const loaded = adapters.get(entry.adapter) as LoadedAdapter;
      const { examine } = loaded.adapter;
      if (!examine) return [];
      const party = trialParty(id, entry, loaded);
      try {
        const problems = await examine(party.connect());
        if (problems.length === 0) return [finding('ok', `${id}: its settings fit the documents that they name`)];
        return problems.map((one) => finding('fail', `${id}: ${one}`, ADVICE));
      } finally {
        party.close();
      }
    }),
  );
  return found.flat();
}
