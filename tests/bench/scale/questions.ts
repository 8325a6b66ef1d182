import { DAY_MS, msToInstant } from '#core/dates/dates';
import { fold } from '#core/vietnamese/text';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Province } from './province.ts';
import type { Stories } from './stories.ts';

/** A question of officers, portals and reports, as requests that differ in their values. */
export interface Question {
  readonly name: string;
  readonly paths: readonly string[];
  /** Asked with a key that reads personal data, so the audit records it. */
  readonly personal?: boolean;
  /** Reads the page of this number, or the last one, of each path. */
  readonly page?: number;
}

const VARIANTS = 20;

/** The questions of officers and reports about these dossiers. */
export function questionsAbout(stories: Stories, province: Province, nowMs: number): readonly Question[] {
  const samples = Array.from({ length: VARIANTS }, (_, at) =>
    stories.recordOf(Math.floor(((at + 0.5) * stories.count) / VARIANTS)),
  );
  const make = { samples, province, nowMs };
  return [
    ...pointReads(make),
    ...lists(make),
    ...searches(make),
    ...combinations(make),
    ...statistics(make),
    ...reports(make),
    CHANGES,
  ];
}

interface Making {
  readonly samples: readonly Dossier[];
  readonly province: Province;
  readonly nowMs: number;
}

function pointReads({ samples }: Making): readonly Question[] {
  const one = samples.map(({ code }) => `/api/v1/dossiers/${code}`);
  const history = one.map((path) => `${path}/history`);
  return [
    { name: 'one dossier', paths: one },
    { name: 'one dossier, audited', paths: one, personal: true },
    { name: 'history', paths: history },
    { name: 'history, audited', paths: history, personal: true },
  ];
}

function list(filter: Readonly<Record<string, string>>): string {
  return `/api/v1/dossiers?${new URLSearchParams(filter)}`;
}

function lists({ samples, province: { agencies } }: Making): readonly Question[] {
  const ofAgency = (limit: string): readonly string[] =>
    samples.map((_, at) => list({ agency: agencies[(at * 6) % agencies.length]?.code ?? '', limit }));
  return [
    { name: 'newest', paths: [list({})] },
    { name: 'newest, page 500', paths: [list({})], page: 500 },
    { name: 'newest, audited', paths: [list({})], personal: true },
    { name: 'status `received`', paths: [list({ status: 'received' })] },
    { name: 'status `payment-required`', paths: [list({ status: 'payment-required' })] },
    { name: 'status `resolved`, page 500', paths: [list({ status: 'resolved' })], page: 500 },
    { name: 'overdue', paths: [list({ due: 'overdue' })] },
    { name: 'agency', paths: ofAgency('50') },
    { name: 'agency, page of 200', paths: ofAgency('200') },
    { name: 'agency, page 500', paths: ofAgency('50').slice(0, 4), page: 500 },
    {
      name: 'period only',
      paths: samples.map(({ receivedAt = '' }, at) => {
        const day = receivedAt.slice(0, 10);
        return list([{ receivedFrom: day }, { receivedTo: day }, { receivedFrom: day, receivedTo: day }][at % 3] ?? {});
      }),
    },
    { name: 'service', paths: samples.map(({ serviceCode }) => list({ service: serviceCode })) },
    { name: 'field', paths: samples.map(({ fieldCode = '' }) => list({ field: fieldCode })) },
  ];
}

function searches({ samples }: Making): readonly Question[] {
  const names = samples.map(({ applicant }) => applicant?.name ?? '');
  const lastTwo = (name: string): string => name.split(' ').slice(-2).join(' ');
  const q = (texts: readonly string[]): readonly string[] => texts.map((text) => list({ q: text }));
  return [
    { name: '`q`: code', paths: q(samples.map(({ code }) => code)) },
    { name: '`q`: tail of a code', paths: q(samples.map(({ code }) => code.slice(code.lastIndexOf('-') + 1))) },
    { name: '`q`: full name', paths: q(names) },
    { name: '`q`: full name without marks', paths: q(names.map(fold)) },
    { name: '`q`: full name, page 500', paths: q(names.slice(0, 4)), page: 500 },
    { name: '`q`: two last words', paths: q(names.map(lastTwo)) },
    { name: '`q`: beginning of a name', paths: q(names.map((name) => name.slice(0, -1))) },
    { name: '`q`: last word as a letter', paths: q(names.map((name) => name.replace(/(?<= \S)\S+$/, ''))) },
    { name: '`q`: family name', paths: q(names.map((name) => name.split(' ')[0] ?? '')) },
    { name: '`q`: full name, audited', paths: q(names), personal: true },
  ];
}

