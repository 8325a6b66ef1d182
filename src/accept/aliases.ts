import { isAheadOfTime } from '#core/dossier/event';
import { type Item, isRecord, isUpsert, type RecordItem, recordIn } from '#core/dossier/item';
import type { Sender } from '#core/dossier/ownership';
import { problem } from '#core/problem';
import { say, type Words } from '#messages/message';
import { received } from '#messages/received';
import { Dossier } from '#schemas/dossier.upsert.v1';
import type { Database } from '../database/pool.ts';
import type { Submission } from '../ledger/submission.ts';
import type { AcceptDeps } from './accept-deps.ts';
import { senderOf } from './dossiers.ts';

/** By code: its dossiers, each with the party that sent it first. */
type Holders = Map<string, Map<string, string>>;

/**
 * Decides which aliases an item may give. Leaves out those that its sender may not give, and adds the receipt number
 * that a dialect read beside the record.
 */
export async function decideAliases(
  deps: Pick<AcceptDeps, 'database' | 'ownership' | 'ownedSince'>,
  submissions: readonly Submission[],
): Promise<readonly Submission[]> {
  const owned = submissions.map((submission) => withOwnAliases(deps, submission));
  return withReceiptNumbers(deps, owned);
}

/**
 * Leaves out aliases of other parties, and codes that another party owns. An alias joins the statements under two
 * codes, so a party can give aliases only for itself.
 */
function withOwnAliases(deps: Pick<AcceptDeps, 'ownership' | 'ownedSince'>, submission: Submission): Submission {
  const sender = senderOf(deps, submission);
  if (!sender.ownership || !submission.items.some(hasAliases)) return submission;
  return { ...submission, items: submission.items.map((item) => withoutForeignAliases(item, sender)) };
}

/** The aliases of a recorded item are those that its sender was allowed to give. */
function hasAliases(item: Item): boolean {
  const read = recordIn(item);
  return read !== undefined && isUpsert(read) && read.record.aliases !== undefined && !read.recorded;
}

function withoutForeignAliases(item: Item, sender: Sender): Item {
  if (!hasAliases(item)) return item;
  if (item.kind === 'waiting' && item.ifAccepted)
    return { ...item, ifAccepted: withoutForeignAliases(item.ifAccepted, sender) as RecordItem };
  const { record, warnings, ...rest } = item as Upsert;
  const { aliases = [], ...others } = record;
  const foreign = aliases.map((alias) => whyForeign(alias, sender));
  const problems = foreign.flatMap((why, at) =>
    why === undefined ? [] : [problem(`/aliases/${at}`, 'not-owner', { why: say('alias-left-out', { why }) })],
  );
  if (problems.length === 0) return item;
  const own = aliases.filter((_, at) => foreign[at] === undefined);
  const kept = own.length > 0 ? inOrder({ ...others, aliases: own }) : others;
  return { ...rest, record: kept, warnings: [...warnings, ...problems] };
}

function whyForeign(
  alias: { readonly party: string; readonly code: string },
  { party, ownership }: Sender,
): Words | undefined {
  if (alias.party !== party) return say('alias-of-another', { party: alias.party });
  const entitled = ownership?.entitled({ code: alias.code });
  return entitled?.isConfigured && entitled.party !== party
    ? say('code-owned-by', { party: entitled.party })
    : undefined;
}

/**
 * Adds receipt numbers as aliases of their sender. A receipt number only names a dossier. If it is now a code of
 * another dossier, it joins nothing, and the sender gets a warning. If the sender did not send the dossier first, the
 * number stays in the message, because an alias is also the code by which the hub reports to a party.
 */
