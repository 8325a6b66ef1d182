import { describe, expect } from 'vitest';
import { type Dossier, STATUSES, type Status } from '#schemas/dossier.upsert.v1';
import { roundsOf, sampled, test } from '../../../tests/support/depth.ts';
import { createDice, type Dice } from '../../play/day/dice.ts';
import {
  type Applied,
  apply,
  type IndexedDossier,
  needsHistory,
  type RecordedEvent,
  withFirstContentId,
} from './apply.ts';
import { placeOf } from './cached-folding.ts';
import { ANOMALIES } from './event.ts';
import { fold } from './fold.ts';
import { progressOf } from './status.ts';

type Incoming = Omit<RecordedEvent, 'seq'>;
const CODE = 'H60.01-250812-0035';

describe('a dossier', () => {
  test('begins with a complete record, and belongs to the party that sent it', () => {
    const event = dossier('received', 8);
    expect(needsHistory(undefined, event)).toBe(false);
    expect(apply(undefined, [], CODE, event)).toEqual({
      outcome: 'accepted',
      event: { ...event, seq: 1 },
      movedStatus: true,
      changed: true,
      held: {
        code: CODE,
        owner: 'one-stop',
        version: 1,
        lastAt: at(8),
        contentId: event.contentId,
        view: { record: event.record, status: 'received', statusAt: at(8), inferred: false },
      },
    });
  });

  test('cannot begin with a step', () => {
    expect(() => apply(undefined, [], CODE, progress('received', 8))).toThrow('begins with a complete record');
  });

  test('is delivered again for new content outside its last record of a derived time', () => {
    const before = [
      dossier('received', 8),
      { ...derived('received', 8), contentId: { record: 'a' } },
      progress('processing', 10),
    ];
    const { held, known } = played(before);
    const more = { ...derived('received', 8), contentId: { record: 'a', extra: 'more' } };
    expect(apply(held, known, CODE, more)).toMatchObject({ outcome: 'accepted', changed: true, movedStatus: false });
    const older = { ...derived('received', 8), at: at(7), contentId: { record: 'b', extra: 'more' } };
    const same = { ...derived('received', 8), contentId: { record: 'd' } };
    expect(apply(held, known, CODE, same)).toMatchObject({ changed: false });
    expect(apply(held, known, CODE, older)).toMatchObject({ changed: false });
    const real = { ...dossier('received', 8), contentId: { record: 'c', extra: 'more' } };
    expect(apply(held, known, CODE, real)).toMatchObject({ changed: false });
  });

  test('keeps its owner and its code, whichever party sends more', () => {
    const { held } = played([dossier('received', 8), { ...dossier('processing', 9), party: 'other' }]);
    expect(held).toMatchObject({ code: CODE, owner: 'one-stop', view: { record: { code: CODE } } });
  });

  test('is as old as the record of an owner that takes it over, also if another began it later', () => {
    const sent = { recordedAt: at(13), shared: [] };
    const { held, known } = played([{ ...dossier('processing', 12), ...sent, party: 'other' }]);
    const taken = apply(held, known, CODE, { ...dossier('received', 9), ...sent, isEntitled: true });
    expect(taken.held).toMatchObject({ owner: 'one-stop', version: 2, lastAt: at(9) });
  });
});

