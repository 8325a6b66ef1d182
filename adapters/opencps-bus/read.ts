import {
  type CodesOf,
  cleanCode,
  type Item,
  inEnglish,
  isDossierCode,
  type Problem,
  parseInstant,
  parseVnd,
  problem,
  readItem,
  received,
  say,
  textOf,
  unmappedCause,
  type WaitingItem,
} from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { momentIn } from './moments.ts';
import { type Settings, STATUSES_ENTERED, statusOf } from './settings.ts';

export type Row = Readonly<Record<string, unknown>>;

/** The dossier in a body of `SyncDocument`. */
export function readDocument(row: Row, settings: Settings, codes: CodesOf): Item {
  const code = cleanCode(textOf(row.DocCode) ?? '');
  const given = textOf(row.Status) ?? '';
  if (!/^\d{1,9}$/.test(given)) return { kind: 'invalid', problems: [notAStatus(given)] };
  const { standing, at, member } = standingOf(row);
  const status = statusOf(codes, standing);
  if (status === undefined && isDossierCode(code)) return unknownStanding(row, code, standing);
  const { fees, problems } = feesOf(row.DocFees);
  const item = withTheirNames(
    readItem('dossier.upsert.v1', recordOf(row, settings, { code, status, at, fees }), true),
    member,
  );
  if (problems.length === 0) return withUnreadKind(item, row);
  return { kind: 'invalid', code, problems: [...(item.kind === 'invalid' ? item.problems : []), ...problems] };
}

/** Warns about an `ApplicantsType` without a kind in the record: 4 is "other". */
function withUnreadKind(item: Item, { ApplicantsType }: Row): Item {
  const given = textOf(ApplicantsType);
  if (item.kind !== 'record' || given === undefined || Object.hasOwn(APPLICANTS, given)) return item;
  const expected = say('one-of', { list: Object.keys(APPLICANTS) });
  const warning = problem('/ApplicantsType', 'unexpected', { got: received(given), expected });
  return { ...item, warnings: [...item.warnings, warning] };
}

function notAStatus(given: string): Problem {
  return problem('/Status', 'unexpected', { got: received(given), expected: say('one-of', { list: ['1', '2'] }) });
}

interface Standing {
  readonly standing: string;
  readonly at: string | undefined;
  /** The member with the moment. */
  readonly member: string;
}

/** What the flags of OpenCPS mean together. An office that returned the result leaves `Status` at 1. */
function standingOf(row: Row): Standing {
  const at = (standing: string, member: string): Standing => ({ standing, member, at: momentIn(row[member]) });
  if (isYes(row.IsReturned)) return at('returned', 'ReturnedDate');
  const status = textOf(row.Status) ?? '';
  if (status === '2') return at(isYes(row.IsSuccess) ? '2' : 'failed', 'SuccessDate');
  if (status !== '1') return at(status, 'DateReceived');
  if (momentIn(row.FinishedDate) !== undefined) return at('finished', 'FinishedDate');
  if (!isYes(row.HasSupplementary)) return at('1', 'DateReceived');
  return supplementStanding(row);
}

function supplementStanding({ Supplementaries, RequireSupplementaryDate, DateReceived }: Row): Standing {
  const asked = rowsIn(Supplementaries);
  const open = asked.filter(({ IsReceived }) => !isYes(IsReceived));
  const isOpen = asked.length === 0 || open.length > 0;
  const moments = isOpen
    ? open.map(({ SendDate }) => momentIn(SendDate))
    : asked.map(({ ReceivedDate }) => momentIn(ReceivedDate));
  const last = moments
    .flatMap((text) => parseInstant(text ?? '') ?? [])
    .sort()
    .at(-1);
  const standing = isOpen ? 'supplement' : 'supplemented';
  if (last !== undefined) return { standing, at: last, member: 'Supplementaries' };
  const requiredAt = momentIn(RequireSupplementaryDate);
  if (requiredAt !== undefined) return { standing, at: requiredAt, member: 'RequireSupplementaryDate' };
  return { standing, at: momentIn(DateReceived), member: 'Supplementaries' };
}

