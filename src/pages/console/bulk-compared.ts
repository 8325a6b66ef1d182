import type { Say } from '../language.ts';
import { segment } from './api.ts';
import { meaningOf } from './reasons.ts';
import type { LookedUp } from './records.ts';
import { refusalText } from './refusals.ts';
import type { Visit } from './visit.ts';
import { VERDICTS, word } from './words.ts';

/** A result of one code, at one party. */
export interface Line {
  readonly code: string;
  readonly status: string;
  readonly due: string;
  readonly party: string;
  readonly delivery: number | undefined;
  readonly operation: string | undefined;
  readonly result: string;
}

/** The lines of dossiers with what their receivers have now. Other lines stay away. */
export async function comparedLines(visit: Visit, lines: readonly Line[]): Promise<readonly Line[]> {
  const sent = lines.filter(({ operation }) => operation === 'dossier.upsert.v1' || operation === undefined);
  const parties = [...new Set(sent.map(({ party }) => party))].filter((party) => party !== '');
  const found = new Map(await Promise.all(parties.map((party) => lookedUpAt(visit, party, sent))));
  return sent.map((line) => ({ ...line, result: found.get(line.party)?.(line.code) ?? line.result }));
}

/** The results of one party by code. A refusal is the result of each. */
async function lookedUpAt(
  { say, api }: Visit,
  party: string,
  lines: readonly Line[],
): Promise<[party: string, resultOf: (code: string) => string | undefined]> {
  const codes = lines.filter((line) => line.party === party).map(({ code }) => code);
  const { body, problem } = await api.post<{ readonly items: readonly LookedUp[] }>(
    `parties/${segment(party)}/look-ups`,
    { codes },
  );
  if (problem) return [party, () => refusalText(say, problem)];
  const results = new Map((body?.items ?? []).map((one) => [one.code, verdictOf(say, one)]));
  return [party, (code) => results.get(code)];
}

function verdictOf(say: Say, { verdict, reason, fields }: LookedUp): string {
  const said = word(say, VERDICTS, verdict);
  if (verdict === 'differs') {
    const nothing = say('không có', 'nothing');
    const places = fields.map(
      ({ path, ours, theirs }) =>
        `${path.slice(1)} ${say('của trục', 'ours')} ${ours || nothing}, ${say('bên nhận', 'theirs')} ${theirs || nothing}`,
    );
    return `${said}: ${places.join('; ')}`;
  }
  const meaning = reason === null ? undefined : meaningOf(reason);
  return meaning ? `${said}: ${say(meaning[0], meaning[1])}` : said;
}
