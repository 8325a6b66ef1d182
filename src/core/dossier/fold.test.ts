import { describe, expect, test } from 'vitest';
import { type Dossier, STATUSES, type Status } from '#schemas/dossier.upsert.v1';
import type { DossierEvent } from './event.ts';
import { inEventOrder } from './event-order.ts';
import { fold, foldWith, step } from './fold.ts';
import type { DossierView, Step } from './state.ts';
import { mayFollow, progressOf } from './status.ts';

const TERMINAL: readonly Status[] = ['refused', 'withdrawn', 'returned'];
const PAIRS = STATUSES.flatMap((from) => STATUSES.map((to) => [from, to] as const)).filter(([from, to]) => from !== to);

describe('events count in the order of the source’s time', () => {
  test('every order of five events gives the same dossier', () => {
    const events = [
      dossier('submitted', 8, { note: 'Một' }),
      progress('received', 9),
      dossier('processing', 10, { note: 'Hai', abstract: 'Cấp phép' }),
      progress('supplement-required', 11),
      dossier('processing', 12, { note: 'Ba' }),
    ];
    const told = fold(events);
    expect(told).toMatchObject({
      status: 'processing',
      statusAt: at(12),
      record: { note: 'Ba', abstract: 'Cấp phép' },
    });
    for (const order of permutations(events)) {
      expect(fold(order)).toEqual(told);
      const [one, ...others] = order as [DossierEvent, ...DossierEvent[]];
      expect(foldWith(others, one).view).toEqual(told);
    }
  });

  test('an older event does not move the status', () => {
    expect(statusOf(dossier('resolved', 12), progress('processing', 10))).toBe('resolved');
    expect(statusOf(progress('processing', 10), dossier('resolved', 12))).toBe('resolved');
  });

  test('a fraction of a second is later than the whole second', () => {
    const whole = { ...dossier('received', 8), at: '2025-08-12T08:00:00+07:00' };
    const later = { ...progress('processing', 8), at: '2025-08-12T08:00:00.001+07:00' };
    expect(inEventOrder(whole, later)).toBeLessThan(0);
    expect(fold([later, whole])).toMatchObject({ status: 'processing', statusAt: later.at });
  });

  test('a dossier begins with its first complete record; earlier steps are history only', () => {
    expect(fold([progress('received', 8), progress('processing', 9)])).toBeUndefined();
    expect(fold([])).toBeUndefined();
    expect(fold([progress('returned', 8), dossier('received', 9)])).toMatchObject({ status: 'received' });
  });

  test('a dossier of records far ahead begins with the first that no other corrected', () => {
    const ahead = {
      ...dossier('received', 8, { note: 'Đọc sai' }),
      at: '2052-08-12T08:00:00+07:00',
      recordedAt: at(8),
    };
    const corrected = { ...ahead, seq: 2, record: { ...ahead.record, note: 'Đọc đúng' } as Dossier };
    expect(fold([{ ...ahead, correctedBy: 2 }, corrected])).toMatchObject({ record: { note: 'Đọc đúng' } });
  });

  test('the record has the status and time of the view', () => {
    for (const [from, to] of PAIRS)
      for (const authoritative of [true, false]) {
        const view = fold([dossier(from, 8), { ...dossier(to, 9), authoritative }]) as DossierView;
        expect(view.record).toMatchObject({ status: view.status, statusAt: view.statusAt });
      }
  });
});

describe('the same status again', () => {
  test('at the same time changes nothing and is no anomaly', () => {
    const [first, again] = [dossier('received', 8), progress('received', 8)];
    const view = fold([first]);
    expect(step(view, again)).toEqual({ view, moved: false });
  });

  test('at a later time moves the time of the status', () => {
    expect(step(fold([dossier('processing', 8)]), progress('processing', 9))).toMatchObject({
      moved: false,
      view: { status: 'processing', statusAt: at(9) },
    });
  });
});

describe('two statuses at the same time: the further one wins, and it is flagged', () => {
  test.each(PAIRS)('%s and %s', (one, other) => {
    const further = progressOf(one) > progressOf(other) ? one : other;
    for (const authoritative of [true, false]) {
      const events = [dossier(one, 8), { ...dossier(other, 8), authoritative }];
      expect(statusOf(...events)).toBe(further);
      expect(statusOf(...events.reverse())).toBe(further);
      expect(stepsOf(...events).at(-1)).toMatchObject({ moved: true, anomaly: 'same-time' });
    }
  });
});

