import Type from 'typebox';
import { DROP_OUTCOMES, DROP_PLACES, type FileLine, fileLineOf } from '#core/dossier/file-line';
import { auditSubject } from '#core/identifiers/audit-subject';
import { maskFileName } from '#core/masking/file-name';
import type { Problem } from '#core/problem';
import { closed, Instant, oneOf } from '#schemas/parts';
import type { KeyEntry } from '../../config/config.ts';
import type { ListedDrop } from '../../ledger/dropped-files.ts';
import { requireKey } from '../auth.ts';
import { CountsShown, firstLines, LineShown, orderOf, Preview, takerOf, takeUpload, UPLOAD_DOC } from '../drops.ts';
import { jsonIn } from '../language.ts';
import { Cursor, Limit, pageBy, pageOf, TOTAL } from '../lists.ts';
import { auditRead } from '../personal-reader.ts';
import { ProblemShown } from '../problem-schema.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { idOf, none, OPS, type OperatorContext, TAG } from './request.ts';
import { maybe } from './shown.ts';

const drop = {
  id: Type.Integer(),
  party: Type.String(),
  list: Type.String(),
  file: maybe(Type.String({ description: 'null when the body was erased' })),
  firstFile: maybe(Type.String({ description: 'of a repeat: the name under which the same file was taken first' })),
  receipt: Type.String({ format: 'uuid' }),
  at: Instant,
  place: oneOf(DROP_PLACES),
  who: maybe(Type.String({ description: 'the key of an upload' })),
  outcome: Type.Enum([...DROP_OUTCOMES], { description: '`repeat`: the same file was taken before' }),
  counts: CountsShown,
};
export const DropShown = closed(drop, { title: 'DroppedFile' });
export const WholeDropShown = closed(
  {
    ...drop,
    problems: Type.Array(ProblemShown, { description: 'why the whole file is refused' }),
    lines: Type.Array(LineShown, { description: 'the rows that were not taken, or that have warnings' }),
    linesLeftOut: Type.Integer(),
  },
  { title: 'WholeDroppedFile' },
);
const MOST_LINES = 5_000;
const NAMES =
  'Names of persons in the names of files and sheets are masked, unless the key has index:personal. Then the audit records the read.';

const PATH = `${OPS}/parties/{party}/drops`;
const Page = closed({ limit: Limit, cursor: Cursor });
const Upload = closed({
  preview: Preview,
  why: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000, description: 'why, for the audit' })),
});

/** The files of parties that send tables. */
export function addDroppedFiles(add: AddRoute, hub: OperatorContext): void {
  addDropList(add, hub);
  addOneDrop(add, hub);
  addUpload(add, hub);
}

function addDropList(add: AddRoute, hub: OperatorContext): void {
  const read = queryReader(Page);
  add(
    {
      method: 'get',
      path: PATH,
      tag: TAG,
      summary: 'The files of a party, newest first, with what became of each',
      description: NAMES,
      scopes: ['ops:read'],
      query: Page,
      problems: ['not-found'],
      replies: { 200: { description: 'A page', schema: pageOf(DropShown, { total: TOTAL }) } },
    },
    async (c) => {
      const key = requireKey(c, hub.keys, 'ops:read');
      const party = c.req.param('party') ?? '';
      if (!hub.parties.has(party)) throw none('party', party);
      const { items, ...page } = await pageBy<ListedDrop, number>(hub.cursors, {
        list: `ops/drops ${party}`,
        limit: undefined,
        cursor: undefined,
        ...read(c),
        load: (many, before) => hub.ledger.drops(party, many, before),
        count: () => hub.ledger.totals.drops(party),
        placeOf: ({ id }) => id,
      });
      const show = await nameShownTo(hub, key, auditSubject('party', party));
      return jsonIn(c, { items: items.map((one) => shownDrop(hub, one, show)), ...page });
    },
  );
}

