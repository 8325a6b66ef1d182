import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import Type from 'typebox';
import { EFFECTS } from '#core/dossier/effect';
import type { FileLine } from '#core/dossier/file-line';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { closed, Instant, oneOf } from '#schemas/parts';
import type { Party } from '../parties/party.ts';
import type { FileOrder, TakenFile } from '../pull/take-file.ts';
import type { AppContext } from './app-context.ts';
import { requireKey } from './auth.ts';
import { type DoorContext, note, partyOf } from './doors/door.ts';
import { IdempotencyKey, idempotencyKeyIn, OUTCOMES } from './doors/rest/request.ts';
import { inLanguage, languageOf } from './language.ts';
import { Refusal } from './problem.ts';
import { ProblemShown } from './problem-schema.ts';
import { type AddRoute, queryReader } from './route.ts';
import { attachment, readUpload, type Upload } from './upload.ts';

const CSV = 'text/csv';
/** The lines of an answer. The report as CSV has all. */
const MOST_LINES = 1_000;

export const LineShown = closed(
  {
    sheet: Type.String({ description: 'empty for CSV and XML' }),
    row: Type.Optional(
      Type.Integer({ description: 'the row of the sheet, or the position in the list of an XML file, from 1' }),
    ),
    code: Type.Optional(Type.String({ description: 'the code of the dossier, if the row has one' })),
    outcome: oneOf(OUTCOMES),
    problems: Type.Array(ProblemShown, {
      description: '`path` names the cell: `/sheet1/E4` is the cell E4 of the first sheet',
    }),
  },
  { title: 'FileLine' },
);
export const CountsShown = Type.Record(oneOf(EFFECTS), Type.Integer(), {
  description: 'rows by what they did; all 0 for a refused file',
});

