import { dialectDossier, dialectStep } from './dialect-items.ts';
import { calls, records } from './dialect-threads.ts';
import type { PartnerEvent, Push, Thread } from './events.ts';
import { type NumberEvent, restDossier, restStep } from './rest-items.ts';
import { single } from './rest-threads.ts';
import { createStory, type Office, type Story, type StoryStep } from './stories.ts';

/** A name in an old encoding or a decomposed form, and its correct reading. */
export interface Repair {
  readonly code: string;
  readonly name: string;
}

export interface Odd {
  readonly threads: readonly Thread[];
  readonly repairs: readonly Repair[];
  /** Dossiers of a service that no catalogue lists: visible in the index, and held before the national portal. */
  readonly ofUnknownService: readonly string[];
}

const COURSE = ['received', 'processing', 'resolved', 'returned'] as const;

/** The faults of an ordinary day. */
export function oddities(office: Office, numbered: NumberEvent): Odd {
  const repairs: Repair[] = [];
  const story = (): Story => createStory(office, COURSE);
  const thread = (...pushes: Push[]): Thread => ({ startsAt: office.dice.next() * 0.8, pushes });
  const unknown = [unknownService(office, story()), unknownService(office, story())];
  const threads = [
    ...[story(), story(), story()].map((one) => thread(...early(numbered, one))),
    ...[false, true].map((reversed) => thread(...sameSecond(numbered, story(), reversed))),
    thread(...olderRecord(numbered, story())),
    thread(...blanksInCode(numbered, story())),
    thread(...unmapped(numbered, story(), story())),
    thread(...badItems(numbered, [story(), story(), story()])),
    thread(...badLines(numbered, [story(), story()])),
    thread(...badDate(numbered, [story(), story()])),
    ...unknown.map((one) => thread(single(firstOf(numbered, one)), single(restStep(numbered, one, at(one, 1))))),
    ...NAMES.map(([sent, name]) => {
      const one = story();
      repairs.push({ code: one.code, name });
      return thread(single(firstOf(numbered, { ...one, applicant: { ...one.applicant, name: sent } })));
    }),
  ];
  return { threads, repairs, ofUnknownService: unknown.map(({ code }) => code) };
}

/** TCVN3 (the .VnTime fonts), UTF-8 read as Latin-1, and decomposed letters. */
const NAMES: readonly (readonly [string, string])[] = [
  ['NguyÔn V¨n An', 'Nguyễn Văn An'],
  [Buffer.from('Trần Thị Bình').toString('latin1'), 'Trần Thị Bình'],
  ['Lê Thị Hường'.normalize('NFD'), 'Lê Thị Hường'],
];

function at(story: Story, index: number): StoryStep {
  return story.steps[index] as StoryStep;
}

function firstOf(numbered: NumberEvent, story: Story): PartnerEvent {
  return restDossier(numbered, story, at(story, 0));
}

/** Steps that arrive before their dossier. */
function early(numbered: NumberEvent, story: Story): readonly Push[] {
  return [single(restStep(numbered, story, at(story, 1), 'released')), single(firstOf(numbered, story))];
}

/** Two steps in the same second: the further one counts, in either order of arrival. */
function sameSecond(numbered: NumberEvent, story: Story, reversed: boolean): readonly Push[] {
  const steps = [at(story, 1), { ...at(story, 2), at: at(story, 1).at }].map((step) => restStep(numbered, story, step));
  return [firstOf(numbered, story), ...(reversed ? steps.reverse() : steps)].map(single);
}

/** An older record with new details, after the dossier has moved on. */
function olderRecord(numbered: NumberEvent, story: Story): readonly Push[] {
  const corrected = restDossier(numbered, story, at(story, 0), { note: 'Bổ sung ghi chú khi tiếp nhận' });
  return [firstOf(numbered, story), restStep(numbered, story, at(story, 2)), corrected].map(single);
}

function blanksInCode(numbered: NumberEvent, story: Story): readonly Push[] {
  const event = firstOf(numbered, story);
  return [single({ ...event, item: { ...(event.item as object), code: ` ${story.code.toLowerCase()}\u00a0` } })];
}

/** No code table has status 11. A new dossier and a step of a known one both wait for a person. */
function unmapped(numbered: NumberEvent, unknown: Story, known: Story): readonly Push[] {
  return [
    records('False', [dialectDossier(numbered, unknown, at(unknown, 0), { TrangThaiHoSo: '11' }, 'waits')]),
    records('False', [dialectDossier(numbered, known, at(known, 0))]),
    ...calls([
      dialectStep(numbered, known, at(known, 1)),
      dialectStep(numbered, known, at(known, 2), { TrangThai: '11' }, 'waits'),
    ]),
  ];
}

/** Nothing is known of its service but the code. */
function unknownService({ dice }: Office, story: Story): Story {
  const code = `1.99${String(dice.whole(0, 9_999)).padStart(4, '0')}`;
  return { ...story, service: { code, inForce: true } as Story['service'] };
}

const BAD = [{ statusAt: '2026-02-30T08:00:00+07:00' }, { status: 'done' }, { colour: 'red' }];

/** One bad item never spoils the others in its batch. */
function badItems(numbered: NumberEvent, stories: readonly Story[]): readonly Push[] {
  const events = stories.flatMap((story, index) => [
    firstOf(numbered, story),
    restDossier(numbered, { ...story, code: `${story.code}9` }, at(story, 0), BAD[index], 'invalid'),
  ]);
  return [{ door: 'rest', path: 'dossiers', form: 'array', events }];
}

function badLines(numbered: NumberEvent, stories: readonly Story[]): readonly Push[] {
  const good = stories.map((story) => firstOf(numbered, story));
  const broken = numbered({ ...(good[0] as PartnerEvent), fate: 'invalid', item: '{"code": "H60.01-25' });
  return [
    {
      door: 'rest',
      path: 'dossiers',
      form: 'lines',
      events: [good[0] as PartnerEvent, broken, good[1] as PartnerEvent],
    },
  ];
}

function badDate(numbered: NumberEvent, [good, bad]: readonly Story[]): readonly Push[] {
  const events = [
    dialectDossier(numbered, good as Story, at(good as Story, 0)),
    dialectDossier(numbered, bad as Story, at(bad as Story, 0), { NgayTiepNhan: '20261332080000' }, 'invalid'),
  ];
  return [records('False', events)];
}
