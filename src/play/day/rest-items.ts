import type { Status } from '#schemas/dossier.upsert.v1';
import type { Fate, PartnerEvent } from './events.ts';
import type { Story, StoryStep } from './stories.ts';

/** Numbers an event, so that the play recognises a repetition. */
export type NumberEvent = (event: Omit<PartnerEvent, 'id'>) => PartnerEvent;

export function createNumbering(): NumberEvent {
  let id = 0;
  return (event) => ({ ...event, id: ++id });
}

const HANDED_IN: ReadonlySet<Status> = new Set(['submitted', 'refused']);

/** A dossier in the REST door's form at one step of its story, plus the members of `more`. */
export function restDossier(
  numbered: NumberEvent,
  story: Story,
  step: StoryStep,
  more: object = {},
  fate: Fate = 'applied',
): PartnerEvent {
  const { code, service, agency, applicant, channel, dueAt } = story;
  const [first] = story.steps as readonly [StoryStep];
  const received = story.steps.find(({ status, at }) => !HANDED_IN.has(status) && at <= step.at);
  const end = (status: Status): string | undefined =>
    story.steps.find((one) => one.status === status && one.at <= step.at)?.at;
  const item = {
    code,
    serviceCode: service.code,
    serviceName: service.name,
    fieldCode: service.fieldCode,
    fieldName: service.fieldName,
    agencyCode: agency.code,
    agencyName: agency.name,
    channel,
    status: step.status,
    statusAt: step.at,
    submittedAt: channel === 'online' ? first.at : undefined,
    receivedAt: received?.at,
    dueAt: received && dueAt,
    refusedAt: end('refused'),
    finishedAt: end('resolved'),
    returnedAt: end('returned'),
    applicant: { kind: 'citizen', identityKind: 'cccd', ...applicant },
    abstract: `Đề nghị giải quyết: ${service.name}`,
    processingUnit: agency.name,
    resultDelivery: 'counter',
    filedAt: 'province',
    onlinePayment: 'none',
    ...more,
  };
  return numbered({ party: 'one-stop', kind: 'dossier', code, at: step.at, status: step.status, fate, item });
}

/** A step in the REST door's form. */
export function restStep(
  numbered: NumberEvent,
  { code }: Story,
  step: StoryStep,
  fate: Fate = 'applied',
): PartnerEvent {
  const { at, status, actor, title, unit, content } = step;
  const item = { code, at, status, actor, title, unit, content };
  return numbered({ party: 'one-stop', kind: 'progress', code, at, status, fate, actor, item });
}