describe('a transition', () => {
  const allowed = PAIRS.filter(([from, to]) => mayFollow(from, to));
  const others = PAIRS.filter(([from, to]) => !mayFollow(from, to));

  test.each(allowed)('from %s to %s is in the table and no anomaly, from any party', (from, to) => {
    for (const authoritative of [true, false])
      expect(step(fold([dossier(from, 8)]), { ...progress(to, 9), authoritative })).toEqual({
        view: expect.objectContaining({ status: to, statusAt: at(9) }),
        moved: true,
      });
  });

  test.each(others)('from %s to %s is an anomaly, and needs authority', (from, to) => {
    const anomaly = TERMINAL.includes(from) ? 'reopened' : 'transition';
    expect(step(fold([dossier(from, 8)]), progress(to, 9))).toEqual({
      view: expect.objectContaining({ status: to, statusAt: at(9) }),
      moved: true,
      anomaly,
    });
    const kept = step(fold([dossier(from, 8)]), { ...progress(to, 9), authoritative: false });
    expect(kept).toEqual({
      view: expect.objectContaining({ status: from, statusAt: at(8) }),
      moved: false,
      anomaly,
    });
  });

  test('after the end is only ever a reopening', () => {
    const reopened = others.filter(([from]) => TERMINAL.includes(from));
    expect(reopened).toHaveLength(3 * 9);
    for (const [from, to] of reopened) expect(step(fold([dossier(from, 8)]), progress(to, 9)).anomaly).toBe('reopened');
  });

  test('after the end by a record is explained only by a new note, and happens in any case', () => {
    const ended = fold([dossier('returned', 8, { note: 'Đã trả kết quả' })]);
    const reopenedBy = (more: Partial<Dossier>) => step(ended, dossier('processing', 9, more));
    expect(reopenedBy({ note: 'Kết quả sai tên, làm lại' })).toMatchObject({ anomaly: 'reopened', moved: true });
    for (const more of [{}, { note: 'Đã trả kết quả' }, { abstract: 'Cấp phép' }])
      expect(reopenedBy(more)).toMatchObject({ anomaly: 'reopened-without-reason', moved: true });
  });

  test('5→4→5→4 is allowed any number of times', () => {
    const steps = stepsOf(
      dossier('processing', 0),
      ...Array.from({ length: 10 }, (_, hour) => progress(hour % 2 ? 'processing' : 'supplement-required', hour + 1)),
    );
    expect(steps.every((each) => each.moved && each.anomaly === undefined)).toBe(true);
    expect(steps.at(-1)?.view?.status).toBe('processing');
  });

  test('without effect is judged again when a missing event arrives', () => {
    const outsider = { authoritative: false };
    const early = { ...dossier('submitted', 8), ...outsider };
    const late = { ...progress('resolved', 10), ...outsider };
    expect(statusOf(early, late)).toBe('submitted');
    expect(statusOf(early, late, { ...progress('received', 9), ...outsider })).toBe('resolved');
  });
});

