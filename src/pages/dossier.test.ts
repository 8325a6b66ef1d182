import { describe, expect, test } from 'vitest';
import { instantToMs } from '#core/dates/dates';
import { createWorkingTime } from '#core/dates/working-time';
import { NATIONAL_TABLES } from '#mappings/national-portal/codes';
import { workingCalendar } from '#mappings/working-days/calendar';
import { STATUSES, type Status } from '#schemas/dossier.upsert.v1';
import { dossierView, type PublicDossier, stepsOf, withHistory } from './dossier.ts';
import { sayIn } from './language.ts';
import { STATUS } from './words.ts';

const [FILED, TAKEN, NOW] = ['2025-08-11T21:04:00+07:00', '2025-08-12T08:15:00+07:00', '2025-08-13T09:00:00+07:00'];

describe('the steps of a dossier', () => {
  const shown = (status: Status, dates: Partial<PublicDossier> = {}) =>
    stepsOf({ code: 'H60-250812-0001', serviceCode: '1.000001', agencyCode: 'H60', status, statusAt: NOW, ...dates })
      .map(({ status: one, state }) => ({ done: `${one} ✓`, now: `[${one}]`, ahead: one })[state])
      .join(' ');

  test.each([
    ['submitted', {}, '[submitted] received processing resolved returned'],
    ['processing', {}, 'received ✓ [processing] resolved returned'],
    ['processing', { submittedAt: FILED }, 'submitted ✓ received ✓ [processing] resolved returned'],
    ['returned', {}, 'received ✓ processing ✓ resolved ✓ [returned]'],
    ['supplement-required', {}, '[supplement-required] received processing resolved returned'],
    [
      'supplement-required',
      { submittedAt: FILED, receivedAt: TAKEN },
      'submitted ✓ received ✓ [supplement-required] processing resolved returned',
    ],
    ['payment-required', { receivedAt: TAKEN }, 'received ✓ [payment-required] processing resolved returned'],
    ['refused', { submittedAt: FILED }, 'submitted ✓ [refused]'],
    ['withdrawn', { receivedAt: TAKEN }, 'received ✓ [withdrawn]'],
    ['stopped', { receivedAt: TAKEN }, 'received ✓ [stopped]'],
  ] as const)('of %s (%j) show the known ones: %s', (status, dates, expected) => {
    expect(shown(status, dates)).toBe(expected);
  });

  test('have known dates, and the present step has that of its status', () => {
    const dossier = { code: 'H60-250812-0001', serviceCode: '1.000001', agencyCode: 'H60' };
    const steps = stepsOf({ ...dossier, status: 'processing', statusAt: NOW, submittedAt: FILED, receivedAt: TAKEN });
    expect(steps.map(({ at }) => at)).toEqual([FILED, TAKEN, NOW, undefined, undefined]);
  });
});

test('the timeline has each step that happened, with its unit, and the steps to come', () => {
  const at = (hour: number) => `2025-08-12T${String(hour).padStart(2, '0')}:00:00+07:00`;
  const steps = [
    { status: 'processing', at: at(9), unit: 'Phòng A' },
    { status: 'supplement-required', at: at(10), unit: 'Phòng A' },
    { status: 'processing', at: at(11), unit: 'Phòng B' },
    { status: 'supplement-required', at: at(12) },
  ] as const;
  const known = { code: 'H60-250812-0001', serviceCode: '1.000001', agencyCode: 'H60', receivedAt: at(8) };
  const shown = withHistory({ ...known, steps, status: 'supplement-required', statusAt: at(12) });
  expect(shown.map(({ status, state, unit }) => `${status} ${state} ${unit ?? '-'}`)).toEqual([
    'received done -',
    'processing done Phòng A',
    'supplement-required done Phòng A',
    'processing done Phòng B',
    'supplement-required now -',
    'processing ahead -',
    'resolved ahead -',
    'returned ahead -',
  ]);
});

