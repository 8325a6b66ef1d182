import { msToInstant, parseInstant, textAt } from '#kit';
import { ministryRegistry, type SimulatorContext, type SimulatorReply, type SimulatorRequest } from '#kit/testing';

type Registry = ministryRegistry.Registry;
type Held = ministryRegistry.Held;
type HeldStep = ministryRegistry.HeldStep;
type Context = SimulatorContext<Registry>;
type Handle = (request: SimulatorRequest, context: Context) => SimulatorReply;

/** The token that the ministry accepts. */
const TOKEN = 'khoa-thu-nghiem';
const { advance, changedIn, file, receive } = ministryRegistry;

/** A ministry with one address per dossier. HTTP statuses report the result of a call. */
export function agriculture(stepMs: number) {
  const course: ministryRegistry.Course = { statuses: ['RECEIVED', 'IN_PROGRESS', 'DONE'], stepMs };
  const route = (method: string, path: string, handle: Handle) => ({
    method,
    path: `/api/v2${path}`,
    handle(request: SimulatorRequest, context: Context): SimulatorReply {
      if (request.headers.authorization !== `Bearer ${TOKEN}`) return error(401, 'Khóa không đúng');
      advance(context.state, course, context.now());
      return handle(request, context);
    },
  });
  return [
    route('GET', '/dossiers', ({ query }, { state }) =>
      listed(query, state.dossiers.values(), ({ code, status, atMs }) => ({
        code,
        status,
        statusAt: msToInstant(atMs),
      })),
    ),
    route('GET', '/steps', ({ query }, { state }) => listed(query, state.steps, stepRow)),
    route('GET', '/dossiers/{code}', ({ params }, { state }) => {
      const held = state.dossiers.get(params.code as string);
      return held ? { body: { dossier: rowOf(held) } } : error(404, 'Không tìm thấy hồ sơ');
    }),
    route('GET', '/dossiers/{code}/steps', ({ params }, { state }) => ({
      body: state.steps.filter(({ code }) => code === params.code).map(stepRow),
    })),
    route('POST', '/dossiers', ({ json }, context) => {
      const given = json();
      const code = textAt(given, 'code');
      if (code === undefined) return error(422, 'Thiếu mã hồ sơ');
      return context.state.dossiers.has(code) ? error(409, 'Hồ sơ đã có') : take(code, given, context);
    }),
    route('POST', '/papers', takePapers),
    route('PUT', '/dossiers/{code}', ({ params, json }, context) => take(params.code as string, json(), context)),
    route('POST', '/dossiers/{code}/steps', ({ params, json }, context) =>
      takeStep(params.code as string, json(), context),
    ),
    route('POST', '/applications', ({ json }, { state, now }) => {
      const given = json();
      const held = heldOf(textAt(given, 'code') ?? '', given, now());
      if (!held) return error(422, 'Thiếu trạng thái hoặc thời điểm');
      file(state, { ...held, filedMs: now() }, course, now());
      return { status: 201, body: {} };
    }),
  ];
}

/** A form with the papers of a dossier, each name beside its file. */
function takePapers(request: SimulatorRequest, { ledger, state, now }: Context): SimulatorReply {
  const parts = partsOf(request);
  const valuesOf = (name: string): readonly string[] => parts.flatMap((one) => (one.name === name ? one.text : []));
  const [code = ''] = valuesOf('code');
  const files = parts.filter(({ file }) => file !== undefined);
  if (code === '' || files.length === 0) return error(422, 'Thiếu mã hồ sơ hoặc tệp');
  if (state.steps.some((step) => step.code === code && step.content === PAPERS)) return error(409, 'Hồ sơ đã có');
  state.steps.push({ ...NO_STEP, code, content: PAPERS, atMs: now(), changedMs: now() });
  ledger.record('papers', code, { names: valuesOf('ten'), files: files.map(({ file, text }) => ({ file, text })) });
  return { status: 201, body: { receipt: `NN-${code}` } };
}

const PAPERS = 'papers';
const NO_STEP = { status: '', actor: '', unit: '' };

