import type { Dice } from './dice.ts';
import type { PartnerEvent, RestPush, Thread } from './events.ts';
import { type NumberEvent, restDossier, restStep } from './rest-items.ts';
import { createStory, type Office, type StoryStep, SUPPLEMENT } from './stories.ts';

/** Dossiers sent one by one while officers work on them: most requests of a day. */
export function singles(office: Office, numbered: NumberEvent, count: number): readonly Thread[] {
  const { dice } = office;
  return Array.from({ length: count }, () => {
    const story = createStory(office);
    const pushes = [single(restDossier(numbered, story, story.steps[0] as StoryStep))];
    const later = story.steps.slice(1).map((step) => restStep(numbered, story, step));
    if (later.length > 1 && dice.next() < 0.15) swapLast(later);
    pushes.push(...later.map((event) => single(event)));
    const last = story.steps.at(-1) as StoryStep;
    const isOver = last.status === 'resolved' || last.status === 'returned';
    if (isOver && later.length > 0 && dice.next() < 0.4)
      pushes.push(single(restDossier(numbered, story, last, RESULT)));
    return { startsAt: dice.next() * 0.9, pushes: pushes.flatMap((push) => repeated(dice, push)) };
  });
}

const RESULT = {
  note: 'Đã trả bản điện tử',
  fees: [{ name: 'Lệ phí', kind: 'ordinary', amountVnd: 20_000, collected: 'reception' }],
};

/** A system that got no answer, or a person who clicks twice. Some systems send an idempotency key. */
function repeated(dice: Dice, push: RestPush): readonly RestPush[] {
  const chance = dice.next();
  if (chance < 0.08) return [push, push];
  if (chance > 0.04 + 0.08) return [push];
  const keyed = { ...push, idempotencyKey: `mc-${push.events[0]?.id}` };
  return [keyed, keyed];
}

function swapLast(list: PartnerEvent[]): void {
  const [before, last] = list.splice(-2) as [PartnerEvent, PartnerEvent];
  list.push(last, before);
}

export function single(event: PartnerEvent): RestPush {
  return { door: 'rest', path: event.kind === 'dossier' ? 'dossiers' : 'progress', form: 'single', events: [event] };
}

/** A system that sends in batches: all new dossiers in one request, then step by step the dossiers that have one. */
export function gathered(office: Office, numbered: NumberEvent, count: number, form: 'array' | 'lines'): Thread {
  const stories = Array.from({ length: count }, () => createStory(office));
  const longest = Math.max(...stories.map((story) => story.steps.length));
  const waves = Array.from({ length: longest }, (_, at) =>
    stories.flatMap((story) => {
      const step = story.steps[at];
      if (!step) return [];
      return at === 0 ? restDossier(numbered, story, step) : restStep(numbered, story, step);
    }),
  );
  const pushes = waves.map(
    (events, at): RestPush => ({ door: 'rest', path: at === 0 ? 'dossiers' : 'progress', form, events }),
  );
  // After a broken connection the system sends the whole request again.
  const again = pushes.slice(0, form === 'array' ? 1 : 0);
  return { startsAt: office.dice.next() * 0.5, pushes: [...pushes, ...again] };
}

/** Dossiers whose papers were incomplete at first. */
export function supplemented(office: Office, numbered: NumberEvent, count: number): readonly Thread[] {
  return Array.from({ length: count }, () => {
    const story = createStory(office, SUPPLEMENT);
    const [received, checked, asked, answered, resolved, returned] =
      story.steps as readonly StoryStep[] as Six<StoryStep>;
    const request = { id: '1', requestedBy: asked.actor, content: asked.content, requestedAt: asked.at };
    const answer = { ...request, receivedAt: answered.at, newDueAt: story.dueAt };
    const events = [
      restDossier(numbered, story, received),
      restStep(numbered, story, checked),
      restDossier(numbered, story, asked, { supplements: [request] }),
      restDossier(numbered, story, answered, { supplements: [answer] }),
      restStep(numbered, story, resolved),
      restStep(numbered, story, returned),
    ];
    return { startsAt: office.dice.next() * 0.9, pushes: events.map(single) };
  });
}

type Six<T> = readonly [T, T, T, T, T, T];

/** Civil-status dossiers: the counter receives them, the ministry reports the rest. */
export function forMinistry(office: Office, numbered: NumberEvent, count: number): readonly Thread[] {
  return Array.from({ length: count }, () => {
    const story = createStory(office, ['received']);
    const event = restDossier(numbered, story, story.steps[0] as StoryStep);
    return { startsAt: office.dice.next() * 0.6, pushes: [{ ...single(event), isEntered: true }] };
  });
}