describe('a derived time is a lower bound and gives way to real ones', () => {
  const derived = (status: Status, hour: number, more: Partial<Dossier> = {}): DossierEvent => ({
    ...dossier(status, hour, more),
    inferred: true,
  });

  test('records without steps advance at the time of reception: 2→4→5→4', () => {
    const steps = stepsOf(
      ...numbered([
        derived('received', 8),
        derived('processing', 8),
        derived('supplement-required', 8),
        derived('processing', 8),
      ]),
    );
    expect(steps.map((each) => each.view?.status)).toEqual([
      'received',
      'processing',
      'supplement-required',
      'processing',
    ]);
    expect(steps.every((each) => each.moved && each.anomaly === undefined)).toBe(true);
  });

  test('a less advanced record of the same derived time undoes nothing', () => {
    expect(stepsOf(...numbered([derived('processing', 8), derived('received', 8)])).at(-1)).toMatchObject({
      moved: false,
      view: { status: 'processing' },
    });
  });

  test('the complete history of steps after the record decides', () => {
    const record = derived('resolved', 12);
    const history = [
      progress('received', 8),
      progress('processing', 9),
      progress('supplement-required', 10),
      progress('processing', 11),
      progress('resolved', 12),
    ];
    for (const events of [
      [record, ...history],
      [...history, record],
      [history[3] as DossierEvent, record, ...history],
    ])
      expect(fold(numbered(events))).toMatchObject({ status: 'resolved', statusAt: at(12), inferred: false });
  });

  test('gives way for records 2 and 4, their real steps, and more records', () => {
    const events = numbered([
      derived('received', 8),
      derived('processing', 8),
      progress('received', 8),
      progress('processing', 9),
      derived('supplement-required', 8),
      progress('supplement-required', 11),
    ]);
    expect(events.map((_, last) => statusOf(...events.slice(0, last + 1)))).toEqual([
      'received',
      'processing',
      'processing',
      'processing',
      'processing',
      'supplement-required',
    ]);
    expect(fold(events)).toMatchObject({ statusAt: at(11), inferred: false });
  });

  test('at a real event’s time it adds a further step, undoes none, and is no anomaly', () => {
    const real = fold([dossier('processing', 8)]);
    expect(step(real, derived('resolved', 8))).toMatchObject({
      moved: true,
      view: { status: 'resolved', inferred: true },
    });
    for (const behind of ['submitted', 'received'] as const)
      expect(step(real, derived(behind, 8))).toEqual({
        view: expect.objectContaining({ status: 'processing', inferred: false }),
        moved: false,
      });
  });

  test('at the same time a further status outside the table needs authority: 2→5→9', () => {
    const events = numbered([derived('received', 8), derived('supplement-required', 8), derived('resolved', 8)]);
    expect(stepsOf(...events).at(-1)).toMatchObject({
      anomaly: 'transition',
      moved: true,
      view: { status: 'resolved' },
    });
    const kept = step(fold(events.slice(0, 2)), { ...derived('resolved', 8), authoritative: false });
    expect(kept).toMatchObject({ anomaly: 'transition', moved: false, view: { status: 'supplement-required' } });
    expect(stepsOf(dossier('withdrawn', 8), derived('returned', 8)).at(-1)).toMatchObject({
      anomaly: 'reopened-without-reason',
    });
  });

  test('a real step of the first record’s moment is not lost', () => {
    for (const status of ['processing', 'resolved'] as const)
      expect(fold([derived('received', 8), progress(status, 8)])).toMatchObject({ status, inferred: false });
    expect(fold([derived('processing', 8), progress('received', 8)])).toMatchObject({ status: 'processing' });
    expect(fold([derived('processing', 9), progress('resolved', 8)])).toMatchObject({ status: 'processing' });
  });

  test('undoes no real step that it could follow: a real 5 and a derived 4', () => {
    const real = fold([dossier('supplement-required', 8)]);
    expect(step(real, derived('processing', 8))).toMatchObject({ moved: false, view: { inferred: false } });
  });

  test('repeated it is still derived', () => {
    expect(fold(numbered([derived('processing', 8), derived('processing', 8)]))).toMatchObject({ inferred: true });
  });

  test('later than all real events it counts like any other', () => {
    expect(step(fold([dossier('processing', 8)]), derived('resolved', 9))).toMatchObject({
      moved: true,
      view: { status: 'resolved', statusAt: at(9), inferred: true },
    });
    expect(step(fold([dossier('returned', 8)]), derived('processing', 9))).toMatchObject({
      anomaly: 'reopened-without-reason',
    });
  });

  test('the real time of the same status replaces it', () => {
    const events = [derived('processing', 8), progress('processing', 8)];
    expect(fold(events)).toMatchObject({ inferred: false });
    expect(fold(events.reverse())).toMatchObject({ inferred: false });
    expect(fold([derived('processing', 8), progress('processing', 9)])).toMatchObject({
      statusAt: at(9),
      inferred: false,
    });
  });

  test('is sorted after real events of its time, and among derived ones by arrival', () => {
    const [first, second, real] = numbered([derived('resolved', 8), derived('received', 8), progress('returned', 8)]);
    const sorted = [second, first, real].sort((a, b) => inEventOrder(a as DossierEvent, b as DossierEvent));
    expect(sorted).toEqual([real, first, second]);
  });
});