/** The parts of a form (RFC 7578). `file`: the name of the file in a part. */
function partsOf({ headers, body }: SimulatorRequest) {
  const [, boundary = ''] = /^multipart\/form-data; *boundary=(\S+)$/.exec(headers['content-type'] ?? '') ?? [];
  if (boundary === '') return [];
  const sections = body.toString('latin1').split(`--${boundary}`).slice(1, -1);
  return sections.map((section) => {
    const end = section.indexOf('\r\n\r\n');
    const head = section.slice(0, end);
    const text = Buffer.from(section.slice(end + 4, -2), 'latin1').toString();
    return { name: /name="([^"]*)"/.exec(head)?.[1] ?? '', file: /filename="([^"]*)"/.exec(head)?.[1], text };
  });
}

function take(code: string, given: unknown, { state, ledger, now }: Context): SimulatorReply {
  const held = heldOf(code, given, now());
  if (!held) return error(422, 'Thiếu trạng thái hoặc thời điểm');
  if (held.name.length > 100) return error(422, `Tên người nộp ${held.name} vượt quá 100 ký tự`);
  receive(state, held);
  ledger.record('dossier', code, given);
  return { status: 201, body: { receipt: `NN-${code}` } };
}

function takeStep(code: string, given: unknown, { state, ledger, now }: Context): SimulatorReply {
  const at = parseInstant(textAt(given, 'at') ?? '');
  if (at === undefined) return error(422, 'Thiếu thời điểm');
  const text = (name: string): string => textAt(given, name) ?? '';
  const step = { code, status: text('status'), actor: text('officer'), content: text('content'), unit: '' };
  state.steps.push({ ...step, atMs: Date.parse(at), changedMs: now() });
  ledger.record('progress', code, given);
  return { status: 201, body: { receipt: `NN-${code}-${state.steps.length}` } };
}

function error(status: number, detail: string): SimulatorReply {
  const headers = { 'content-type': 'application/problem+json; charset=utf-8' };
  return { status, headers, body: JSON.stringify({ title: 'Không thực hiện được', status, detail }) };
}

/** A page by cursor. The cursor is the position in the list. */
function listed<T extends { readonly changedMs: number }>(
  query: URLSearchParams,
  rows: Iterable<T>,
  show: (row: T) => object,
): SimulatorReply {
  const [from, to] = ['updatedFrom', 'updatedTo'].map((end) => parseInstant(query.get(end) ?? ''));
  if (from === undefined || to === undefined) return error(422, 'Thiếu khoảng thời gian');
  const found = changedIn(rows, Date.parse(from), Date.parse(to));
  const at = Number(query.get('cursor') ?? 0);
  const end = at + Number(query.get('limit') ?? 50);
  const next = end < found.length ? { next: String(end) } : {};
  return { body: { items: found.slice(at, end).map(show), ...next } };
}

function heldOf(code: string, given: unknown, nowMs: number): Held | undefined {
  const text = (path: string): string => textAt(given, path) ?? '';
  const at = parseInstant(text('statusAt'));
  if (code === '' || text('status') === '' || at === undefined) return undefined;
  return {
    code,
    service: text('procedure.code'),
    serviceName: text('procedure.name'),
    agency: text('agency'),
    name: text('applicant.name'),
    identity: text('applicant.identityNumber'),
    phone: text('applicant.phone'),
    abstract: text('summary'),
    fee: '120000',
    fees: (given as { fees?: unknown }).fees,
    status: text('status'),
    atMs: Date.parse(at),
    changedMs: nowMs,
  };
}

/** A row repeats only part of what the ministry received: neither a fee nor the time of receipt. */
function rowOf(held: Held): object {
  const { filedMs } = held;
  return {
    code: held.code,
    procedure: { code: held.service, name: held.serviceName },
    agency: held.agency,
    status: held.status,
    statusAt: msToInstant(held.atMs),
    receivedAt: filedMs !== undefined ? msToInstant(filedMs) : undefined,
    applicant: { name: held.name, identityNumber: held.identity, phone: held.phone },
    summary: held.abstract,
    fees: filedMs === undefined ? held.fees : [{ name: 'Phí thẩm định', amount: Number(held.fee) }],
  };
}

function stepRow({ code, status, atMs, actor, unit, content }: HeldStep): object {
  return { code, at: msToInstant(atMs), status, officer: actor, unit, content };
}
