/** A dossier of a simulated ministry, in its own terms. */
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
  /** As received, if the ministry keeps them. */
  readonly fees?: unknown;
  status: string;
  /** When its status was reached, and when the row changed here. */
  atMs: number;
  changedMs: number;
  /** When a citizen filed it. The ministry then processes it step by step. */
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

/** The memory of a simulated ministry. */
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

/** Advances filed dossiers to the present time, in whole seconds, because the ministry writes no fractions. */
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

/** A citizen files a dossier with the ministry. */
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

/** The ministry receives a dossier from the hub. From then on it reports its steps too. */
export function receive({ dossiers, steps }: Registry, held: Held): void {
  if (!dossiers.has(held.code)) steps.push(stepOf(held, 'Đã nhận hồ sơ từ trục liên thông'));
  dossiers.set(held.code, held);
}

/** Rows that changed in a period, oldest first. The last second belongs to the period. */
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