describe('a newer record over an older one', () => {
  const merged = (older: Partial<Dossier>, newer: Partial<Dossier>): Dossier =>
    (fold([dossier('received', 8, older), dossier('processing', 9, newer)]) as DossierView).record;

  test('erases no member that it lacks', () => {
    const older = {
      serviceName: 'Cấp phép',
      dueAt: at(20),
      applicant: { name: 'Nguyễn Văn An', phone: '0900000000' },
      documents: [{ id: '1' }],
      fees: [{ amountVnd: null }],
      databases: ['1'],
    };
    expect(merged(older, {})).toMatchObject(older);
  });

  test('replaces its members, lists as a whole', () => {
    expect(
      merged(
        { note: 'Một', dueAt: at(20), documents: [{ id: '1' }, { id: '2' }] },
        { note: 'Hai', documents: [{ id: '2', deleted: true }] },
      ),
    ).toMatchObject({ note: 'Hai', dueAt: at(20), documents: [{ id: '2', deleted: true }] });
    expect(merged({ fees: [{ amountVnd: 1 }] }, { fees: [] }).fees).toEqual([]);
  });

  test('keeps known data of the applicant', () => {
    expect(
      merged(
        { applicant: { name: 'Nguyễn Văn An', phone: '0900000000', identityKind: 'cccd' } },
        { applicant: { name: 'Nguyễn Văn Ân', email: 'an@example.test' } },
      ).applicant,
    ).toEqual({ name: 'Nguyễn Văn Ân', phone: '0900000000', identityKind: 'cccd', email: 'an@example.test' });
  });

  test('ignores the applicant’s data that this hub has masked', () => {
    const known = { name: 'Nguyễn Văn An', phone: '0900000000', identityNumber: '001000000001' };
    const readBack = {
      name: 'N***** V** A*',
      phone: '********11',
      identityNumber: '**********01',
      email: 'an@example.test',
    };
    const held = merged({ applicant: known }, { applicant: readBack });
    expect(held.applicant).toEqual({ ...known, phone: '********11', email: 'an@example.test' });
    expect(merged({ applicant: readBack }, { applicant: known }).applicant).toEqual({ ...readBack, ...known });
    const asCompany = { kind: 'enterprise', name: 'N***** V** A*' } as const;
    expect(merged({ applicant: known }, { applicant: asCompany }).applicant).toEqual({ ...known, kind: 'enterprise' });
  });

  test('ignores a text that this hub has masked, and takes any other', () => {
    const applicant = { name: 'Nguyễn Văn An', identityNumber: '001000000001' };
    const known = { applicant, abstract: 'Đề nghị của Nguyễn Văn An', note: 'Giấy 001000000001 *' };
    const readBack = { abstract: 'Đề nghị của N***** V** A*', note: 'Giấy **********01 *' };
    expect(merged(known, readBack)).toMatchObject(known);
    const other = { ...readBack, abstract: 'Đơn của N***** V** A*' };
    expect(merged(known, other)).toMatchObject({ ...known, abstract: other.abstract });
  });

  test('takes the name of a company unchanged', () => {
    const known = { kind: 'enterprise', name: 'Sao Mai' } as const;
    expect(merged({ applicant: known }, { applicant: { ...known, name: 'S** M**' } }).applicant?.name).toBe('S** M**');
  });

  test('only adds codes: all are kept, once each', () => {
    const alias = (code: string) => ({ party: 'igate', code });
    const [a, b, c] = [alias('A'), alias('B'), alias('C')];
    const ofOther = { party: 'national-portal', code: 'A' };
    expect(merged({ aliases: [a, b] }, { aliases: [b, c, ofOther] }).aliases).toEqual([a, b, c, ofOther]);
    expect(merged({ aliases: [a] }, {}).aliases).toEqual([a]);
    expect(merged({}, { aliases: [a] }).aliases).toEqual([a]);
    expect(merged({ aliases: [a] }, { aliases: [] }).aliases).toEqual([a]);
  });

  test('never changes the dossier’s own code', () => {
    expect(merged({}, { code: 'H60.02-250812-9999' }).code).toBe('H60.01-250812-0035');
  });

  test('changes neither of its two records', () => {
    const events = [
      dossier('received', 8, { applicant: { name: 'An' }, aliases: [{ party: 'a', code: 'A' }] }),
      dossier('processing', 9, { applicant: { name: 'Bình', phone: '113' }, aliases: [{ party: 'b', code: 'B' }] }),
    ];
    const before = structuredClone(events);
    fold(events);
    expect(events).toEqual(before);
  });

  test('fills only missing members if it arrives late', () => {
    expect(
      fold([dossier('processing', 9, { note: 'Mới' }), dossier('received', 8, { note: 'Cũ', abstract: 'Cấp phép' })]),
    ).toMatchObject({ status: 'processing', record: { note: 'Mới', abstract: 'Cấp phép', statusAt: at(9) } });
  });
});

function at(hour: number): string {
  return `2025-08-12T${String(hour).padStart(2, '0')}:00:00+07:00`;
}

function dossier(status: Status, hour: number, more: Partial<Dossier> = {}): DossierEvent {
  const record: Dossier = {
    code: 'H60.01-250812-0035',
    serviceCode: '1.013225',
    agencyCode: 'H60.01',
    status,
    statusAt: at(hour),
    ...more,
  };
  return { ...progress(status, hour), kind: 'dossier', record };
}

function progress(status: Status, hour: number): DossierEvent {
  return { kind: 'progress', at: at(hour), status, party: 'one-stop', authoritative: true, inferred: false, seq: 1 };
}

/** The events as recorded in this order. */
function numbered(events: readonly DossierEvent[]): DossierEvent[] {
  return events.map((event, before) => ({ ...event, seq: before + 1 }));
}

function statusOf(...events: readonly DossierEvent[]): Status | undefined {
  return fold(events)?.status;
}

/** The result of each event, in the order of event time. */
function stepsOf(...events: readonly DossierEvent[]): readonly Step[] {
  let view: DossierView | undefined;
  return [...events].sort(inEventOrder).map((event) => {
    const result = step(view, event);
    view = result.view;
    return result;
  });
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}