async function withReceiptNumbers(
  deps: Pick<AcceptDeps, 'database' | 'ownership' | 'ownedSince'>,
  submissions: readonly Submission[],
): Promise<readonly Submission[]> {
  const numbered = submissions.flatMap(({ items }) => items.flatMap((item) => recordIn(item) ?? []).filter(hasNumber));
  if (numbered.length === 0) return submissions;
  const holders = await loadHolders(deps.database, [
    ...new Set(numbered.flatMap(({ record, receiptNumber }) => [record.code, receiptNumber])),
  ]);
  return submissions.map((submission) => {
    const sender = senderOf(deps, submission);
    const items = submission.items.map((item) => {
      if (item.kind === 'waiting' && item.ifAccepted && hasNumber(item.ifAccepted))
        return { ...item, ifAccepted: withAlias(item.ifAccepted, sender, holders) };
      if (!isRecord(item) || !isUpsert(item)) return item;
      const named = hasNumber(item) ? withAlias(item, sender, holders) : item;
      holdAll(holders, named.record, submission.party);
      return named;
    });
    // By message, so that the batch in which messages arrive makes no difference.
    for (const item of items) takeOver(holders, item, sender);
    return { ...submission, items };
  });
}

type Upsert = RecordItem<'dossier.upsert.v1'>;
type Numbered = Upsert & { readonly receiptNumber: string };

function hasNumber(item: RecordItem): item is Numbered {
  return item.receiptNumber !== undefined && isUpsert(item);
}

async function loadHolders({ pool }: Database, codes: readonly string[]): Promise<Holders> {
  const { rows } = await pool.query<{ code: string; dossier: string; owner: string }>({
    name: 'load holders',
    text: `SELECT code, code AS dossier, owner FROM dossiers WHERE code = ANY($1::text[])
           UNION ALL
           SELECT a.code, d.code, d.owner FROM aliases a JOIN dossiers d ON d.code = a.dossier WHERE a.code = ANY($1::text[])`,
    values: [codes],
  });
  const holders: Holders = new Map();
  for (const { code, dossier, owner } of rows) hold(holders, code, dossier, owner);
  return holders;
}

function hold(holders: Holders, code: string, dossier: string, owner: string): void {
  holders.set(code, (holders.get(code) ?? new Map()).set(dossier, owner));
}

/** The first dossier with a code, and its owner. */
function holderOf(holders: Holders, code: string): readonly [dossier: string, owner: string] | undefined {
  return holders.get(code)?.entries().next().value;
}

/** Later items of the batch find the codes of earlier ones. */
function holdAll(holders: Holders, { code, aliases = [] }: Dossier, party: string): void {
  if (!holders.has(code)) hold(holders, code, code, party);
  const [dossier, owner] = holderOf(holders, code) ?? [code, party];
  for (const alias of aliases) hold(holders, alias.code, dossier, owner);
}

/** Later messages of the batch find the dossiers of a record from the party that is entitled to them. */
function takeOver(holders: Holders, item: Item, { party, ownership, recordedAt }: Sender): void {
  if (!isRecord(item) || !isUpsert(item) || ownership?.entitled(item.record)?.party !== party) return;
  if (isAheadOfTime(item.record.statusAt, recordedAt)) return;
  for (const dossier of holders.get(item.record.code)?.keys() ?? []) hold(holders, item.record.code, dossier, party);
}

function withAlias(item: Numbered, sender: Sender, holders: Holders): Upsert {
  const { record, receiptNumber, ...rest } = item;
  const { party } = sender;
  const [dossier, owner] = holderOf(holders, record.code) ?? [record.code, party];
  const isOne = (holders.get(record.code)?.size ?? 1) === 1;
  const isFree = [...(holders.get(receiptNumber)?.keys() ?? [])].every((holder) => holder === dossier);
  const foreign = whyForeign({ party, code: receiptNumber }, sender);
  if (!isOne || owner !== party || !isFree || foreign !== undefined) {
    const taken = isFree ? say('dossier-of-another') : say('code-of-another-dossier');
    const args = { got: received(receiptNumber), why: foreign ?? taken };
    return { ...rest, record, warnings: [...item.warnings, problem('/SoBienNhan', 'number-not-an-alias', args)] };
  }
  return {
    ...rest,
    record: inOrder({ ...record, aliases: [...(record.aliases ?? []), { party, code: receiptNumber }] }),
  };
}

/** Puts the members in the order of the schema, so that equal content is equal JSON. */
function inOrder(record: Dossier): Dossier {
  const members = Object.keys(Dossier.properties) as (keyof Dossier)[];
  return Object.fromEntries(
    members.filter((member) => record[member] !== undefined).map((member) => [member, record[member]]),
  ) as Dossier;
}
