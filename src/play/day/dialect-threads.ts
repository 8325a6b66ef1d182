import { dialectDossier, dialectStep } from './dialect-items.ts';
import type { DialectPush, PartnerEvent, Thread } from './events.ts';
import type { NumberEvent } from './rest-items.ts';
import { createStory, type Office, type StoryStep } from './stories.ts';

/** The portal accepts at most this many steps in a call. */
const STEPS_A_CALL = 10;

/**
 * A one-stop system that used to speak to the national portal and only changed its address. It creates dossiers, gets "đã tồn
 * tại" for known ones and then sends all again as updates. Next come all steps ordered by time, with an artificial first one,
 * and last the current record.
 */
export function legacy(office: Office, numbered: NumberEvent, count: number): Thread {
  const stories = Array.from({ length: count }, () => createStory(office));
  const created = stories.map((story) => dialectDossier(numbered, story, story.steps[0] as StoryStep));
  const steps = stories.flatMap((story) =>
    story.steps.filter((step) => step.status !== 'submitted').map((step) => dialectStep(numbered, story, step)),
  );
  // A record without news is the same record, sent again.
  const now = stories.map((story, at) => {
    const last = story.steps.at(-1) as StoryStep;
    return story.steps.length === 1 ? (created[at] as PartnerEvent) : dialectDossier(numbered, story, last);
  });
  return {
    startsAt: office.dice.next() * 0.7,
    pushes: [records('False', created), records('True', created.slice(0, 3)), ...calls(steps), records('True', now)],
  };
}

export function records(isUpdating: 'True' | 'False', events: readonly PartnerEvent[]): DialectPush {
  return { door: 'national-portal', service: 'DongBoHoSoMC', isUpdating, events };
}

export function calls(steps: readonly PartnerEvent[]): readonly DialectPush[] {
  return Array.from({ length: Math.ceil(steps.length / STEPS_A_CALL) }, (_, at) => ({
    door: 'national-portal' as const,
    service: 'CapNhatTienDoHoSoMC' as const,
    events: steps.slice(at * STEPS_A_CALL, (at + 1) * STEPS_A_CALL),
  }));
}
