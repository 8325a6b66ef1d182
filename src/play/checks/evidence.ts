import type { Acknowledgements } from '../clients/acknowledgements.ts';
import { type AskHub, getJson } from '../clients/hub-client.ts';
import { atOnce, readAll } from '../clients/reading.ts';
import type { Specials } from '../day/day.ts';
import { askMinistry } from '../participants/civil-status-book.ts';
import type { Step } from '../participants/ministry-desks.ts';
import type { Book, FiledAtName, LAND, Participant } from '../participants/participants.ts';
import type { FILE_OFFICE, ILIS, OPENCPS } from '../participants/parties.ts';
import type { Secrets } from '../stage/hub-file.ts';
import { type Expected, expectedDossiers, type HistoryEntry } from './expectation.ts';
import { stepsOfPayments } from './payment-steps.ts';
import { gatherRecords, type RecordEvidence } from './records.ts';

export interface State {
  readonly code: string;
  readonly status: string;
  readonly statusAt: string;
}

export interface Change extends State {
  readonly cursor: string;
}

/** The status of a dossier, as the ministry reports it by a pull or a callback. */
export interface Standing extends Step {
  readonly ministry: FiledAtName | typeof LAND | typeof FILE_OFFICE | typeof OPENCPS | typeof ILIS | 'driving-licence';
  readonly code: string;
  readonly steps: readonly Step[];
}

/** Everything that the checks compare after the day: the hub's data, the partners' books and the acknowledgements. */
export interface Evidence {
  readonly acknowledgements: Acknowledgements;
  readonly specials: Specials;
  /** The expected content of the hub for pushed dossiers, by code. */
  readonly expected: ReadonlyMap<string, Expected>;
  /** The expected content of the hub for dossiers pulled from ministries. */
  readonly pulled: readonly Standing[];
  readonly listed: readonly State[];
  readonly histories: ReadonlyMap<string, readonly HistoryEntry[]>;
  readonly changes: readonly Change[];
  /** Applicants' names that arrived in an old encoding, as the hub shows them, by code. */
  readonly names: ReadonlyMap<string, string>;
  /** The partners' own books, by the name of the participant. */
  readonly books: ReadonlyMap<string, Book>;
  /** The records beside dossiers, as the hub shows them. */
  readonly records: RecordEvidence;
  /** Facts that only the tables show; absent when the database was not read. */
  readonly tables?: Tables | undefined;
}

export interface Tables {
  readonly receipts: ReadonlySet<string>;
  /** Codes of dossiers with an item that waits for a person. */
  readonly waiting: ReadonlySet<string>;
  readonly changes: { readonly count: number; readonly last: number };
}

export interface Gathering {
  readonly ask: AskHub;
  readonly secrets: Pick<Secrets, 'portal' | 'inspector'>;
  readonly acknowledgements: Acknowledgements;
  readonly specials: Specials;
  readonly participants: readonly Participant[];
  readonly pulled?: readonly Standing[];
  readonly tables?: Tables;
  readonly signal: AbortSignal;
}

export async function gatherEvidence(gathering: Gathering): Promise<Evidence> {
  const { ask, secrets, acknowledgements, specials, participants, pulled = [], tables, signal } = gathering;
  const books = new Map(await Promise.all(participants.map(async (one) => [one.name, await one.book()] as const)));
  const civilStatus = participants.find(({ name }) => name === 'civil-status');
  const expected = expectedDossiers(
    acknowledgements,
    civilStatus ? await askMinistry(civilStatus, specials.atMinistry, signal) : new Map(),
    stepsOfPayments(specials.errands, books.get('payment-platform')),
  );
  const listed = await readAll<State>(ask, secrets.portal, '/api/v1/dossiers?limit=200');
  const changes = await readAll<Change>(ask, secrets.portal, '/api/v1/changes?limit=200');
  const histories = await atOnce(
    listed.filter(({ code }) => expected.has(code)),
    async ({ code }) => [code, await historyOf(ask, secrets.portal, code)] as const,
  );
  const names = await atOnce(specials.repairs, async ({ code }) => {
    const { applicant } = await getJson<{ applicant?: { name?: string } }>(ask, dossierPath(code), secrets.inspector);
    return [code, applicant?.name ?? ''] as const;
  });
  return {
    acknowledgements,
    specials,
    expected,
    pulled,
    listed,
    histories: new Map(histories),
    changes,
    names: new Map(names),
    books,
    records: await gatherRecords(ask, secrets.portal),
    tables,
  };
}

export const dossierPath = (code: string): string => `/api/v1/dossiers/${encodeURIComponent(code)}`;

export async function historyOf(ask: AskHub, key: string, code: string): Promise<readonly HistoryEntry[]> {
  return (await getJson<{ items?: readonly HistoryEntry[] }>(ask, `${dossierPath(code)}/history`, key)).items ?? [];
}
