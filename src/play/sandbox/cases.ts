import type { SeenPush } from './door.ts';

/** One thing that a connected system has to do right. */
export interface Case {
  readonly id: string;
  readonly vi: string;
  readonly en: string;
  /** `open`: the system has not been in this situation yet. */
  readonly state: 'passed' | 'failed' | 'open';
  /** The code of the dossier that showed it. */
  readonly example?: string | undefined;
}

/** What the hub knows of its work with a party, from the operators' interface. */
export interface PartyWork {
  /** Its newest deliveries, and those that it refused. */
  readonly deliveries: readonly { readonly operation: string; readonly state: string; readonly code: string }[];
  /** The outcomes of its messages by callback and pull. */
  readonly reported: readonly string[];
}

type Judged = Pick<Case, 'state' | 'example'>;
const OPEN: Judged = { state: 'open' };

/** What a system showed that pushes to the hub. */
export function pushingCases(pushes: readonly SeenPush[]): readonly Case[] {
  const items = pushes.flatMap(({ items }) => items);
  return [
    {
      id: 'accepted',
      vi: 'Gửi một bản ghi và trục tiếp nhận',
      en: 'pushes a record, and the hub accepts it',
      ...found(items.find(({ outcome }) => outcome === 'accepted')),
    },
    {
      id: 'corrects',
      vi: 'Sửa bản ghi không hợp lệ rồi gửi lại',
      en: 'corrects an invalid record and pushes it again',
      ...corrects(pushes),
    },
    {
      id: 'retries',
      vi: 'Gửi lại đúng nội dung khi không nhận được trả lời',
      en: 'pushes the same content again after a lost answer',
      ...retries(pushes),
    },
    {
      id: 'waits',
      vi: 'Chờ đủ thời gian Retry-After khi trục bận',
      en: 'waits as long as Retry-After says while the hub is busy',
      ...waits(pushes),
    },
    {
      id: 'leaves-quarantined',
      vi: 'Không gửi lại bản ghi đang chờ xử lý',
      en: 'does not push a quarantined record again',
      ...leavesQuarantined(pushes),
    },
  ];
}

/** What a system showed to which the hub delivers, or that reports by callback or pull. */
export function receivingCases({ deliveries, reported }: PartyWork): readonly Case[] {
  const delivered = (operation: string): Judged =>
    found(deliveries.find((one) => one.operation === operation && one.state === 'delivered'));
  return [
    {
      id: 'takes-dossiers',
      vi: 'Nhận hồ sơ từ trục',
      en: 'takes a dossier from the hub',
      ...delivered('dossier.upsert.v1'),
    },
    {
      id: 'takes-steps',
      vi: 'Nhận tiến độ xử lý từ trục',
      en: 'takes a step from the hub',
      ...delivered('dossier.progress.v1'),
    },
    {
      id: 'refuses-nothing',
      vi: 'Không từ chối lượt chuyển nào',
      en: 'refuses no delivery',
      ...refusesNothing(deliveries),
    },
    {
      id: 'reports-back',
      vi: 'Báo kết quả về trục',
      en: 'reports back to the hub',
      state: reported.includes('accepted') ? 'passed' : 'open',
    },
  ];
}

function found(example: { readonly code: string | undefined } | undefined): Judged {
  return example ? { state: 'passed', example: example.code } : OPEN;
}

function refusesNothing(deliveries: PartyWork['deliveries']): Judged {
  const refused = deliveries.find(({ state }) => state === 'refused' || state === 'parked');
  if (refused) return { state: 'failed', example: refused.code };
  return deliveries.length > 0 ? { state: 'passed' } : OPEN;
}

function corrects(pushes: readonly SeenPush[]): Judged {
  const items = pushes.flatMap(({ items }) => items);
  const wrong = items.findIndex(({ code, outcome }) => outcome === 'invalid' && code !== undefined);
  const { code } = items[wrong] ?? {};
  if (code === undefined) return OPEN;
  const isCorrected = items.slice(wrong).some((item) => item.code === code && item.outcome === 'accepted');
  return { state: isCorrected ? 'passed' : 'failed', example: code };
}

function retries(pushes: readonly SeenPush[]): Judged {
  const lost = pushes.filter(({ status }) => status === undefined);
  if (lost.length === 0) return OPEN;
  // The newest may still be on its way.
  const forgotten = lost
    .slice(0, -1)
    .find(({ hash, atMs }) => !pushes.some((push) => push.hash === hash && push.atMs > atMs));
  const answered = pushes.find(
    ({ hash, status, atMs }) =>
      status !== undefined && status < 500 && lost.some((push) => push.hash === hash && push.atMs < atMs),
  );
  if (forgotten) return { state: 'failed', example: forgotten.items[0]?.code };
  return answered ? { state: 'passed', example: answered.items[0]?.code } : OPEN;
}

/** Clocks and networks differ by this much. */
const TOLERANCE_MS = 200;

function waits(pushes: readonly SeenPush[]): Judged {
  const asked = pushes.filter(({ retryAfterS }) => retryAfterS !== undefined);
  const next = asked.flatMap((push) => {
    const after = pushes.find(({ hash, atMs }) => hash === push.hash && atMs > push.atMs);
    return after ? [after.atMs - push.atMs + TOLERANCE_MS >= (push.retryAfterS ?? 0) * 1000] : [];
  });
  if (next.length === 0) return OPEN;
  return { state: next.every(Boolean) ? 'passed' : 'failed' };
}

function leavesQuarantined(pushes: readonly SeenPush[]): Judged {
  const kept = pushes.filter(({ items, status }) => status !== undefined && isQuarantined(items));
  if (kept.length === 0) return OPEN;
  const repeated = kept.find(({ hash, atMs }) => pushes.some((push) => push.hash === hash && push.atMs > atMs));
  return { state: repeated ? 'failed' : 'passed', example: (repeated ?? kept[0])?.items[0]?.code };
}

/** A repeat of other items is allowed. */
function isQuarantined(items: SeenPush['items']): boolean {
  return items.length > 0 && items.every(({ outcome }) => outcome === 'quarantined');
}
