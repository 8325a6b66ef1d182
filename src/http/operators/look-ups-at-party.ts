import Type from 'typebox';
import { auditSubject } from '#core/identifiers/audit-subject';
import { cleanCode } from '#core/identifiers/identifiers';
import { closed } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import type { AddRoute } from '../route.ts';
import { Code, none, OPS, type OperatorContext, orderReader, TAG } from './request.ts';
import { maybe } from './shown.ts';

const VERDICTS = ['agrees', 'differs', 'absent', 'behind', 'pending', 'untold', 'not-asked', 'never-sent'] as const;

export const LookedUpShown = closed(
  {
    code: Type.String(),
    verdict: Type.Enum([...VERDICTS], {
      description:
        'agrees; differs: see fields; absent: it accepted the dossier and no longer has it; behind: it has an older version; pending: a delivery ' +
        'is under way, or the dossier changed meanwhile; untold: its answer does not say; not-asked: see reason; never-sent: it took no delivery of this dossier',
    }),
    reason: maybe(
      Type.String({
        description:
          'the reason of the failed look-up, as of an attempt; or paused, maintenance, no-look-up (the adapter has none), not-in-time',
      }),
    ),
    fields: Type.Array(closed({ path: Type.String(), ours: Type.String(), theirs: Type.String() }), {
      description: 'what differs, by the names of the party; values that may be personal are masked',
    }),
  },
  { title: 'LookedUp' },
);

const MOST = 200;

/** Looks dossiers up at a party now. Nothing changes there or here. */
export function addLookUpsAtParty(
  add: AddRoute,
  { keys, audit, parties, compareAtParty }: Pick<OperatorContext, 'keys' | 'audit' | 'parties' | 'compareAtParty'>,
): void {
  const Order = closed({ codes: Type.Array(Code, { minItems: 1, maxItems: MOST }) });
  const read = orderReader(Order);
  add(
    {
      method: 'post',
      path: `${OPS}/parties/{party}/look-ups`,
      tag: TAG,
      summary: 'Compare dossiers with what the party has now',
      description:
        `Looks up to ${MOST} dossiers up at the party, and compares each with the delivery that the hub would send. It changes nothing, ` +
        'keeps to the rate limit of the party, and ends after 60 seconds. The audit records the order with its dossiers, before the first call.',
      scopes: ['ops:replay'],
      body: { 'application/json': Order },
      replies: {
        200: {
          description: 'One result for each code, in the order of the list',
          schema: closed({ items: Type.Array(LookedUpShown) }),
        },
        404: { description: 'No such party' },
      },
    },
    async (c) => {
      const { id } = requireKey(c, keys, 'ops:replay');
      const party = c.req.param('party') ?? '';
      const codes = [...new Set((await read(c)).codes.map(cleanCode))];
      if (!parties.has(party)) throw none('party', party);
      // Before the calls, so that none is without an entry, also if this process ends meanwhile.
      await audit.write({
        actor: id,
        action: 'party.look-up',
        subject: auditSubject('party', party),
        why: `${codes.length}: ${codes.join(' ')}`,
      });
      const findings = (await compareAtParty(party, codes)) ?? [];
      const byCode = new Map(findings.map((one) => [one.code, one]));
      const items = codes.map((code) => {
        const { verdict = 'never-sent', reason = null, fields = [] } = byCode.get(code) ?? {};
        return { code, verdict, reason, fields };
      });
      return c.json({ items });
    },
  );
}
