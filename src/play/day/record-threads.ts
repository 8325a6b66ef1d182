import { workingMoments } from './calendar.ts';
import type { RecordEvent, RecordPush, Thread } from './events.ts';
import { invented } from './people.ts';
import { type NumberEvent, restDossier } from './rest-items.ts';
import { single } from './rest-threads.ts';
import { createStory, type Office, type StoryStep } from './stories.ts';

type Given = Readonly<Record<string, unknown>>;

/**
 * Questions, petitions, and a finished dossier with its rating, in each of N threads. Some requests are repeated, some
 * states come in the wrong order, and some records are held or invalid.
 */
export function recordThreads(office: Office, numbered: NumberEvent, count: number): readonly Thread[] {
  return Array.from({ length: count }, () => {
    const { dice } = office;
    const kinds = [question(office), petition(office), rated(office, numbered), refused(office)];
    return kinds.map((pushes) => ({ startsAt: dice.next() * 0.9, pushes }));
  }).flat();
}

function question(office: Office): readonly RecordPush[] {
  const { dice } = office;
  const [asked, assigned, answered, published] = momentsOf(office, 4);
  const isHeld = dice.next() < 0.15;
  const common = {
    code: `H60-HD-${office.serial()}`,
    askedAt: asked,
    agencyCode: dice.pick(office.agencies).code,
    content: isHeld ? 'Tôi muốn tố cáo một cán bộ.' : 'Làm thủ tục này cần những giấy tờ gì?',
    asker: personOf(office),
  };
  const answer = { at: answered, unit: 'Phòng một cửa', content: 'Giấy tờ theo danh mục của thủ tục.' };
  const events = [
    eventOf('question', 'questions', asked, 'received', common, isHeld),
    eventOf('question', 'questions', assigned, 'assigned', common, isHeld),
    eventOf('question', 'questions', answered, 'answered', { ...common, answers: [answer] }, isHeld),
    eventOf('question', 'questions', published, 'published', { ...common, answers: [answer] }, isHeld),
  ].slice(0, dice.whole(1, 4));
  return requestsOf(office, 'questions', events);
}

function petition(office: Office): readonly RecordPush[] {
  const { dice } = office;
  const [sent, answered] = momentsOf(office, 2);
  const common = {
    code: `H60-PA-${office.serial()}`,
    sentAt: sent,
    agencyCode: dice.pick(office.agencies).code,
    content: 'Bộ phận một cửa nên có thêm ghế chờ.',
    sender: personOf(office),
  };
  const answers = [{ at: answered, content: 'Đã tiếp thu.' }];
  const events = [
    eventOf('petition', 'petitions', sent, 'received', common),
    eventOf('petition', 'petitions', answered, 'answered', { ...common, answers }),
  ];
  return requestsOf(office, 'petitions', events);
}

/** The dossier comes first, because only a finished dossier is rated. */
function rated(office: Office, numbered: NumberEvent): Thread['pushes'] {
  const story = createStory(office, ['received', 'resolved']);
  const done = restDossier(numbered, story, story.steps[1] as StoryStep);
  const dossierCode = story.code;
  const [ratedAt] = momentsOf(office, 1);
  const level = office.dice.pick(['very-satisfied', 'satisfied', 'dissatisfied']);
  const rating = { code: dossierCode, dossierCode, ratedAt, level };
  return [single(done), ...requestsOf(office, 'ratings', [eventOf('rating', 'ratings', ratedAt, 'received', rating)])];
}

/** A question without a way to answer it, among good ones. */
function refused(office: Office): readonly RecordPush[] {
  const [asked] = momentsOf(office, 1);
  const ask = (asker: object) => ({ code: `H60-HD-${office.serial()}`, askedAt: asked, content: 'Ở đâu?', asker });
  const good = eventOf('question', 'questions', asked, 'received', ask(personOf(office)));
  const bad = eventOf('question', 'questions', asked, 'received', ask({ name: 'Người không để lại địa chỉ' }));
  return [{ door: 'records', path: 'questions', form: 'array', events: [{ ...bad, fate: 'invalid' }, good] }];
}

/** One request for each event. A system without an answer, or a person who clicks twice, repeats one. */
export function requestsOf({ dice }: Office, path: string, events: readonly RecordEvent[]): readonly RecordPush[] {
  return events.flatMap((event) => {
    const push = { door: 'records', path, form: 'single', events: [event] } as const;
    return dice.next() < 0.15 ? [push, push] : [push];
  });
}

export function eventOf(
  kind: string,
  path: string,
  at: string,
  state: string,
  given: Given & { readonly code: string },
  isHeld = false,
): RecordEvent {
  const isRating = kind === 'rating';
  const item = isRating ? given : { ...given, state, stateAt: at };
  return { kind, path, code: given.code, at, state, fate: isHeld ? 'waits' : 'applied', item };
}

/** Four moments at most, in order. */
function momentsOf({ dice, days }: Office, count: number): readonly [string, string, string, string] {
  return workingMoments(dice, days, count, 8) as unknown as readonly [string, string, string, string];
}

function personOf({ dice }: Office): object {
  const { name, phone } = invented(dice);
  return { name, phone };
}
