import type { Dossier } from '#schemas/dossier.upsert.v1';
import { isDayAlone } from '../dates/dates.ts';
import { hasResult } from '../dossier/status.ts';
import { RECEIVED } from './milestones.ts';

/**
 * What a report counts of a dossier beside its times, and which fields of index 766 lack or contradict (QĐ 766/QĐ-TTg).
 * Stored as bits, so a name keeps its place in this list for good.
 */
export const FACTS = [
  /** Its status is resolved or returned. */
  'done',
  /** It has a fee, and not every amount is 0 (3.6). */
  'payable',
  /** Payable, and paid on the national portal or through the province's gateway (3.6). */
  'paidOnline',
  /** A document is digitised, comes from another dossier, or from the national store. */
  'digitised',
  'reused',
  'fromStore',
  /** A national database was used. */
  'database',
  /** Done and online, and its service gives a paper (3.3). */
  'paper',
  /** A result has both the link and the code. */
  'digitalResult',
  'noReceivedAt',
  'noChannel',
  'noResult',
  'noResultLink',
  'noResultCode',
  'noPayment',
  'paymentOfNone',
  'noFeeAmount',
  'noDueAt',
  'dueAtMidnight',
  'noFinishedAt',
  'noDigitised',
  'noFromStore',
  'noDatabase',
] as const;
export type Fact = (typeof FACTS)[number];

/** The facts by which a field costs points, in the order of the items of index 766. */
export const DEFECTS = FACTS.slice(FACTS.indexOf('noReceivedAt')) as readonly Fact[];

/** The bits of these facts together. */
export function bitsOf(facts: readonly Fact[]): number {
  return facts.reduce((bits, fact) => bits | (1 << FACTS.indexOf(fact)), 0);
}

/** The facts of these bits, in the order of FACTS. */
export function factsIn(bits: number): readonly Fact[] {
  return FACTS.filter((_, at) => (bits & (1 << at)) !== 0);
}

/** Whether the facts of a dossier depend on what its service yields. */
export function needsService({ status, channel, results = [] }: FactualDossier): boolean {
  return channel === 'online' && results.length === 0 && hasResult(status);
}

/** What the facts depend on beside the dossier. */
export interface AroundDossier {
  /** Whether the catalogue lists results of its service. */
  readonly yieldsPaper: boolean;
  /** When it ended by rule 766, if it ended late. */
  readonly lateEndAt: string | undefined;
}

/** The members that the facts are read from. `url` of results must be there. */
export type FactualDossier = Pick<
  Dossier,
  | 'status'
  | 'channel'
  | 'receivedAt'
  | 'dueAt'
  | 'finishedAt'
  | 'documents'
  | 'fees'
  | 'onlinePayment'
  | 'results'
  | 'databases'
>;

/** The facts of a dossier as bits. */
export function factsOf(dossier: FactualDossier, around: AroundDossier): number {
  const done = hasResult(dossier.status);
  const facts: Fact[] = [
    ...(done ? (['done'] as const) : []),
    ...paymentFacts(dossier),
    ...documentFacts(dossier),
    ...resultFacts(dossier, around, done),
    ...timeFacts(dossier, around, done),
    ...(dossier.channel === undefined ? (['noChannel'] as const) : []),
  ];
  return bitsOf(facts);
}

/** A fee of an unknown amount is a fee: null is not 0. */
function paymentFacts({ fees = [], onlinePayment }: FactualDossier): readonly Fact[] {
  const amounts = fees.map(({ amountVnd }) => amountVnd);
  if (amounts.every((amount) => amount === 0)) return [];
  const known = amounts.filter((amount) => typeof amount === 'number');
  const isCharged = known.some((amount) => amount > 0);
  return where({
    payable: true,
    // The other values are the gateways: the national portal's and the province's.
    paidOnline: onlinePayment !== undefined && onlinePayment !== 'none' && onlinePayment !== 'offline',
    noPayment: onlinePayment === undefined,
    paymentOfNone: onlinePayment === 'none' && isCharged,
    // Known to be 0, the amount would take the dossier out of the share.
    noFeeAmount: known.length < amounts.length && !isCharged,
  });
}

function documentFacts({ documents = [], databases }: FactualDossier): readonly Fact[] {
  const present = documents.filter(({ deleted }) => !deleted);
  const digitised = present.some((one) => one.digitised);
  const fromStore = present.some((one) => one.fromNationalStore);
  return where({
    digitised,
    fromStore,
    reused: present.some((one) => one.reused),
    database: (databases ?? []).length > 0,
    noDigitised: !digitised && present.some((one) => one.digitised === undefined),
    noFromStore: !fromStore && present.some((one) => one.fromNationalStore === undefined),
    noDatabase: databases === undefined,
  });
}

/** An online dossier counts as online only if its paper has both the link and the code (3.3). */
function resultFacts({ results = [], channel }: FactualDossier, { yieldsPaper }: AroundDossier, done: boolean) {
  const paper = done && channel === 'online' && (yieldsPaper || results.length > 0);
  const digitalResult = results.some(({ url, code }) => url !== undefined && code !== undefined);
  const isLacking = paper && !digitalResult;
  return where({
    paper,
    digitalResult,
    noResult: isLacking && results.length === 0,
    noResultLink: isLacking && results.some(({ url }) => url === undefined),
    noResultCode: isLacking && results.some(({ code }) => code === undefined),
  });
}

function timeFacts({ status, receivedAt, dueAt, finishedAt }: FactualDossier, around: AroundDossier, done: boolean) {
  const { lateEndAt } = around;
  return where({
    noReceivedAt: receivedAt === undefined && RECEIVED.has(status),
    noDueAt: dueAt === undefined,
    // A due date without a time of day: full times are compared (2.1).
    dueAtMidnight:
      lateEndAt !== undefined &&
      dueAt !== undefined &&
      isDayAlone(dueAt) &&
      dueAt.slice(0, 10) === lateEndAt.slice(0, 10),
    noFinishedAt: done && finishedAt === undefined,
  });
}

function where(facts: Readonly<Partial<Record<Fact, boolean>>>): readonly Fact[] {
  return (Object.keys(facts) as Fact[]).filter((fact) => facts[fact]);
}