function recordOf(
  row: Row,
  settings: Settings,
  own: {
    readonly code: string;
    readonly status: string | undefined;
    readonly at: string | undefined;
    readonly fees: object | undefined;
  },
): object {
  const isReturned = own.status === 'returned';
  const name = textOf(row.OrganInchargeName);
  return {
    code: own.code,
    serviceCode: textOf(row.DocTypeCode),
    serviceName: textOf(row.DocTypeName),
    agencyCode: agencyIn(row, settings),
    agencyName: name,
    status: own.status,
    statusAt: own.at,
    receivedAt: momentIn(row.DateReceived),
    dueAt: momentIn(row.DateAppointed),
    finishedAt: momentIn(row.SuccessDate) ?? momentIn(row.FinishedDate),
    // OpenCPS writes the term of the dossier here until the result is returned.
    returnedAt: isReturned ? momentIn(row.ReturnedDate) : undefined,
    applicant: {
      kind: APPLICANTS[textOf(row.ApplicantsType) ?? ''],
      name: textOf(row.CitizenName),
      identityNumber: textOf(row.ApplicantsId),
      phone: textOf(row.Phone),
      email: textOf(row.Email),
      address: textOf(row.Address),
    },
    abstract: textOf(row.Compendium),
    processingUnit: textOf(row.ProcessingOrganName),
    note: textOf(row.Note) ?? textOf(row.SuccessNote) ?? textOf(row.ReturnNote),
    resultDelivery: { '0': 'counter', '1': 'post' }[textOf(row.ReturnedType) ?? ''],
    documents: Array.isArray(row.Attachments) ? rowsIn(row.Attachments).map(documentOf) : undefined,
    fees: own.fees,
    supplements: Array.isArray(row.Supplementaries) ? rowsIn(row.Supplementaries).map(supplementOf) : undefined,
  };
}

const APPLICANTS: Readonly<Record<string, string>> = { '1': 'citizen', '2': 'enterprise', '3': 'organisation' };

function agencyIn(row: Row, { agencies = {} }: Settings): string | undefined {
  const names = [textOf(row.OrganInchargeIdLevel1), textOf(row.OrganInchargeName)].flatMap((name) => name ?? []);
  const mapped = names.find((name) => Object.hasOwn(agencies, name));
  return mapped === undefined ? textOf(row.OrganInchargeIdLevel1) : agencies[mapped];
}

/** The scheme of the bus spells the id with a small L. OpenCPS itself writes it right. */
function documentOf(one: Row): object {
  return {
    id: textOf(one.AttachmentId) ?? textOf(one.Attachmentld),
    name: textOf(one.AttachmentName),
    file: referenceIn(one),
    deleted: isYes(one.IsDeleted) || undefined,
  };
}

/** A hub with files puts a reference in the place of each base64. */
function referenceIn({ Base64 }: Row): string | undefined {
  const text = textOf(Base64);
  return text?.startsWith('sha256:') ? text : undefined;
}

function supplementOf(one: Row): NonNullable<Dossier['supplements']>[number] {
  return {
    id: textOf(one.SupplementaryId),
    requestedBy: textOf(one.SendUser),
    content: textOf(one.SendComment),
    requestedAt: momentIn(one.SendDate),
    receivedBy: textOf(one.ReceivedUser),
    receivedAt: isYes(one.IsReceived) ? momentIn(one.ReceivedDate) : undefined,
    previousDueAt: momentIn(one.OldDateAppointed),
    newDueAt: momentIn(one.NewDateAppointed),
  } as NonNullable<Dossier['supplements']>[number];
}

