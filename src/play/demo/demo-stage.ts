import { BUS, FILED_AT, LAND, PARTNERS, REGISTER, SERVICES, SUBSCRIBER } from '../participants/participants.ts';
import type { Stage } from '../stage/stage.ts';
import type { RunFolder } from './run-folder.ts';

/** The systems that take part in the demo's day. */
export const DEMO_NAMES = [...PARTNERS, ...FILED_AT, ...SERVICES, REGISTER, LAND, BUS, SUBSCRIBER] as const;
export type DemoName = (typeof DEMO_NAMES)[number];

export interface DemoStage extends Stage<DemoName> {
  readonly folder: RunFolder;
}