export const FileReportShown = closed(
  {
    receipt: Type.String({ format: 'uuid', description: 'the same for the same file' }),
    file: Type.String(),
    list: Type.String({ description: 'the list of the settings to which the file belongs by its name' }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    at: Instant,
    outcome: Type.Enum(['taken', 'repeat', 'refused', 'readable'], {
      description:
        '`repeat`: the same file was taken before; `refused`: nothing of it was taken; `readable`: a preview, nothing was stored',
    }),
    read: Type.Integer({ description: 'rows with records' }),
    counts: CountsShown,
    problems: Type.Array(ProblemShown, { description: 'why the whole file is refused' }),
    lines: Type.Array(LineShown, {
      description: `the first ${MOST_LINES} rows that were not taken, or that have warnings`,
    }),
    linesLeftOut: Type.Integer({ description: 'further rows; the report as CSV has them' }),
  },
  {
    title: 'FileReport',
    examples: [
      {
        receipt: '6f1c2a3e-8d4b-8c11-9a20-3b5f6e7d8c90',
        file: 'ho-so-thang-8.xlsx',
        list: 'dossiers',
        sha256: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
        at: '2025-08-13T10:00:00+07:00',
        outcome: 'taken',
        read: 2,
        counts: { new: 1, changed: 0, same: 0, stale: 0, quarantined: 0, invalid: 1 },
        problems: [],
        lines: [
          {
            sheet: 'Tháng 8',
            row: 4,
            code: 'H60.09-250812-0013',
            outcome: 'invalid',
            problems: [
              {
                path: '/sheet1/E4',
                code: 'cell-number',
                args: { got: '1099123456' },
                message:
                  'the cell has the number 1099123456, expected a text: leading zeros may be lost; format the column as text and enter the value again',
              },
            ],
          },
        ],
        linesLeftOut: 0,
      },
    ],
  },
);

/** How a file is uploaded, for parties and for operators. */
export const UPLOAD_DOC = {
  headers: {
    'Content-Disposition': Type.String({
      description: "the name of the file: attachment; filename*=UTF-8''ho-so.xlsx; a form names its file itself",
    }),
  },
  body: {
    '*/*': Type.String({ format: 'binary' }),
    'multipart/form-data': closed({
      file: Type.String({ format: 'binary', description: 'the only file of the form' }),
    }),
  },
  replies: {
    200: { description: 'A repeat, or a preview', schema: FileReportShown, also: { [CSV]: Type.String() } },
    201: { description: 'The file was taken', schema: FileReportShown, also: { [CSV]: Type.String() } },
    422: {
      description: 'Nothing of the file was taken, or the settings take no file of this name',
      schema: FileReportShown,
    },
  },
  problems: ['not-found'],
} as const;
export const Preview = Type.Optional(
  Type.Enum(['yes', 'no'], { description: 'yes: reads the file and stores nothing' }),
);
const Query = closed({ preview: Preview });

/** `POST /api/v1/parties/{party}/drops`: a file of a party that sends tables. */
export function addDrops(add: AddRoute, hub: DoorContext & Pick<AppContext, 'keys'>): void {
  const read = queryReader(Query);
  add(
    {
      method: 'post',
      path: '/api/v1/parties/{party}/drops',
      tag: 'Doors',
      summary: 'Push a file with many dossiers: Excel, OpenDocument, CSV or XML',
      description:
        'For a party whose settings describe its tables (`file-drop`). The hub reads the whole file before it stores anything, as it does with files of a folder. The reply says what became of each row. The same file again changes nothing. If no reply arrives, send the file again. With `Accept: text/csv` the reply is the report that the hub writes into a folder, in Vietnamese.',
      scopes: ['dossier:write'],
      query: Query,
      ...UPLOAD_DOC,
      problems: ['not-found', 'key-reused'],
      headers: { ...UPLOAD_DOC.headers, 'Idempotency-Key': IdempotencyKey },
    },
    async (c) => {
      note(c, { door: 'drop', party: c.req.param('party') ?? '' });
      const key = requireKey(c, hub.keys, 'dossier:write');
      note(c, { keyName: key.id });
      const party = takerOf(hub, partyOf(c, hub, key));
      const isPreview = read(c).preview === 'yes';
      const idempotencyKey = idempotencyKeyIn(c);
      return takeUpload(c, hub, key.id, async (file) => ({
        ...orderOf(party, file),
        place: 'upload',
        keyName: key.id,
        idempotencyKey,
        isPreview,
      }));
    },
  );
}

/** @throws Refusal 404 for a party that sends no files */
export function takerOf({ parties }: Pick<AppContext, 'parties'>, id: string): Party {
  const party = parties.get(id);
  if (!party?.adapter.drops) throw new Refusal('not-found', say('party-without-files', { got: received(id) }));
  return party;
}

/** @throws Refusal 422 if the settings take no file of this name */
export function orderOf(party: Party, { name, bytes }: Upload): Pick<FileOrder, 'party' | 'file' | 'list'> {
  const list = party.adapter.drops?.listOf(party.settings, name);
  if (list === undefined)
    throw new Refusal('invalid', say('drop-of-no-list', { got: received(name), party: party.id }));
  return { party, file: { name, bytes }, list };
}

/** Reads the uploaded file, takes it, and answers with its report. */
export function takeUpload(
  c: Context,
  hub: Pick<AppContext, 'bodies' | 'maxBodyBytes' | 'pipeline' | 'leaving'>,
  keyId: string,
  orderFor: (upload: Upload) => Promise<FileOrder>,
): Promise<Response> {
  return hub.bodies.ofKey(keyId, async (load) => {
    const upload = await readUpload(c, hub.maxBodyBytes, load);
    const order: FileOrder = {
      ...(await orderFor(upload)),
      signal: hub.leaving,
      turn: (read) => load.work(upload.bytes.length, read),
      onWait: (giveUp) => load.onEvicted(giveUp),
    };
    const taken = await hub.pipeline.files.take(order);
    if (taken.kind === 'other-body')
      throw new Refusal('key-reused', say('idempotency-key-reused', { got: received(order.idempotencyKey ?? '') }));
    if (taken.kind === 'being-stored')
      throw new Refusal('unavailable', say('file-being-stored'), { headers: { 'Retry-After': '10' } });
    return replyOf(c, upload.name, taken);
  });
}

const STATUS = { taken: 201, repeat: 200, readable: 200, refused: 422 } as const;

function replyOf(
  c: Context,
  file: string,
  { csv, lines, ...report }: Extract<TakenFile, { readonly kind: 'done' }>,
): Response {
  const { kind: _, ...shown } = report;
  const status = STATUS[report.outcome];
  if (accepts(c, { header: 'Accept', supports: ['application/json', CSV], default: 'application/json' }) === CSV)
    return c.body(csv(), status, {
      'Content-Type': `${CSV}; charset=utf-8`,
      'Content-Disposition': attachment(`${file}.report.csv`),
    });
  const language = languageOf(c);
  const listed = { ...shown, file, ...firstLines(lines, MOST_LINES) };
  return c.json(inLanguage(language, listed), status, { 'Content-Language': language });
}

/** The first lines, and how many more there are. */
export function firstLines(lines: readonly FileLine[], most: number) {
  return { lines: lines.slice(0, most), linesLeftOut: Math.max(lines.length - most, 0) };
}