function addOneDrop(add: AddRoute, hub: OperatorContext): void {
  add(
    {
      method: 'get',
      path: `${PATH}/{id}`,
      tag: TAG,
      summary: 'One file, and each of its rows that was not taken',
      description: `Problems quote no personal data. ${NAMES}`,
      scopes: ['ops:read'],
      replies: {
        200: { description: 'The file', schema: WholeDropShown },
        404: { description: 'No such file of this party' },
      },
    },
    async (c) => {
      const key = requireKey(c, hub.keys, 'ops:read');
      const id = idOf(c, 'file');
      const party = takerOf(hub, c.req.param('party') ?? '').id;
      const found = await hub.ledger.drop(party, id);
      if (!found) throw none('file', id);
      const show = await nameShownTo(hub, key, auditSubject('party', party, `file ${id}`));
      const { lines, problems } = await rowsOf(hub, found);
      return jsonIn(c, {
        ...shownDrop(hub, found, show),
        problems,
        ...firstLines(
          lines.map((line) => ({ ...line, sheet: show(line.sheet) })),
          MOST_LINES,
        ),
      });
    },
  );
}

function addUpload(add: AddRoute, hub: OperatorContext): void {
  const read = queryReader(Upload);
  add(
    {
      method: 'post',
      path: PATH,
      tag: TAG,
      summary: 'Take a file for a party, as from its folder, or preview it',
      description: 'The audit records who took which file. A preview reads the file and stores nothing.',
      scopes: ['ops:configure'],
      query: Upload,
      ...UPLOAD_DOC,
    },
    async (c) => {
      const key = requireKey(c, hub.keys, 'ops:configure');
      const party = takerOf(hub, c.req.param('party') ?? '');
      const { preview, why = '' } = read(c);
      const isPreview = preview === 'yes';
      return takeUpload(c, hub, key.id, async (file) => {
        const order = { ...orderOf(party, file), place: 'operator', keyName: key.id, isPreview } as const;
        const subject = auditSubject('party', party.id, order.list);
        if (!isPreview) await hub.audit.write({ actor: key.id, action: 'party.file', subject, why });
        return order;
      });
    },
  );
}

type Shown = Omit<ListedDrop, 'body' | 'name'> & { readonly file: string | null; readonly firstFile: string | null };

/** How a key sees the names of files and sheets. */
type ShowName = (name: string) => string;

/** A file may have the name of a person. A key that sees it in full leaves an entry in the audit first. */
async function nameShownTo(hub: OperatorContext, { id: keyId, scopes }: KeyEntry, subject: string): Promise<ShowName> {
  const personal = scopes.includes('index:personal');
  await auditRead(hub, { keyId, personal }, { action: 'party.files-personal', subject, why: undefined });
  return personal ? (name) => name : maskFileName;
}

function shownDrop(
  { parties }: Pick<OperatorContext, 'parties'>,
  { body, name, ...row }: ListedDrop,
  show: ShowName,
): Shown {
  const stored = body && parties.get(row.party)?.adapter.drops?.stored(body())?.name;
  const first = stored === undefined ? null : show(stored);
  return { ...row, file: name === undefined ? first : show(name), firstFile: name === undefined ? null : first };
}

interface Rows {
  readonly problems: readonly Problem[];
  readonly lines: readonly FileLine[];
}

/** What the messages of the file say of its rows. */
async function rowsOf({ ledger, parties }: OperatorContext, of: ListedDrop): Promise<Rows> {
  const messages = await ledger.messagesOfDrop(of.party, of.receipt);
  const drops = parties.get(of.party)?.adapter.drops;
  const all = messages.flatMap(({ body, results }) => {
    const places = body && results.length > 0 ? drops?.stored(body())?.places : undefined;
    return results.map((result) => ({ result, place: places?.[result.index] }));
  });
  if (of.outcome === 'refused') return { problems: all.at(-1)?.result.problems ?? [], lines: [] };
  // Parts that were stored twice after a failure come first.
  const count = Object.values(of.counts).reduce((sum, one) => sum + one, 0);
  const last = count === 0 ? [] : all.slice(-count);
  return { problems: [], lines: last.flatMap(({ result, place }) => fileLineOf(result, place) ?? []) };
}