/** A body without a list of fees says nothing of them. An empty list removes them. */
function feesOf(given: unknown): { readonly fees?: readonly object[]; readonly problems: readonly Problem[] } {
  if (!Array.isArray(given)) return { problems: [] };
  const problems: Problem[] = [];
  const fees = rowsIn(given).map(({ FeeName, Price }, at) => {
    const price = parseVnd(typeof Price === 'number' ? Price : textOf(Price));
    if ('error' in price) problems.push({ path: `/DocFees/${at}/Price`, ...inEnglish(price.error) });
    return { name: textOf(FeeName), amountVnd: 'error' in price ? null : price.amountVnd };
  });
  return { fees, problems };
}

/**
 * The step in a body of `UpdateDocumentTraces`. It says nothing of the state, and OpenCPS writes it during the work. So it
 * moves no dossier that has ended.
 */
export function readTrace(row: Row): Item {
  const record = {
    code: cleanCode(textOf(row.DocCode) ?? ''),
    at: momentIn(row.DateCreated),
    status: 'processing',
    actor: textOf(row.UserName) ?? textOf(row.OrganizationInchargeName),
    title: textOf(row.UserPosition),
    unit: textOf(row.OrganizationInchargeName),
    content: textOf(row.Comment) ?? 'Cập nhật xử lý',
  };
  return withTheirNames(readItem('dossier.progress.v1', record, false, ['status']), 'DateCreated');
}

const THEIR_NAMES: Readonly<Record<string, string>> = {
  code: 'DocCode',
  serviceCode: 'DocTypeCode',
  serviceName: 'DocTypeName',
  agencyCode: 'OrganInchargeIdLevel1',
  agencyName: 'OrganInchargeName',
  receivedAt: 'DateReceived',
  dueAt: 'DateAppointed',
  finishedAt: 'SuccessDate',
  returnedAt: 'ReturnedDate',
  'applicant/name': 'CitizenName',
  'applicant/identityNumber': 'ApplicantsId',
  'applicant/phone': 'Phone',
  'applicant/email': 'Email',
  'applicant/address': 'Address',
  abstract: 'Compendium',
  processingUnit: 'ProcessingOrganName',
  at: 'DateCreated',
  actor: 'UserName',
  content: 'Comment',
};

/** Problems at the members that the sender knows. */
function withTheirNames(item: Item, moment: string): Item {
  if (item.kind !== 'invalid') return item;
  const problems = item.problems.map((one) => {
    const name = one.path.slice(1);
    const theirs = name === 'statusAt' ? moment : THEIR_NAMES[name];
    return theirs === undefined ? one : { ...one, path: `/${theirs}` };
  });
  // One moment of theirs may be two of ours.
  return { ...item, problems: [...new Map(problems.map((one) => [`${one.path} ${one.message}`, one])).values()] };
}

function unknownStanding({ Attachments }: Row, code: string, standing: string): Item {
  const words = say('no-table-entry', { table: STATUSES_ENTERED, got: received(standing) });
  const problems: readonly Problem[] = [{ path: '/Status', ...inEnglish(words) }];
  return {
    kind: 'waiting',
    operation: 'dossier.upsert.v1',
    code,
    cause: unmappedCause(STATUSES_ENTERED, standing, words),
    problems,
    files: filesIn(Attachments),
  };
}

function filesIn(attachments: unknown): WaitingItem['files'] {
  const files = rowsIn(attachments).flatMap((one, at) => {
    const reference = referenceIn(one);
    return reference === undefined ? [] : [{ path: `/Attachments/${at}/Base64`, reference }];
  });
  return files.length > 0 ? files : undefined;
}

/** What OpenCPS and its scheme write for true. */
function isYes(value: unknown): boolean {
  return value === true || /^(?:true|1)$/i.test(textOf(value) ?? '');
}

function rowsIn(value: unknown): readonly Row[] {
  return (Array.isArray(value) ? value : []).filter(
    (one): one is Row => typeof one === 'object' && one !== null && !Array.isArray(one),
  );
}

export const unreadable: Item = { kind: 'invalid', problems: [problem('', 'body-unreadable')] };
