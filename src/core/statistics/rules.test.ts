import { describe, expect, test } from 'vitest';
import { workingCalendar } from '#mappings/working-days/calendar';
import type { Status } from '#schemas/dossier.upsert.v1';
import { createWorkingTime } from '../dates/working-time.ts';
import { courseOf } from './course.ts';
import type { DossierTimes } from './dossier-times.ts';
import { countedBy, type Rule } from './rules.ts';
import { dueByTerm } from './terms.ts';

const day = (date: string, time = '09:00:00') => `2026-03-${date}T${time}+07:00`;

/** Received on the 2nd, due on the 10th at 17:00. */
function times(status: Status, more: object = {}): DossierTimes {
  const { statusAt = day('09') } = more as { readonly statusAt?: string };
  const course = [{ status, at: statusAt }];
  return { status, statusAt, receivedAt: day('02'), dueAt: day('10', '17:00:00'), course, ...more };
}

const grade = (rule: Rule, given: DossierTimes) => countedBy(rule, given)?.grade;

describe('how each rule counts', () => {
  test.each<[string, DossierTimes, string | undefined, string | undefined, string | undefined]>([
    // The events, and the results by 766, OpenCPS and TD.
    [
      'a day early, and handed over',
      times('returned', { finishedAt: day('09'), returnedAt: day('09') }),
      'early',
      'early',
      'early',
    ],
    ['a day early, not fetched yet', times('resolved', { finishedAt: day('09') }), 'early', 'on-time', 'early'],
    ['on the day, before the hour', times('resolved', { finishedAt: day('10') }), 'on-time', 'on-time', 'on-time'],
    ['on the day, after the hour', times('resolved', { finishedAt: day('10', '18:00:00') }), 'late', 'late', 'on-time'],
    ['a day late', times('returned', { finishedAt: day('11'), returnedAt: day('11') }), 'late', 'late', 'late'],
    [
      'in time, handed over late',
      times('returned', { finishedAt: day('10'), returnedAt: day('20') }),
      'on-time',
      'on-time',
      'on-time',
    ],
    ['without a date', times('resolved', { finishedAt: day('20'), dueAt: undefined }), 'on-time', 'on-time', 'on-time'],
    [
      'later than the term of its service',
      times('resolved', { finishedAt: day('20'), dueAt: undefined, dueByTerm: () => day('10') }),
      'late',
      'on-time',
      'on-time',
    ],
    ['stopped late', times('stopped', { statusAt: day('20') }), 'late', 'late', 'on-time'],
    ['withdrawn', times('withdrawn', { statusAt: day('05') }), 'early', 'early', 'on-time'],
    [
      'refused',
      times('refused', { refusedAt: day('03'), receivedAt: undefined, submittedAt: day('01') }),
      'early',
      undefined,
      undefined,
    ],
    [
      'withdrawn before it was received',
      times('withdrawn', { receivedAt: undefined }),
      undefined,
      undefined,
      undefined,
    ],
  ])('%s', (_, given, index, opencps, td) => {
    expect([grade('766', given), grade('opencps', given), grade('td', given)]).toEqual([index, opencps, td]);
  });

  test('dossiers before reception are counted by no rule', () => {
    const given = times('submitted', { receivedAt: undefined, submittedAt: day('01') });
    expect((['766', 'opencps', 'td'] as const).map((rule) => countedBy(rule, given))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('a pending dossier is late after its date, by TD after its day', () => {
    const given = times('processing');
    expect(countedBy('766', given)).toEqual({ beganAt: day('02'), lateAfter: day('10', '17:00:00') });
    expect(countedBy('opencps', given)).toEqual({ beganAt: day('02'), lateAfter: day('10', '17:00:00') });
    expect(countedBy('td', given)).toEqual({ beganAt: day('02'), lateAfter: '2026-03-10T23:59:59.999+07:00' });
  });

  test('766 extends the date by the wait for one supplement, from the previous due date', () => {
    const supplement = {
      requestedAt: day('04'),
      receivedAt: day('07'),
      previousDueAt: day('10', '17:00:00'),
      newDueAt: day('13', '17:00:00'),
    };
    const late = times('resolved', {
      finishedAt: day('13', '18:00:00'),
      dueAt: day('13', '17:00:00'),
      supplements: [supplement],
    });
    // Three days off: ended on the 10th at 18:00, an hour after the previous due date.
    expect(grade('766', late)).toBe('late');
    expect(grade('766', { ...late, finishedAt: day('13', '16:00:00') })).toBe('on-time');
    // OpenCPS knows that the date was put off: before the new one is early.
    expect(grade('opencps', { ...late, finishedAt: day('13', '16:00:00') })).toBe('early');
    const { finishedAt: _, ...open } = late;
    expect(countedBy('766', { ...open, status: 'processing' })?.lateAfter).toBe(day('13', '17:00:00'));
  });

  test('766 counts two supplements as late, whenever they were requested', () => {
    const supplements = [
      { requestedAt: day('03'), receivedAt: day('04') },
      { requestedAt: day('05'), receivedAt: day('06') },
    ];
    expect(grade('766', times('resolved', { finishedAt: day('07'), supplements }))).toBe('late');
    expect(countedBy('766', times('processing', { supplements }))?.lateAfter).toBe(day('05'));
    expect(grade('opencps', times('resolved', { finishedAt: day('07'), supplements }))).toBe('on-time');
  });

  test('a request that the source does not list shows by the status', () => {
    const supplements = [{ requestedAt: day('03'), receivedAt: day('04') }];
    const course: DossierTimes['course'] = [
      { status: 'received', at: day('02') },
      { status: 'supplement-required', at: day('03', '10:00:00') },
      { status: 'processing', at: day('04') },
      { status: 'supplement-required', at: day('06') },
    ];
    const asked = times('supplement-required', { supplements, course, statusAt: day('06') });
    expect(countedBy('766', asked)?.lateAfter).toBe(day('06'));
    expect(countedBy('td', asked)).toMatchObject({ endedAt: day('06'), grade: 'on-time' });
    const done = { ...asked, status: 'resolved' as const, finishedAt: day('09') };
    expect(grade('766', { ...done, course: [...course, { status: 'resolved', at: day('09') }] })).toBe('late');
    expect(grade('766', { ...done, course: course.slice(0, 3) })).toBe('early');
  });

  test('a supplement open since before the date is not late; TD counts it as on time', () => {
    const asked = times('supplement-required', { statusAt: day('05') });
    expect(countedBy('766', asked)).toEqual({ beganAt: day('02') });
    expect(countedBy('td', asked)).toMatchObject({ beganAt: day('02'), endedAt: day('05'), grade: 'on-time' });
    expect(countedBy('opencps', asked)?.lateAfter).toBe(day('10', '17:00:00'));
    const afterwards = times('supplement-required', { statusAt: day('12') });
    expect(countedBy('766', afterwards)?.lateAfter).toBe(day('10', '17:00:00'));
  });

  test('by 766 a wait that begins after the due date leaves a past period late', () => {
    const supplements = [{ requestedAt: day('20'), receivedAt: day('30') }];
    const due = day('10', '17:00:00');
    expect(countedBy('766', times('processing', { supplements }))?.lateAfter).toBe(due);
    const done = times('resolved', { supplements, finishedAt: day('31') });
    expect(countedBy('766', done)).toMatchObject({ lateAfter: due, grade: 'late' });
  });

  test('by 766 the end is status 9, else 10, else 8 or 3', () => {
    const course = (...moves: readonly [Status, string][]) => [
      { status: 'received' as const, at: day('02') },
      ...moves.map(([status, date]) => ({ status, at: day(date) })),
    ];
    const endedAt = (status: Status, ...moves: readonly [Status, string][]) =>
      countedBy('766', times(status, { statusAt: day('20'), course: course(...moves) }))?.endedAt;
    expect(endedAt('returned', ['stopped', '05'], ['returned', '12'])).toBe(day('12'));
    expect(endedAt('returned', ['stopped', '05'], ['resolved', '07'], ['returned', '12'])).toBe(day('07'));
    expect(endedAt('stopped', ['stopped', '05'])).toBe(day('05'));
    expect(endedAt('refused', ['withdrawn', '04'], ['refused', '05'])).toBe(day('05'));
    // The others count the first final status.
    const stopped = times('returned', { statusAt: day('12'), course: course(['stopped', '05'], ['returned', '12']) });
    expect(countedBy('opencps', stopped)?.endedAt).toBe(day('05'));
    const due = day('03');
    expect(countedBy('td', { ...stopped, dueAt: due })).toMatchObject({ endedAt: day('05'), grade: 'on-time' });
  });

  test('by 766 a dossier that ends within its moved due date is not late', () => {
    const moved = times('resolved', {
      dueAt: day('09', '17:00:00'),
      supplements: [
        {
          requestedAt: day('04'),
          receivedAt: day('05'),
          previousDueAt: day('06', '17:00:00'),
          newDueAt: day('09', '17:00:00'),
        },
      ],
    });
    expect(grade('766', { ...moved, finishedAt: day('09', '10:00:00') })).toBe('on-time');
    expect(grade('766', { ...moved, finishedAt: day('08', '10:00:00') })).toBe('early');
    expect(grade('766', { ...moved, finishedAt: day('09', '17:00:01') })).toBe('late');
    expect(countedBy('766', { ...moved, status: 'processing' })?.lateAfter).toBe(day('09', '17:00:00'));
  });

  test('supplements with one id are one request', () => {
    const requested = { id: '7', requestedAt: day('03') };
    const answered = { ...requested, receivedAt: day('05') };
    const given = times('resolved', { finishedAt: day('09'), supplements: [requested, answered] });
    expect(grade('766', given)).toBe('early');
    expect(countedBy('766', times('processing', { supplements: [requested, answered] }))?.lateAfter).toBe(
      day('12', '17:00:00'),
    );
    expect(grade('766', { ...given, supplements: [requested, { ...answered, id: '8' }] })).toBe('late');
  });

  test('one listed request over two runs of the status is two requests', () => {
    const course: DossierTimes['course'] = [
      { status: 'received', at: day('02') },
      { status: 'supplement-required', at: day('03') },
      { status: 'processing', at: day('04') },
      { status: 'supplement-required', at: day('05') },
      { status: 'processing', at: day('06') },
    ];
    const supplements = [{ requestedAt: day('03'), receivedAt: day('06') }];
    expect(countedBy('766', times('processing', { course, supplements }))?.lateAfter).toBe(day('05'));
    const once = [...course.slice(0, 2), ...course.slice(4)];
    expect(countedBy('766', times('processing', { course: once, supplements }))?.lateAfter).toBe(day('13', '17:00:00'));
  });

  test('an unanswered request lasts until the dossier continues or ends', () => {
    const supplements = [{ requestedAt: day('05') }];
    for (const status of ['stopped', 'resolved'] as const)
      expect(grade('766', times(status, { statusAt: day('20'), supplements }))).toBe('early');
    const course = [{ status: 'processing', at: day('06') } as const, { status: 'resolved', at: day('20') } as const];
    expect(grade('766', times('resolved', { statusAt: day('20'), course, supplements }))).toBe('late');
  });

  test('a request after the end of a dossier does not make it late', () => {
    const supplements = [
      { requestedAt: day('03'), receivedAt: day('04') },
      { requestedAt: day('12'), receivedAt: day('13') },
    ];
    expect(grade('766', times('resolved', { finishedAt: day('09'), supplements }))).toBe('early');
  });

  test('impossible waits stay within writable dates', () => {
    const supplements = [{ requestedAt: '1900-01-01T00:00:00+07:00', receivedAt: '2200-12-31T00:00:00+07:00' }];
    expect(countedBy('766', times('processing', { supplements }))?.lateAfter).toMatch(/^2200-/);
    expect(grade('766', times('resolved', { finishedAt: day('20'), supplements }))).toBe('early');
  });

  test('an end before the beginning counts as an immediate end', () => {
    expect(countedBy('766', times('resolved', { finishedAt: day('01') }))?.endedAt).toBe(day('02'));
  });
});

describe('the course of a dossier', () => {
  const event = (seq: number, status: Status, at: string, kind: 'dossier' | 'progress' = 'progress') => ({
    seq,
    status,
    at,
    kind,
    party: 'one-stop',
    authoritative: true,
    inferred: false,
  });

  test('gives the last finish as the end, not the pick-up or the report', () => {
    const course = courseOf([
      event(1, 'received', day('02'), 'dossier'),
      event(2, 'resolved', day('04')),
      event(3, 'processing', day('05')),
      event(5, 'returned', day('11')),
      event(4, 'resolved', day('08')),
    ]);
    expect(course.map(({ status }) => status)).toEqual(['received', 'resolved', 'processing', 'resolved', 'returned']);
    const given = times('returned', { statusAt: day('11'), receivedAt: undefined, course });
    expect(countedBy('766', given)).toMatchObject({ beganAt: day('02'), endedAt: day('08'), grade: 'early' });
  });

  test('ignores an end from before a reopening, but not one of the same day', () => {
    const course = courseOf([
      event(1, 'received', day('02'), 'dossier'),
      event(2, 'resolved', day('04')),
      event(3, 'processing', day('05')),
      event(4, 'resolved', day('11')),
    ]);
    const ended = (finishedAt: string) =>
      countedBy('766', times('resolved', { statusAt: day('11'), course, finishedAt }));
    expect(ended(day('04'))).toMatchObject({ endedAt: day('11'), grade: 'late' });
    expect(ended(day('05', '00:00:00'))).toMatchObject({ endedAt: day('05', '00:00:00'), grade: 'early' });
    expect(ended(day('09'))).toMatchObject({ endedAt: day('09'), grade: 'early' });
  });

  test('begins with the oldest stored event if earlier ones are deleted', () => {
    const course = courseOf([event(4, 'resolved', day('08')), event(5, 'returned', day('11'))]);
    expect(course).toEqual([
      { status: 'resolved', at: day('08') },
      { status: 'returned', at: day('11') },
    ]);
  });

  test('steps from before the first record count, as in a system that sends the final record first', () => {
    const course = courseOf([
      event(1, 'returned', day('12'), 'dossier'),
      event(2, 'received', day('02')),
      event(3, 'supplement-required', day('03')),
      event(4, 'processing', day('04')),
      event(5, 'resolved', day('06')),
      event(6, 'returned', day('12')),
    ]);
    const given = times('returned', { statusAt: day('12'), receivedAt: undefined, course });
    expect(countedBy('766', given)).toMatchObject({ beganAt: day('02'), endedAt: day('06'), grade: 'early' });
    expect(grade('opencps', given)).toBe('on-time');
    expect(grade('td', given)).toBe('early');
  });

  test('counts requests by the status if the source lists none', () => {
    const course = courseOf([
      event(1, 'received', day('02'), 'dossier'),
      event(2, 'supplement-required', day('03')),
      event(3, 'processing', day('05')),
      event(4, 'resolved', day('12', '16:00:00')),
    ]);
    expect(grade('766', times('resolved', { course, statusAt: day('12', '16:00:00') }))).toBe('on-time');
    expect(grade('opencps', times('resolved', { course, statusAt: day('12', '16:00:00') }))).toBe('late');
  });

  describe('a status with a derived time', () => {
    const derived = (seq: number, status: Status, at: string) => ({
      ...event(seq, status, at, 'dossier'),
      inferred: true,
    });

    test('gives way to the real time of the same status', () => {
      // As the dialect of the national portal tells it: the record first, then its step.
      const course = courseOf([
        derived(1, 'received', day('02')),
        event(2, 'received', day('02')),
        derived(3, 'processing', day('02')),
        event(4, 'processing', day('03')),
        derived(5, 'supplement-required', day('02')),
        event(6, 'supplement-required', day('04')),
        derived(7, 'processing', day('02')),
        event(8, 'processing', day('05')),
        derived(9, 'resolved', day('09')),
        event(10, 'resolved', day('09')),
      ]);
      expect(course).toEqual([
        { status: 'received', at: day('02') },
        { status: 'processing', at: day('03') },
        { status: 'supplement-required', at: day('04') },
        { status: 'processing', at: day('05') },
        { status: 'resolved', at: day('09') },
      ]);
      expect(grade('766', times('resolved', { course, finishedAt: day('09') }))).toBe('early');
    });

    test('counts without a real one, also as the beginning of later events', () => {
      const wait = derived(1, 'supplement-required', day('02'));
      expect(courseOf([wait, event(2, 'processing', day('05'))])).toEqual([
        { status: 'supplement-required', at: day('02') },
        { status: 'processing', at: day('05') },
      ]);
      expect(courseOf([wait, event(2, 'supplement-required', day('04'))])).toEqual([
        { status: 'supplement-required', at: day('04') },
      ]);
    });
  });
});

test('a term in calendar days does not end on a day off', () => {
  const working = createWorkingTime(workingCalendar());
  const due = (amount: number, receivedAt: string) =>
    dueByTerm({ channels: [{ channel: 'counter', terms: [{ amount, unit: 'day' }] }] }, receivedAt, working);
  expect(due(5, '2026-03-02T09:30:00+07:00')).toBe('2026-03-09T09:30:00+07:00');
  expect(due(4, '2026-03-02T09:30:00+07:00')).toBe('2026-03-06T09:30:00+07:00');
  // Tết 2026 and the Sunday after it; a Saturday that is worked in the place of a Monday.
  expect(due(7, '2026-02-09T08:00:00+07:00')).toBe('2026-02-23T08:00:00+07:00');
  expect(due(5, '2026-08-17T08:00:00+07:00')).toBe('2026-08-22T08:00:00+07:00');
  const never = createWorkingTime({ hours: [], everyYear: [], daysOff: [], workdays: [] });
  expect(
    dueByTerm({ channels: [{ channel: 'counter', terms: [{ amount: 1, unit: 'day' }] }] }, day('06'), never),
  ).toBeUndefined();
});

test('a missing due date is that of the longest certain term, in working time', () => {
  const working = createWorkingTime(workingCalendar());
  const service = {
    channels: [
      { channel: 'counter' as const, terms: [{ amount: 3, unit: 'working-day' as const }, { text: 'Không quy định' }] },
      {
        channel: 'online' as const,
        terms: [
          { amount: 2, unit: 'day' as const },
          { amount: 1e12, unit: 'day' as const },
        ],
      },
    ],
  };
  // Friday morning: Friday, Monday and Tuesday.
  expect(dueByTerm(service, '2026-03-06T07:00:00+07:00', working)).toBe('2026-03-10T17:00:00+07:00');
  expect(dueByTerm({ channels: [] }, day('06'), working)).toBeUndefined();
  // Years that nobody lives to see, and offices that hardly work, do not stop the counting.
  expect(dueByTerm(service, '2200-12-30T09:00:00+07:00', working)).toMatch(/^2200-12-31/);
  const rare = createWorkingTime({ hours: [{ from: '08:00', to: '08:01' }], everyYear: [], daysOff: [], workdays: [] });
  const long = { channels: [{ channel: 'counter' as const, terms: [{ amount: 3_000, unit: 'hour' as const }] }] };
  expect(dueByTerm(long, day('06'), rare)).toBeUndefined();
});

test.each([
  [1, '2026-03-04T09:30:00+07:00', '2026-04-06T09:30:00+07:00'],
  [1, '2026-01-31T08:00:00+07:00', '2026-02-28T08:00:00+07:00'],
  [12, '2026-03-10T08:00:00+07:00', '2027-03-10T08:00:00+07:00'],
  [0.5, '2026-03-02T08:00:00+07:00', '2026-03-17T08:00:00+07:00'],
])('a term of %d months from %s ends at %s', (amount, receivedAt, dueAt) => {
  const working = createWorkingTime({
    ...workingCalendar(),
    daysOff: ['2026-04-04', '2026-04-05'],
    workdays: ['2026-02-28'],
  });
  const channels = [{ channel: 'counter' as const, terms: [{ amount, unit: 'month' as const }] }];
  expect(dueByTerm({ channels }, receivedAt, working)).toBe(dueAt);
});
