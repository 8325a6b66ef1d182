import type { Outgoing } from '../../sender.ts';
import type { Found, Guarantee } from './guarantee.ts';
import { PERSONAL } from './samples.ts';
import type { Subject } from './subject.ts';

/** Guarantees about what is sent and returned: order, letters, and no personal data. */
export const messageGuarantees: readonly Guarantee[] = [
  {
    id: 'outcome-per-item',
    title: 'there are as many outcomes as items',
    async run({ bench, expect }) {
      await bench(async ({ partner, send, sample, batch }) => {
        const items = Array.from({ length: Math.min(batch, 3) }, (_, at) => sample(at + 1));
        expect(await send(...items)).toMatchObject(items.map(() => ({ kind: 'delivered' })));
        await partner.fault({ kind: 'reset', forMs: 60_000 });
        expect(await send(...items)).toHaveLength(items.length);
      });
    },
  },
  {
    id: 'order',
    title: 'two items of one dossier arrive in order',
    async run({ bench, expect }) {
      await bench(async ({ partner, send, sample, batch, onePerDossier }) => {
        const [first, second] = [sample(1, 'lần thứ nhất'), sample(1, 'lần thứ hai', true)];
        const outcomes =
          batch > 1 && !onePerDossier
            ? await send(first, second)
            : [...(await send(first)), ...(await send({ ...second, known: true }))];
        expect(outcomes.map(({ kind }) => kind)).toEqual(['delivered', 'delivered']);
        const places = ['lần thứ nhất', 'lần thứ hai'].map((mark) => placeOf(partner.ledger.entries(), mark));
        // A partner that takes only the first version of a dossier never sees the second.
        expect(places[1] === -1 || (places[0] as number) <= (places[1] as number)).toBe(true);
      });
    },
  },
  {
    id: 'nfc',
    title: 'text in NFD arrives as NFC',
    async run({ bench, expect }) {
      await bench(async ({ partner, send, sample }) => {
        const outgoing = JSON.parse(JSON.stringify(sample()).normalize('NFD')) as Outgoing;
        expect(await send(outgoing)).toMatchObject([{ kind: 'delivered' }]);
        const taken = JSON.stringify(partner.ledger.entries());
        expect(taken).toBe(taken.normalize('NFC'));
      });
    },
  },
  {
    id: 'privacy',
    title: 'outcomes hold no secret and no applicant, stored calls no secret, even if quoted',
    async run({ subject, operation, bench, fromEachRequest, expect }) {
      const secrets = await bench(async ({ connection }) => secretsIn(connection.settings));
      const hidden = [...(operation.startsWith('dossier.') ? Object.values(PERSONAL) : []), ...secrets];
      const isClean = ({ outcome, wires }: Found): void => {
        const told = JSON.stringify(outcome);
        expect(hidden.filter((value) => told.includes(value))).toEqual([]);
        // A stored call has the applicant anyway, in its request. The hub seals it, and masks it for most readers.
        expect(wires).not.toEqual([]);
        const stored = wires.map(({ url, request, reply }) => `${url} ${request} ${reply}`).join('\n');
        expect(secrets.filter((secret) => stored.includes(secret))).toEqual([]);
      };
      for (const { status, body } of quotes(subject, hidden.join(' ')))
        for (const doubt of [false, true]) await fromEachRequest({ kind: 'status', status, body }, isClean, doubt);
    },
  },
];

function placeOf(entries: readonly unknown[], mark: string): number {
  return entries.findIndex((entry) => JSON.stringify(entry).includes(mark));
}

/** Refusals that quote our request, in the forms that partners use. */
export function quotes(subject: Pick<Subject, 'refusal'>, text: string): readonly { status: number; body: unknown }[] {
  const all = {
    type: 'about:blank',
    title: text,
    detail: text,
    error: text,
    error_description: text,
    code: -1,
    message: text,
    error_code: -1,
    errorCode: '500',
    errorDescription: text,
    errors: text,
    statusDescription: text,
    result: [],
    problems: [{ path: '/applicant', message: text }],
  };
  const usual = [200, 400, 401, 403, 404, 409, 422, 500].flatMap((status) => [
    { status, body: { ...all, status: status === 200 ? 0 : status } },
    { status, body: text },
  ]);
  return [...(subject.refusal ? [subject.refusal(text)] : []), ...usual];
}

export function secretsIn(settings: unknown): string[] {
  return Object.entries(settings as Record<string, unknown>)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one): [string, unknown] => [name, one]))
    .filter(([name, value]) => typeof value === 'string' && /password|secret|token|key/i.test(name) && !isUrl(value))
    .map(([, value]) => value as string);
}

function isUrl(value: unknown): boolean {
  return /^https?:/.test(String(value));
}
