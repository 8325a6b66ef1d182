import { Compile } from 'typebox/compile';
import type { Answered, Asked, Asker } from '../../asker.ts';
import { type Fault, type Simulator, startSimulator } from '../simulator/simulator.ts';
import { limitOf } from './bench.ts';
import { secretsIn } from './message-guarantees.ts';
import { REPLY_FAULTS } from './reply-faults.ts';
import type { Subject, Vitest } from './subject.ts';

const NO_ANSWER: readonly { readonly title: string; readonly fault: Fault }[] = [
  { title: 'a refused connection', fault: { kind: 'down', forMs: 60_000 } },
  { title: 'a connection that breaks', fault: { kind: 'reset' } },
  { title: 'a reply that does not arrive', fault: { kind: 'drop-reply' } },
  { title: 'half an answer', fault: { kind: 'half' } },
  { title: 'no answer in time', fault: { kind: 'delay', ms: 900 } },
  { title: 'status 500', fault: { kind: 'status', status: 500, body: 'error' } },
  ...REPLY_FAULTS,
];

/** An ask with these values, as the hub makes it. */
export function sampleAsk(ask: Partial<Asked> & Pick<Asked, 'question' | 'values'>): Asked {
  return {
    id: '01989d2a-0000-7000-8000-000000000001',
    officer: 'H60.01-CB-0007',
    agencyCode: 'H60.01',
    purpose: 'Kiểm tra người nộp hồ sơ đăng ký khai sinh',
    legalBasis: 'NĐ 61/2018/NĐ-CP',
    dossierCode: 'H60.01-250812-0035',
    serviceCode: '1.001193',
    ...ask,
  };
}

/** Declares the guarantees of the questions: a failure is no answer, nothing is asked twice, and no words name the person. */
export function askGuarantees(subject: Subject, { describe, test, expect }: Vitest): void {
  for (const [question, values] of Object.entries(subject.asks ?? {}))
    describe(`asking ${question}`, () => {
      test('its values fit its schema, and a record is found', () =>
        withRegister(subject, question, values, async ({ asker, settings, ask }) => {
          const asked = asker.questions(settings)[question];
          expect(asked && Compile(asked.values).Check(values)).toBe(true);
          expect(asked && Compile(asked.values).Check({ ...values, thisIsNoValue: true })).toBe(false);
          const found = await ask();
          expect(found).toMatchObject({ kind: 'found', unread: [] });
          const members = asked?.members.map((member) => member.split('.')[0]);
          expect(members).toEqual(expect.arrayContaining(Object.keys((found as { answer: object }).answer)));
        }));

      for (const { title, fault } of NO_ANSWER)
        test(`${title} is no answer, and is not asked again`, async () => {
          const usual = await requestsOf(subject, question, values);
          await withRegister(
            subject,
            question,
            values,
            async ({ partner, ask }) => {
              // Every request before the question, such as a login, passes.
              if (usual > 1) await partner.fault({ kind: 'pass', times: usual - 1 });
              await partner.fault(fault.kind === 'down' ? fault : { ...fault, forMs: 60_000 });
              expect(['unavailable', 'unknown', 'refused']).toContain((await ask()).kind);
              expect(partner.requests().length).toBeLessThanOrEqual(usual);
            },
            fault,
          );
        });

      test('words of the register contain no value and no secret', () =>
        withRegister(subject, question, values, async ({ partner, settings, ask }) => {
          const hidden = [...Object.values(values).filter((one) => typeof one === 'string'), ...secretsIn(settings)];
          for (const status of [200, 400, 403, 422, 500]) {
            const said = hidden.join(' ');
            const body = { code: -1, error_code: '-1', statusCode: '01', errorCode: '01', message: said, detail: said };
            await partner.clearFaults();
            await partner.fault({ kind: 'status', status, body, forMs: 60_000 });
            const told = JSON.stringify(await ask());
            expect(hidden.filter((value) => told.includes(value))).toEqual([]);
          }
        }));
    });
}

interface Register {
  readonly partner: Simulator;
  readonly asker: Asker<unknown>;
  readonly settings: unknown;
  ask(): Promise<Answered>;
}

async function withRegister(
  subject: Subject,
  question: string,
  values: Asked['values'],
  use: (register: Register) => Promise<void>,
  fault?: Fault,
): Promise<void> {
  const partner = await startSimulator(subject.simulator);
  const connection = subject.connect(partner.url, limitOf(fault));
  const asker = subject.adapter.asks as Asker<unknown>;
  try {
    const ask = () => asker.ask(connection, sampleAsk({ question, values }));
    await use({ partner, asker, settings: connection.settings, ask });
  } finally {
    connection.close();
    await partner.close();
  }
}

/** How many requests one undisturbed question takes, logins included. */
async function requestsOf(subject: Subject, question: string, values: Asked['values']): Promise<number> {
  let count = 0;
  await withRegister(subject, question, values, async ({ partner, ask }) => {
    await ask();
    count = partner.requests().length;
  });
  return count;
}