function combinations({ samples, province: { agencies }, nowMs }: Making): readonly Question[] {
  const with_ = (make: (one: Dossier, at: number) => Readonly<Record<string, string>>): readonly string[] =>
    samples.map((one, at) => list(make(one, at)));
  const agency = (at: number): string => agencies[(at * 6) % agencies.length]?.code ?? '';
  const name = ({ applicant }: Dossier): string => applicant?.name ?? '';
  return [
    { name: '`q` and agency', paths: with_((one) => ({ q: name(one), agency: one.agencyCode })) },
    { name: '`q` and another agency', paths: with_((one, at) => ({ q: name(one), agency: agency(at) })) },
    { name: '`q` and status', paths: with_((one) => ({ q: name(one), status: 'processing,supplement-required' })) },
    { name: 'overdue and agency', paths: with_((_, at) => ({ due: 'overdue', agency: agency(at) })) },
    {
      name: 'service, status and period',
      paths: with_(({ serviceCode }, at) => ({
        ...{ service: serviceCode, status: 'resolved' },
        receivedFrom: dayBefore(nowMs, 60 + at * 30),
        receivedTo: dayBefore(nowMs, 30 + at * 30),
      })),
    },
    {
      name: 'status and half a year',
      paths: with_((_, at) => ({
        ...{ status: 'resolved', receivedFrom: dayBefore(nowMs, 600 - at * 5) },
        receivedTo: dayBefore(nowMs, 420 - at * 5),
      })),
    },
    {
      name: 'agency, channel and status',
      paths: with_((_, at) => ({ agency: agency(at), channel: 'post', status: 'resolved,returned' })),
    },
    {
      name: 'agency, field and quarter',
      paths: with_(({ fieldCode = '' }, at) => ({
        ...{ agency: agency(at), field: fieldCode },
        receivedFrom: dayBefore(nowMs, 400),
        receivedTo: dayBefore(nowMs, 310),
      })),
    },
  ];
}

function statistics({ samples, province: { agencies }, nowMs }: Making): readonly Question[] {
  const report = (query: Readonly<Record<string, string>>): string =>
    `/api/v1/statistics?${new URLSearchParams(query)}`;
  const year = { from: dayBefore(nowMs, 365), to: dayBefore(nowMs, 0) };
  const quarter = { from: dayBefore(nowMs, 190), to: dayBefore(nowMs, 100) };
  const behind = (query: Readonly<Record<string, string>>): string =>
    `/api/v1/statistics/dossiers?${new URLSearchParams(query)}`;
  return [
    { name: 'statistics: a quarter by agency', paths: [report({ ...quarter, by: 'agency' })] },
    { name: 'statistics: a year by field', paths: [report({ ...year, by: 'field' })] },
    { name: 'statistics: a year by service', paths: [report({ ...year, by: 'service' })] },
    {
      name: 'statistics: 24 months by month',
      paths: [report({ from: dayBefore(nowMs, 729), to: dayBefore(nowMs, 0), by: 'month' })],
    },
    {
      name: 'statistics: an agency by service',
      paths: samples.map(({ agencyCode }) => report({ ...year, agency: agencyCode, by: 'service' })),
    },
    {
      name: 'statistics: a field by agency',
      paths: samples.map(({ fieldCode = '' }) => report({ ...year, field: fieldCode, by: 'agency' })),
    },
    { name: 'behind a number: pending late', paths: [behind({ ...quarter, column: 'pending.late' })] },
    {
      name: 'behind a number: resolved late of a service',
      paths: samples.map(({ serviceCode }) =>
        behind({ ...year, by: 'service', column: 'resolved.late', key: serviceCode }),
      ),
    },
    {
      name: 'behind a number: received by an agency',
      paths: agencies.slice(0, 20).map(({ code }) => behind({ ...year, column: 'received.online', key: code })),
    },
  ];
}

/** Of last year and of one of its quarters, which has an eighth of all dossiers. */
function reports({ nowMs }: Making): readonly Question[] {
  const period = String(Number(dayBefore(nowMs, 0).slice(0, 4)) - 1);
  const path = (name: string, query: Readonly<Record<string, string>> = {}): string =>
    `/api/v1/reports/${name}?${new URLSearchParams({ period, ...query })}`;
  return [
    { name: 'report: online services of a year', paths: [path('online-services')] },
    {
      name: 'report: missing fields of a quarter, first page',
      paths: [path('fields', { period: `${period}-Q3`, lines: '50' })],
    },
    {
      name: 'behind a report: with online results',
      paths: ['online', 'digitised'].map((column) => path('online-services/records', { column })),
    },
  ];
}

const CHANGES: Question = { name: 'changes, page of 200', paths: ['/api/v1/changes?limit=200'] };

function dayBefore(nowMs: number, days: number): string {
  return msToInstant(nowMs - days * DAY_MS).slice(0, 10);
}