describe('a step of a party that reports each in several ways', () => {
  const bare = { actor: 'Sở Tư pháp', content: 'Đang xử lý' };
  const full = { actor: 'Lê Văn C', title: 'Công chức', unit: 'Phòng Hộ tịch', content: 'Thiếu giấy', dueAt: at(20) };
  const said = (step: Incoming, words: object): Incoming => {
    const record = { code: CODE, at: step.at, status: step.status, ...bare, ...words };
    return { ...step, said: record, contentId: { record: JSON.stringify(record) } };
  };
  const step = (words: object = bare): Incoming => said(progress('processing', 9), words);
  const { held, known } = played([dossier('received', 8), step(), progress('resolved', 10)]);
  const otherwise = (given: Incoming): Incoming => said(given, { content: 'Nói cách khác' });

  test('is a repetition if it adds nothing to the known one', () => {
    const again = withFirstContentId(known, step({ actor: 'Bộ Tư pháp', content: 'Trạng thái 3' }), [
      'actor',
      'content',
    ]);
    expect(apply(held, known, CODE, again)).toMatchObject({ outcome: 'duplicate', changed: false });
    const alias = withFirstContentId(known, step({ code: 'H60.01-250812-0036' }));
    expect(apply(held, known, CODE, alias)).toMatchObject({ outcome: 'duplicate' });
  });

  test.each(Object.entries(full))('is separate if it adds something: %s', (member, value) => {
    const more = step({ [member]: value });
    expect(withFirstContentId(known, more)).toEqual(more);
    expect(apply(held, known, CODE, more)).toMatchObject({ outcome: 'stale', event: { said: { [member]: value } } });
  });

  test('is separate if its stand-in fills a member that the known one lacks', () => {
    const more = step({ unit: 'Sở Tư pháp' });
    expect(withFirstContentId(known, more, ['unit'])).toEqual(more);
  });

  test('is a repetition after a fuller one, and both repeat again', () => {
    for (const first of [[step(full)], [step(), step(full)]]) {
      const after = played([dossier('received', 8), ...first]);
      for (const again of [
        withFirstContentId(after.known, step(), ['actor', 'content']),
        withFirstContentId(after.known, step(full)),
      ])
        expect(apply(after.held, after.known, CODE, again)).toMatchObject({ outcome: 'duplicate' });
    }
  });

  test('differs by time, status or party, and a complete record is never a repetition', () => {
    const own = progress('processing', 9);
    for (const other of [
      progress('processing', 10),
      progress('resolved', 9),
      { ...own, party: 'another' },
      dossier('processing', 9),
    ]) {
      const told = otherwise(other);
      expect(withFirstContentId(known, told, ['actor', 'content'])).toEqual(told);
    }
  });
});

describe('an event later than all recorded ones', () => {
  test('is accepted without the history', () => {
    const { held } = played([dossier('received', 8)]);
    const next = progress('processing', 9);
    expect(needsHistory(held, next)).toBe(false);
    expect(apply(held, [], CODE, next)).toMatchObject({
      outcome: 'accepted',
      movedStatus: true,
      changed: true,
      event: { seq: 2 },
      held: { version: 2, lastAt: at(9), view: { status: 'processing' } },
    });
  });

  test('is flagged outside the table, and moves nothing without authority', () => {
    const { held } = played([dossier('returned', 8)]);
    expect(apply(held, [], CODE, progress('processing', 9))).toMatchObject({
      outcome: 'accepted',
      movedStatus: true,
      anomaly: 'reopened',
    });
    expect(apply(held, [], CODE, { ...progress('processing', 9), authoritative: false })).toMatchObject({
      outcome: 'accepted',
      movedStatus: false,
      anomaly: 'reopened',
      held: { view: { status: 'returned', statusAt: at(8) }, lastAt: at(9), version: 2 },
    });
  });

  test('is not flagged if expected', () => {
    const { held } = played([dossier('received', 8)]);
    expect(apply(held, [], CODE, progress('processing', 9)).anomaly).toBeUndefined();
  });
});

describe('a step without the authority of its party stands in for a status', () => {
  const standIn = (hour: number): Incoming => ({ ...progress('processing', hour), authoritative: false });

  test.each(['supplement-required', 'payment-required'] as const)('and does not end %s, in any order', (status) => {
    const events = [dossier('received', 8), dossier(status, 9), standIn(10)];
    for (const order of [events, [events[0], events[2], events[1]], events.toReversed()]) {
      const { held } = played(order as Incoming[]);
      expect(held?.view).toMatchObject({ status, statusAt: at(9) });
    }
  });

  test('but begins the work, and a real step ends the wait', () => {
    expect(played([dossier('received', 8), standIn(9)]).held?.view.status).toBe('processing');
    const events = [dossier('supplement-required', 8), standIn(9), progress('processing', 10)];
    expect(played(events).held?.view).toMatchObject({ status: 'processing', statusAt: at(10) });
  });

  test('and a party without authority ends the wait by its own step', () => {
    const events = [dossier('supplement-required', 8), progress('processing', 9)];
    const { held } = played(events.map((event) => ({ ...event, authoritative: false })));
    expect(held?.view.status).toBe('processing');
  });
});

