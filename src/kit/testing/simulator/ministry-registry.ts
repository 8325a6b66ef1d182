/** A dossier as a simulated ministry holds it, in its own words. */
export interface Held {
  readonly code: string;
  readonly service: string;
  readonly serviceName: string;
  readonly agency: string;
  readonly name: string;
  readonly identity: string;
  readonly phone: string;
  readonly abstract: string;
  readonly fee: string;
  /** As they were told, where it keeps them so. */
  readonly fees?: unknown;
  status: string;
  /** When its status was reached, and when the row was changed here. */
  atMs: number;
  changedMs: number;
  /** Filed by a citizen: the ministry works on it, step by step. */
  readonly filedMs?: number;
}

export interface HeldStep {
  readonly code: string;
  readonly status: string;
  readonly atMs: number;
  readonly changedMs: number;
  readonly actor: string;
  readonly unit: string;
  readonly content: string;
}

/** What a simulated ministry remembers. */
export interface Registry {
  readonly dossiers: Map<string, Held>;
  readonly steps: HeldStep[];
  readonly sessions: Set<string>;
  issued: number;
}

export function createRegistry(): Registry {
  return { dossiers: new Map(), steps: [], sessions: new Set(), issued: 0 };
}

/** The statuses that a filed dossier goes through. */
export interface Course {
  readonly statuses: readonly [string, string, string];
  readonly stepMs: number;
}

const COURSE_WORDS = ['Đã tiếp nhận hồ sơ trực tuyến', 'Đang thẩm định hồ sơ', 'Đã có kết quả giải quyết'] as const;
const OFFICER = 'Hoàng Văn Đức';
const UNIT = 'Bộ phận tiếp nhận và trả kết quả';

/** Let filed dossiers come as far as they are by now. Whole seconds: the ministry writes no fractions. */
export function advance({ dossiers, steps }: Registry, { statuses, stepMs }: Course, nowMs: number): void {
  for (const held of dossiers.values()) {
    if (held.filedMs === undefined) continue;
    for (let next = statuses.indexOf(held.status) + 1; next < statuses.length; next++) {
      const atMs = wholeSecond(held.filedMs + next * stepMs);
      if (atMs > nowMs) break;
      held.status = statuses[next] as string;
      held.atMs = atMs;
      held.changedMs = atMs;
      steps.push(stepOf(held, COURSE_WORDS[next] as string));
    }
  }
}

/** A citizen files a dossier with the ministry itself. */
export function file(
  { dossiers, steps }: Registry,
  given: Omit<Held, 'status' | 'atMs' | 'changedMs'>,
  { statuses }: Course,
  nowMs: number,
): void {
  const atMs = wholeSecond(nowMs);
  const held: Held = { ...given, status: statuses[0], atMs, changedMs: atMs, filedMs: atMs };
  dossiers.set(held.code, held);
  steps.push(stepOf(held, COURSE_WORDS[0]));
}

/** The hub hands a dossier over: from then on the ministry tells of it too. */
export function receive({ dossiers, steps }: Registry, held: Held): void {
  if (!dossiers.has(held.code)) steps.push(stepOf(held, 'Đã nhận hồ sơ từ trục liên thông'));
  dossiers.set(held.code, held);
}

/** Rows changed in a period, the oldest first; its last second belongs to it. */
export function changedIn<T extends { readonly changedMs: number }>(
  rows: Iterable<T>,
  fromMs: number,
  toMs: number,
): readonly T[] {
  return [...rows]
    .filter(({ changedMs }) => changedMs >= fromMs && changedMs < toMs + 1000)
    .sort((a, b) => a.changedMs - b.changedMs);
}

export function pageOf<T>(rows: readonly T[], page: number, size: number): readonly T[] {
  return rows.slice((page - 1) * size, page * size);
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

function stepOf({ code, status, atMs, changedMs }: Held, content: string): HeldStep {
  return { code, status, atMs, changedMs, actor: OFFICER, unit: UNIT, content };
}
