import { type AskHub, getJson } from '../clients/hub-client.ts';
import type { Participants } from '../participants/participants.ts';
import type { Secrets } from '../stage/hub-file.ts';

export interface AskingRegisters {
  readonly hub: AskHub;
  readonly participants: Participants<'population'>;
  readonly secrets: Pick<Secrets, 'clerk' | 'ops'>;
}

/** Two invented people that the simulated database knows or not, and what it must say. */
const ASKED = [
  { identityNumber: '001099123456', name: 'Nguyễn Thị Hoàng Yến', outcome: 'found' },
  { identityNumber: '001060000009', name: 'Trần Văn Không', outcome: 'not-found' },
] as const;

interface Answer {
  readonly id?: string;
  readonly outcome?: string;
}
type Recorded = Required<Answer>;

/**
 * An officer asks the population database about two people. Each question is answered, reaches the database once, and is recorded
 * without the person.
 *
 * @returns what is wrong at the end
 */
export async function askRegisters({ hub, participants, secrets }: AskingRegisters): Promise<readonly string[]> {
  const wrong: string[] = [];
  const ids: string[] = [];
  for (const { outcome, ...values } of ASKED) {
    const { status, body } = await hub({
      path: ADDRESS,
      key: secrets.clerk,
      body: JSON.stringify({ ...ORDER, values }),
    });
    const answer = body as Answer;
    if (status !== 200 || answer.outcome !== outcome)
      wrong.push(`the population database answered ${answer.outcome ?? status}, expected ${outcome}`);
    ids.push(answer.id ?? '');
  }
  const { items } = await getJson<{ readonly items: readonly Recorded[] }>(hub, '/api/v1/ops/asks', secrets.ops);
  const recorded = items.map(({ id }) => id).toReversed();
  if (recorded.join() !== ids.join())
    wrong.push(`the hub recorded ${recorded.length} questions, expected ${ids.length}`);
  if (ASKED.some(({ identityNumber }) => JSON.stringify(items).includes(identityNumber)))
    wrong.push('the record of a question names the person');
  // Its simulator plays other systems too.
  const { entries } = await participants.population.book();
  const count = entries.filter(({ kind }) => kind === 'ask').reduce((sum, one) => sum + one.count, 0);
  if (count !== ASKED.length) wrong.push(`the population database was asked ${count} times, expected ${ASKED.length}`);
  return wrong;
}

const ADDRESS = '/api/v1/parties/population/ask/person';
const ORDER = {
  officer: 'H60.01-CB-0007',
  agencyCode: 'H60.01',
  serviceCode: '1.001193',
  purpose: 'Kiểm tra người nộp hồ sơ đăng ký khai sinh',
  legalBasis: 'NĐ 118/2025/NĐ-CP',
};