describe('a repeat of the same content changes nothing', () => {
  const events = [dossier('received', 8), progress('processing', 9), dossier('resolved', 10)];
  const { held, known } = played(events);

  test.each(events)('$kind $status', (event) => {
    expect(apply(held, known, CODE, event)).toEqual({ outcome: 'duplicate', held, movedStatus: false, changed: false });
  });

  test('of the newest record is recognised without the history', () => {
    expect(needsHistory(held, events[2] as Incoming)).toBe(false);
    expect(apply(held, [], CODE, events[2] as Incoming).outcome).toBe('duplicate');
    for (const event of events.slice(0, 2)) expect(needsHistory(held, event)).toBe(true);
  });

  test('is recognised after later steps', () => {
    const later = played([dossier('received', 8), progress('processing', 9)]);
    expect(needsHistory(later.held, dossier('received', 8))).toBe(false);
    expect(apply(later.held, [], CODE, dossier('received', 8)).outcome).toBe('duplicate');
  });

  test('is never between a step and a record', () => {
    const step = { ...progress('resolved', 10), contentId: (events[2] as Incoming).contentId };
    expect(apply(held, known, CODE, step).outcome).not.toBe('duplicate');
  });

  test('with other content at the same time and status is recorded and delivered', () => {
    const corrected = dossier('resolved', 10, { note: 'Đã sửa' });
    expect(apply(held, known, CODE, corrected)).toMatchObject({
      outcome: 'accepted',
      movedStatus: false,
      changed: true,
      held: { view: { status: 'resolved', record: { note: 'Đã sửa' } } },
    });
    expect(apply(held, known, CODE, corrected).anomaly).toBeUndefined();
  });
});

describe('an event older than the index is stale', () => {
  test('and is recorded without a change of status', () => {
    const { held, known } = played([dossier('resolved', 12)]);
    const late = progress('processing', 10);
    expect(needsHistory(held, late)).toBe(true);
    expect(apply(held, known, CODE, late)).toEqual({
      outcome: 'stale',
      event: { ...late, seq: 2 },
      movedStatus: false,
      changed: false,
      held: { ...held, version: 2 },
    });
  });

  test('but may fill a missing member', () => {
    const { held, known } = played([dossier('resolved', 12, { note: 'Mới' })]);
    expect(apply(held, known, CODE, dossier('received', 8, { note: 'Cũ', abstract: 'Cấp phép' }))).toMatchObject({
      outcome: 'stale',
      movedStatus: false,
      changed: true,
      held: {
        lastAt: at(12),
        view: { status: 'resolved', statusAt: at(12), record: { note: 'Mới', abstract: 'Cấp phép' } },
      },
    });
  });

  test('and is flagged outside the table', () => {
    const { held, known } = played([dossier('received', 8), progress('resolved', 12)]);
    expect(apply(held, known, CODE, progress('submitted', 10))).toMatchObject({
      outcome: 'stale',
      anomaly: 'transition',
    });
  });

  test('but is accepted if it disproves a later event without authority', () => {
    const { held, known } = played([dossier('submitted', 8), { ...progress('received', 12), authoritative: false }]);
    expect(held?.view.status).toBe('received');
    expect(apply(held, known, CODE, progress('refused', 10))).toMatchObject({
      outcome: 'accepted',
      movedStatus: true,
      held: { view: { status: 'refused', statusAt: at(10) } },
    });
  });

  test('and is accepted if it allows an event that was stored without effect', () => {
    const outsider = { authoritative: false };
    const { held, known } = played([
      { ...dossier('submitted', 8), ...outsider },
      { ...progress('resolved', 12), ...outsider },
    ]);
    expect(held?.view.status).toBe('submitted');
    expect(apply(held, known, CODE, { ...progress('received', 10), ...outsider })).toMatchObject({
      outcome: 'accepted',
      movedStatus: true,
      held: { view: { status: 'resolved', statusAt: at(12) } },
    });
  });
});