test('a state to which a dossier came back has the time of its return', () => {
  const at = (day: number) => `2025-08-${day}T08:00:00+07:00`;
  const steps = (['received', 'supplement-required', 'received'] as const).map((status, n) => ({
    status,
    at: at(12 + n),
  }));
  const known = { code: 'H60-250812-0001', serviceCode: '1.000001', agencyCode: 'H60', receivedAt: at(12) };
  const shown = withHistory({ ...known, steps, status: 'received', statusAt: at(14) });
  expect(shown.slice(0, 3).map((step) => step.at)).toEqual([at(12), at(13), at(14)]);
});

describe('the time left of a dossier that is due on Friday 15 August at 17:00', () => {
  const dossier: PublicDossier = {
    code: 'H60-250811-0001',
    serviceCode: '1.000001',
    agencyCode: 'H60',
    status: 'processing',
    statusAt: '2025-08-11T09:00:00+07:00',
    receivedAt: '2025-08-11T08:00:00+07:00',
    dueAt: '2025-08-15T17:00:00+07:00',
  };
  const workingTime = createWorkingTime(workingCalendar());
  const shownAt = (now: string, language: 'vi' | 'en', changed: Partial<PublicDossier> = {}): string => {
    const known = { hasService: false, nowMs: instantToMs(now), workingTime, address: '/' };
    return String(dossierView(sayIn(language), { ...dossier, ...changed }, known));
  };

  test.each([
    [
      '2025-08-13T17:00:00+07:00',
      'Còn 2 trong 5 ngày làm việc',
      '2 of 5 working days left',
      'trong hạn, còn 2 ngày làm việc',
    ],
    [
      '2025-08-15T16:30:00+07:00',
      'Còn chưa tới nửa ngày làm việc',
      'Less than half a working day left',
      'trong hạn, còn chưa tới nửa ngày làm việc',
    ],
    // On Saturday no working time has passed since, and the dossier is overdue.
    [
      '2025-08-16T09:00:00+07:00',
      'Quá hạn chưa tới nửa ngày làm việc',
      'Overdue by less than half a',
      'quá hạn chưa tới nửa ngày làm việc',
    ],
    [
      '2025-08-18T08:30:00+07:00',
      'Quá hạn chưa tới nửa ngày làm việc',
      'Overdue by less than half a',
      'quá hạn chưa tới nửa ngày làm việc',
    ],
    ['2025-08-18T17:00:00+07:00', 'Quá hạn 1 ngày làm việc', 'Overdue by 1 working day<', 'quá hạn 1 ngày làm việc'],
  ])('at %s: %s', (now, vietnamese, english, mark) => {
    expect(shownAt(now, 'vi')).toContain(`<p class="term"><span>${vietnamese}</span>`);
    expect(shownAt(now, 'en')).toContain(`<p class="term"><span>${english}`);
    // One page counts one kind of days.
    expect(shownAt(now, 'vi')).not.toMatch(/\d ngày(?! làm việc)/);
    expect(shownAt(now, 'vi')).toMatch(new RegExp(`<span class="mark (good|bad)">${mark}<`));
  });

  test.each(['supplement-required', 'payment-required'] as const)(
    'no time runs while it waits for the citizen: %s',
    (status) => {
      const shown = (statusAt: string) => shownAt('2025-08-25T17:00:00+07:00', 'vi', { status, statusAt });
      expect(shown('2025-08-12T09:00:00+07:00')).not.toMatch(/class="(term|mark)/);
      expect(shown('2025-08-19T17:00:00+07:00')).toContain('<span class="mark bad">quá hạn 2 ngày làm việc</span>');
    },
  );
});

test('every status has words in both languages, in Vietnamese those of the national table', () => {
  const national = NATIONAL_TABLES.find(({ name }) => name === 'national-status');
  expect(STATUSES.map((status) => [status, STATUS[status].name[0]])).toEqual(
    national?.entries.map(({ is, label }) => [is, label]),
  );
  for (const { name, meaning, next } of Object.values(STATUS))
    for (const [vietnamese, english] of [name, meaning, next ?? ['a', 'b']])
      expect([vietnamese === '', english === '', vietnamese === english]).toEqual([false, false, false]);
});
