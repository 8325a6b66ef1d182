import type { Dice } from './dice.ts';
import type { RestPush, Thread, Told } from './events.ts';
import { restDossier, restStep, type Teller } from './rest-items.ts';
import { createStory, type Office, type StoryStep, SUPPLEMENT } from './stories.ts';

/** Dossiers that are told one by one as they are worked on: most requests of a day. */
export function singles(office: Office, tell: Teller, count: number): readonly Thread[] {
  const { dice } = office;
  return Array.from({ length: count }, () => {
    const story = createStory(office);
    const pushes = [single(restDossier(tell, story, story.steps[0] as StoryStep))];
    const later = story.steps.slice(1).map((step) => restStep(tell, story, step));
    if (later.length > 1 && dice.next() < 0.15) swapLast(later);
    pushes.push(...later.map((told) => single(told)));
    const last = story.steps.at(-1) as StoryStep;
    const isOver = last.status === 'resolved' || last.status === 'returned';
    if (isOver && later.length > 0 && dice.next() < 0.4) pushes.push(single(restDossier(tell, story, last, RESULT)));
    return { startsAt: dice.next() * 0.9, pushes: pushes.flatMap((push) => repeated(dice, push)) };
  });
}

const RESULT = {
  note: 'Đã trả bản điện tử',
  fees: [{ name: 'Lệ phí', kind: 'ordinary', amountVnd: 20_000, collected: 'reception' }],
};

/** A system that got no answer, or a person who presses the button twice; some systems send a key for it. */
function repeated(dice: Dice, push: RestPush): readonly RestPush[] {
  const chance = dice.next();
  if (chance < 0.08) return [push, push];
  if (chance > 0.04 + 0.08) return [push];
  const keyed = { ...push, idempotencyKey: `mc-${push.told[0]?.id}` };
  return [keyed, keyed];
}

function swapLast(list: Told[]): void {
  const [before, last] = list.splice(-2) as [Told, Told];
  list.push(last, before);
}

export function single(told: Told): RestPush {
  return { door: 'rest', path: told.kind === 'dossier' ? 'dossiers' : 'progress', form: 'single', told: [told] };
}

/** A system that sends what has gathered: all new dossiers in one request, then step by step those that have one. */
export function gathered(office: Office, tell: Teller, count: number, form: 'array' | 'lines'): Thread {
  const stories = Array.from({ length: count }, () => createStory(office));
  const longest = Math.max(...stories.map((story) => story.steps.length));
  const waves = Array.from({ length: longest }, (_, at) =>
    stories.flatMap((story) => {
      const step = story.steps[at];
      if (!step) return [];
      return at === 0 ? restDossier(tell, story, step) : restStep(tell, story, step);
    }),
  );
  const pushes = waves.map(
    (told, at): RestPush => ({ door: 'rest', path: at === 0 ? 'dossiers' : 'progress', form, told }),
  );
  // What was sent when the line broke is sent again whole.
  const again = pushes.slice(0, form === 'array' ? 1 : 0);
  return { startsAt: office.dice.next() * 0.5, pushes: [...pushes, ...again] };
}

/** Dossiers whose papers were not enough at first. */
export function supplemented(office: Office, tell: Teller, count: number): readonly Thread[] {
  return Array.from({ length: count }, () => {
    const story = createStory(office, SUPPLEMENT);
    const [received, checked, asked, answered, resolved, returned] =
      story.steps as readonly StoryStep[] as Six<StoryStep>;
    const request = { id: '1', requestedBy: asked.actor, content: asked.content, requestedAt: asked.at };
    const answer = { ...request, receivedAt: answered.at, newDueAt: story.dueAt };
    const told = [
      restDossier(tell, story, received),
      restStep(tell, story, checked),
      restDossier(tell, story, asked, { supplements: [request] }),
      restDossier(tell, story, answered, { supplements: [answer] }),
      restStep(tell, story, resolved),
      restStep(tell, story, returned),
    ];
    return { startsAt: office.dice.next() * 0.9, pushes: told.map(single) };
  });
}

type Six<T> = readonly [T, T, T, T, T, T];

/** Civil-status dossiers: received at the counter; the ministry says the rest. */
export function forMinistry(office: Office, tell: Teller, count: number): readonly Thread[] {
  return Array.from({ length: count }, () => {
    const story = createStory(office, ['received']);
    const told = restDossier(tell, story, story.steps[0] as StoryStep);
    return { startsAt: office.dice.next() * 0.6, pushes: [{ ...single(told), isEntered: true }] };
  });
}