describe('an event at the same time as the newest one', () => {
  test('is accepted and flagged with a further status', () => {
    const { held, known } = played([dossier('processing', 8)]);
    expect(apply(held, known, CODE, progress('resolved', 8))).toMatchObject({
      outcome: 'accepted',
      movedStatus: true,
      anomaly: 'same-time',
      held: { view: { status: 'resolved' } },
    });
  });

  test('is stale and flagged with a less advanced status', () => {
    const { held, known } = played([dossier('resolved', 8)]);
    expect(apply(held, known, CODE, progress('processing', 8))).toMatchObject({
      outcome: 'stale',
      movedStatus: false,
      anomaly: 'same-time',
      held: { view: { status: 'resolved' } },
    });
  });

  test('is neither flagged nor older if its time is derived', () => {
    const { held, known } = played([derived('received', 8), derived('processing', 8)]);
    expect(apply(held, known, CODE, derived('supplement-required', 8))).toMatchObject({
      outcome: 'accepted',
      movedStatus: true,
      held: { view: { status: 'supplement-required', inferred: true } },
    });
    expect(apply(held, known, CODE, derived('supplement-required', 8)).anomaly).toBeUndefined();
  });
});

describe('the order of arrival', () => {
  const next = createDice(766).below;
  const rounds = roundsOf(3_000, 300);

  sampled('sets of events give the same dossier in any order', () => {
    for (let round = 0; round < rounds; round++) {
      const events = someEvents(next, () => next(100) < 60).map((event) =>
        event.kind === 'progress' && next(4) === 0 ? { ...event, authoritative: false } : event,
      );
      const one = played(events);
      const other = played(shuffled(events, next));
      const story = JSON.stringify(events.map(({ record, ...event }) => event));
      expect(JSON.stringify(other.held?.view), story).toBe(JSON.stringify(one.held?.view));
      for (const { held, known } of [one, other]) {
        expect(fold(known), story).toEqual(held?.view);
        expect(held?.version).toBe(known.length);
        expect(held?.lastAt).toBe(
          known
            .map((event) => event.at)
            .sort()
            .at(-1),
        );
      }
    }
  });

  sampled('with events far ahead gives the dossier that all of its history gives', () => {
    for (let round = 0; round < rounds; round++) {
      const sent = (): string => (next(3) === 0 ? '2025-08-10T00:00:00.000Z' : '2025-08-13T00:00:00.000Z');
      const events = someEvents(next, () => true).map((event) => ({ ...event, recordedAt: sent() }));
      const [one, other] = [played(events), played(shuffled(events, next))];
      const story = JSON.stringify(events.map(({ record, ...event }) => event));
      expect(JSON.stringify(other.held?.view), story).toBe(JSON.stringify(one.held?.view));
      for (const { held, known } of [one, other]) expect(fold(known), story).toEqual(held?.view);
    }
  });

  sampled('with authority the newest event counts, at the same time the further one', () => {
    for (let round = 0; round < rounds; round++) {
      const events = someEvents(next, () => true).map((event) => ({ ...event, inferred: false }));
      const [firstRecordAt = ''] = events.flatMap((event) => (event.record ? [event.at] : [])).sort();
      const [newest] = events
        .filter((event) => event.at >= firstRecordAt)
        .sort((a, b) => (a.at === b.at ? progressOf(b.status) - progressOf(a.status) : a.at < b.at ? 1 : -1));
      const { held } = played(shuffled(events, next));
      expect(held?.view).toMatchObject({ status: newest?.status, statusAt: newest?.at });
    }
  });

  sampled('everything is a duplicate the second time', () => {
    for (let round = 0; round < 500; round++) {
      const events = someEvents(next, () => next(2) === 0);
      const { held, known } = played(events);
      for (const event of shuffled(events, next)) {
        const again = apply(held, needsHistory(held, event) ? known : [], CODE, event);
        expect(again).toEqual({ outcome: 'duplicate', held, movedStatus: false, changed: false });
      }
    }
  });

  sampled('outcomes name the result', () => {
    for (let round = 0; round < rounds; round++) {
      for (const { before, applied } of played(
        shuffled(
          someEvents(next, () => next(3) > 0),
          next,
        ),
      ).steps) {
        const { outcome, movedStatus, changed, held, anomaly } = applied;
        expect(movedStatus).toBe(held.view.status !== before?.view.status);
        if (outcome === 'stale') expect(movedStatus).toBe(false);
        if (!changed) expect(held.view).toEqual(before?.view);
        if (movedStatus) expect(changed).toBe(true);
        expect([...ANOMALIES, undefined]).toContain(anomaly);
        expect(held.view.record).toMatchObject({ status: held.view.status, statusAt: held.view.statusAt, code: CODE });
        for (const alias of before?.view.record.aliases ?? []) expect(held.view.record.aliases).toContainEqual(alias);
        expect(Object.keys(held.view.record)).toEqual(expect.arrayContaining(Object.keys(before?.view.record ?? {})));
      }
    }
  });
});

