import type { PartnerEvent, RecordEvent } from '../day/events.ts';

export type Outcome = 'accepted' | 'duplicate' | 'stale' | 'quarantined' | 'invalid';
export const OUTCOMES: readonly Outcome[] = ['accepted', 'duplicate', 'stale', 'quarantined', 'invalid'];

export type DoorName = 'rest' | 'national-portal' | 'soap' | 'records';
type DossierDoor = Exclude<DoorName, 'records'>;

export interface Acknowledged {
  readonly event: PartnerEvent;
  /** The first acknowledged outcome; repeats do not change it. */
  readonly outcome: Outcome;
  /** Its position in the order of acknowledgements. */
  readonly order: number;
}

/** A state of a record, with its first acknowledged outcome. */
export interface AcknowledgedRecord {
  readonly event: RecordEvent;
  readonly outcome: Outcome;
}

/** The hub's answers to the partners, and nothing else. The checks compare the hub with this book. */
export interface Acknowledgements {
  add(door: DossierDoor, event: PartnerEvent, outcome: Outcome): void;
  addRecord(event: RecordEvent, outcome: Outcome): void;
  /** Records the receipt of a request. */
  receipt(id: string): void;
  /** Records that a request was sent again because no answer came. */
  retried(): void;
  all(): readonly Acknowledged[];
  records(): readonly AcknowledgedRecord[];
  readonly receipts: ReadonlySet<string>;
  readonly counts: Readonly<Record<DoorName, Readonly<Record<Outcome, number>>>>;
  readonly items: number;
  readonly retries: number;
}

export function createAcknowledgements(): Acknowledgements {
  const kept = new Map<number, Acknowledged>();
  const records = new Map<string, AcknowledgedRecord>();
  const none = (): Record<Outcome, number> => ({ accepted: 0, duplicate: 0, stale: 0, quarantined: 0, invalid: 0 });
  const counts = { rest: none(), 'national-portal': none(), soap: none(), records: none() };
  const receipts = new Set<string>();
  let items = 0;
  let retries = 0;
  return {
    add(door, event, outcome) {
      items++;
      counts[door][outcome]++;
      if (!kept.has(event.id)) kept.set(event.id, { event, outcome, order: items });
    },
    addRecord(event, outcome) {
      items++;
      counts.records[outcome]++;
      const name = `${event.kind} ${event.code} ${event.at} ${event.state}`;
      if (!records.has(name)) records.set(name, { event, outcome });
    },
    records: () => [...records.values()],
    receipt: (id) => void receipts.add(id),
    retried: () => void retries++,
    all: () => [...kept.values()],
    receipts,
    counts,
    get items() {
      return items;
    },
    get retries() {
      return retries;
    },
  };
}
