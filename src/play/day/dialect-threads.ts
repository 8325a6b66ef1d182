import { dialectDossier, dialectStep } from './dialect-items.ts';
import type { DialectPush, PartnerEvent, Thread } from './events.ts';
import type { NumberEvent } from './rest-items.ts';
import { createStory, type Office, type StoryStep } from './stories.ts';

/** The portal takes no more steps in one call. */
const STEPS_A_CALL = 10;

/**
 * A one-stop system that spoke to the national portal until yesterday and has only changed its address: it creates, is
 * told "đã tồn tại" elsewhere, and so sends everything again as an update; then the whole history of steps in the
 * order of time, with an artificial first one; then the record as it is now.
 */
export function legacy(office: Office, numbered: NumberEvent, count: number): Thread {
  const stories = Array.from({ length: count }, () => createStory(office));
  const created = stories.map((story) => dialectDossier(numbered, story, story.steps[0] as StoryStep));
  const steps = stories.flatMap((story) =>
    story.steps.filter((step) => step.status !== 'submitted').map((step) => dialectStep(numbered, story, step)),
  );
  // Where the record says nothing new it is the same record, and is told again.
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
  return { door: 'national-portal', service: 'DongBoHoSoMC', isUpdating, events: events };
}

export function calls(steps: readonly PartnerEvent[]): readonly DialectPush[] {
  return Array.from({ length: Math.ceil(steps.length / STEPS_A_CALL) }, (_, at) => ({
    door: 'national-portal' as const,
    service: 'CapNhatTienDoHoSoMC' as const,
    events: steps.slice(at * STEPS_A_CALL, (at + 1) * STEPS_A_CALL),
  }));
}
