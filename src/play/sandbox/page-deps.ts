import axios from 'axios';
import { type AskHub, createHubClient } from '../clients/hub-client.ts';
import { patient } from '../clients/reading.ts';
import { DEMO_NAMES, type DemoName } from '../demo/demo-stage.ts';
import type { OwnSettings, Secrets } from '../stage/hub-file.ts';
import type { Stage } from '../stage/stage.ts';
import { pushingCases, receivingCases } from './cases.ts';
import type { SandboxDoor } from './door.ts';
import { keysOf, newestMessages, workWith } from './hub-view.ts';
import type { SandboxDeps } from './page.ts';
import { type Sample, samplesOf } from './samples.ts';

/** A sandbox that runs. */
export interface Running {
  readonly url: string;
  /** The same in all rounds, so that clients need no new settings. */
  readonly secrets: Secrets;
  readonly door: SandboxDoor;
  readonly more: NonNullable<OwnSettings['more']>;
  readonly signal: AbortSignal;
  /** Undefined while the hub starts. */
  round?: Round | undefined;
}

/** From one reset to the next. */
export interface Round {
  readonly stage: Stage<DemoName>;
  readonly folder: string;
  reset(): void;
}

/** With a digit for each sample they fill the four digits of a code. */
const NUMBERS = 1_000;

/** What the page needs of a running sandbox. */
export function depsOf(running: Running): SandboxDeps {
  const { url, secrets, door, more } = running;
  const pushing = ['one-stop', 'one-stop-legacy'];
  const parties = [...new Set([...pushing, ...DEMO_NAMES, ...Object.keys(more.parties ?? {})])];
  let number = Math.floor(Math.random() * NUMBERS);
  let about: string | undefined;
  return {
    url,
    parties,
    partners: DEMO_NAMES,
    keys: () => (running.round ? keysOf(running.round.folder) : []),
    samples: async () => samplesOf({ secrets, session: await logIn(running), number, about, nowMs: Date.now() }),
    messages: async (language) => (running.round ? newestMessages(asking(running), secrets.ops, language) : []),
    async cases(party) {
      if (!running.round) return [];
      const pushes = door.pushes.filter((push) => push.party === party);
      const work = await workWith(asking(running), secrets.ops, party);
      return pushing.includes(party) || pushes.length > 0 ? pushingCases(pushes) : receivingCases(work);
    },
    async send(sample) {
      number = (number + 1) % NUMBERS;
      if (sample.id === 'dossiers') about = (JSON.parse(sample.body) as { code: string }).code;
      return sent(url, sample);
    },
    badDayAtDoor: ({ faults }) => faults.forEach(door.add),
    async badDayAtPartner(partner, { faults }) {
      await running.round?.stage.participants[partner as DemoName].fault(...faults);
    },
    isUp: () => running.round !== undefined,
    reset() {
      about = undefined;
      running.round?.reset();
    },
  };
}

function asking({ round, signal }: Running): AskHub {
  return patient(createHubClient(round?.stage.url ?? '', signal), signal);
}

/** A session of the national dialect for the samples. */
async function logIn({ round, url, secrets }: Running): Promise<string> {
  if (!round) return '';
  const account = { username: 'one-stop', password: secrets['one-stop'] };
  const { data } = await axios.post<{ session?: string }>(`${url}/mapi/login`, account, { proxy: false });
  return data.session ?? '';
}

/** Sends a sample as its reader would. Returns the status and the body of the answer. */
async function sent(url: string, { path, headers, body }: Sample): Promise<string> {
  try {
    const answer = await axios.post<string>(`${url}${path}`, body, {
      headers: { ...headers },
      responseType: 'text',
      transformRequest: [(data) => data],
      transformResponse: [(data) => data],
      proxy: false,
      validateStatus: () => true,
    });
    return `${answer.status}\n${answer.data}`;
  } catch (error) {
    return (error as Error).message;
  }
}