function at(hour: number): string {
  return `2025-08-12T${String(hour).padStart(2, '0')}:00:00+07:00`;
}

function dossier(status: Status, hour: number, more: Partial<Dossier> = {}): Incoming {
  const record: Dossier = {
    code: CODE,
    serviceCode: '1.013225',
    agencyCode: 'H60.01',
    status,
    statusAt: at(hour),
    ...more,
  };
  return { ...progress(status, hour), kind: 'dossier', record, contentId: { record: JSON.stringify(record) } };
}

function derived(status: Status, hour: number): Incoming {
  return { ...dossier(status, hour), inferred: true };
}

function progress(status: Status, hour: number): Incoming {
  return {
    kind: 'progress',
    at: at(hour),
    status,
    party: 'one-stop',
    authoritative: true,
    inferred: false,
    contentId: { record: `${status} ${hour}` },
  };
}

interface Played {
  readonly held: IndexedDossier | undefined;
  readonly known: readonly RecordedEvent[];
  readonly steps: readonly { readonly before: IndexedDossier | undefined; readonly applied: Applied }[];
}

/** Events as they arrive, the history given only where it is asked for; steps wait until the dossier has come. */
function played(events: readonly Incoming[]): Played {
  const known: RecordedEvent[] = [];
  const steps: { before: IndexedDossier | undefined; applied: Applied }[] = [];
  const waiting: Incoming[] = [];
  let held: IndexedDossier | undefined;
  const arrive = (event: Incoming): void => {
    const applied = apply(held, needsHistory(held, event) ? known : [], CODE, event);
    steps.push({ before: held, applied });
    if (applied.event) known.splice(placeOf(known, applied.event), 0, applied.event);
    held = applied.held;
  };
  for (const event of events) {
    if (!held && !event.record) waiting.push(event);
    else arrive(event);
    if (held) for (const step of waiting.splice(0)) arrive(step);
  }
  return { held, known, steps };
}

/** Up to nine events of one dossier, many of them at the same times, all of different content; one is a record. */
function someEvents(next: Dice['below'], hasAuthority: () => boolean): Incoming[] {
  return Array.from({ length: 1 + next(9) }, (_, number) => {
    const status = STATUSES[next(STATUSES.length)] as Status;
    const hour = 8 + next(6);
    const authoritative = hasAuthority();
    const by = { authoritative, party: authoritative ? 'one-stop' : 'other' };
    if (number > 0 && next(2) === 0)
      return { ...progress(status, hour), contentId: { record: `step ${number}` }, ...by };
    const more = {
      ...(next(2) === 0 && { note: `Ghi chú ${number}` }),
      ...(next(3) === 0 && { abstract: `Trích yếu ${number}` }),
      ...(next(3) === 0 && { applicant: { name: `Người ${number}`, ...(next(2) === 0 && { phone: `090${number}` }) } }),
      ...(next(3) === 0 && { aliases: [{ party: 'igate', code: `A${next(4)}` }] }),
      documents: [{ id: `${number}` }],
    };
    return { ...dossier(status, hour, more), inferred: next(4) === 0, ...by };
  });
}

/**
 * The events in another order. Only those between which nothing decides but their arrival keep theirs: derived times
 * that are equal, and equal times of the same status.
 */
function shuffled(events: readonly Incoming[], next: Dice['below']): Incoming[] {
  const order = [...events];
  for (let last = order.length - 1; last > 0; last--) {
    const other = next(last + 1);
    [order[last], order[other]] = [order[other] as Incoming, order[last] as Incoming];
  }
  const like = (event: Incoming): string => (event.inferred ? event.at : `${event.at} ${event.status}`);
  const queues = new Map<string, Incoming[]>();
  for (const event of events) queues.set(like(event), [...(queues.get(like(event)) ?? []), event]);
  return order.map((event) => queues.get(like(event))?.shift() as Incoming);
}
