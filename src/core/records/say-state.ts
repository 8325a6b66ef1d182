import { say, type Words } from '#messages/message';

const STATES: Readonly<Record<string, Words>> = {
  received: say('state-received'),
  held: say('state-held'),
  assigned: say('state-assigned'),
  answered: say('state-answered'),
  published: say('state-published'),
  refused: say('state-refused'),
  withdrawn: say('state-withdrawn'),
};

/** The name of a record's state, in either language. A state without one, such as that of a new kind, is shown as it is. */
export function sayState(state: string): Words | string {
  return STATES[state] ?? state;
}
