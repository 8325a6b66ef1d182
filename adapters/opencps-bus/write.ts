import type { Connection, Outgoing } from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { writeMoment } from './moments.ts';
import type { Settings } from './settings.ts';

type Members = Readonly<Record<string, unknown>>;

const APPLICANTS: Readonly<Record<string, number>> = { citizen: 1, enterprise: 2, organisation: 3 };
const OTHER_APPLICANT = 4;
/** What the converter of OpenCPS writes for every fee. */
const FEE_TYPE_OF_OPENCPS = 4;

/** The body of `SyncDocument`. Members that the bus requires and the hub lacks are blank, as OpenCPS leaves them. */
export function writeDocument(
  item: Outgoing<'dossier.upsert.v1'>,
  { settings, files }: Pick<Connection<Settings>, 'settings' | 'files'>,
): Members {
  const { record, code, service, agency } = item;
  const { applicant, status } = record;
  const { feeType = FEE_TYPE_OF_OPENCPS } = settings;
  const moment = (instant: string | undefined): string => writeMoment(instant, settings);
  return {
    DocTypeCode: record.serviceCode,
    DocTypeName: record.serviceName ?? service?.name ?? '',
    DocCode: code,
    CitizenName: applicant?.name ?? '',
    ApplicantsId: applicant?.identityNumber ?? '',
    ApplicantsType: APPLICANTS[applicant?.kind ?? ''] ?? OTHER_APPLICANT,
    Address: applicant?.address ?? '',
    Email: applicant?.email ?? '',
    Phone: applicant?.phone ?? '',
    Compendium: record.abstract ?? '',
    DateReceived: moment(record.receivedAt ?? record.submittedAt),
    DateAppointed: moment(record.dueAt),
    ...endOf(record, moment),
    ReturnNote: '',
    ReturnedType: record.resultDelivery === 'post' ? 1 : 0,
    ProcessingOrganName: record.processingUnit ?? record.agencyName ?? agency?.name ?? '',
    HasSupplementary: status === 'supplement-required',
    Note: record.note ?? '',
    Attachments: (record.documents ?? []).map((one) => attachmentOf(one, files)),
    // A fee whose amount nobody knows is not free: without a price rather than with 0.
    DocFees: (record.fees ?? []).map(({ name = '', amountVnd }) => ({
      FeeName: name,
      FeeType: feeType,
      Price: amountVnd ?? undefined,
    })),
    Supplementaries: (record.supplements ?? []).map((one) => ({
      SupplementaryId: one.id,
      SendUser: one.requestedBy ?? '',
      SendComment: one.content ?? '',
      SendDate: moment(one.requestedAt),
      ReceivedUser: one.receivedBy ?? '',
      ReceivedDate: moment(one.receivedAt),
      IsReceived: one.receivedAt !== undefined,
      OldDateAppointed: moment(one.previousDueAt),
      NewDateAppointed: moment(one.newDueAt),
    })),
    OrganInchargeIdLevel1: record.agencyCode,
    OrganInchargeName: record.agencyName ?? agency?.name ?? '',
  };
}

const ENDED_WITHOUT_RESULT: readonly string[] = ['refused', 'withdrawn'];

/** How far the dossier is. OpenCPS writes refused and withdrawn as Status 1 with a date of the end. */
function endOf(record: Dossier, moment: (instant: string | undefined) => string): Members {
  const { status, statusAt, finishedAt, returnedAt } = record;
  const isReturned = status === 'returned';
  const isSuccess = status === 'resolved' || isReturned;
  const hasResult = isSuccess || status === 'stopped';
  const isEnded = hasResult || ENDED_WITHOUT_RESULT.includes(status);
  const endedAt = finishedAt ?? (isReturned ? undefined : statusAt);
  return {
    IsSuccess: isSuccess,
    SuccessDate: moment(hasResult ? endedAt : undefined),
    SuccessNote: '',
    IsReturned: isReturned,
    ReturnedDate: moment(isReturned ? (returnedAt ?? statusAt) : undefined),
    FinishedDate: isEnded ? moment(endedAt ?? statusAt) : undefined,
    Status: hasResult ? 2 : 1,
  };
}

type Document = NonNullable<Dossier['documents']>[number];

function attachmentOf({ id, name, file, deleted = false }: Document, files: Connection['files']): Members {
  const isNumber = /^\d{1,15}$/.test(id ?? '');
  return {
    AttachmentId: isNumber ? Number(id) : id,
    AttachmentName: name ?? '',
    IsDeleted: deleted,
    Base64: file === undefined || deleted ? undefined : files.base64(file),
    IsVerified: true,
  };
}

/** The body of `UpdateDocumentTraces`. OpenCPS always writes `Status` 0. */
export function writeTrace(
  { record, code, dossier, agency }: Outgoing<'dossier.progress.v1'>,
  settings: Settings,
): Members {
  return {
    // OpenCPS writes its own number here. The hub has the code alone.
    DocumentId: code,
    DocCode: code,
    UserName: record.actor,
    UserPosition: record.title ?? '',
    DateCreated: writeMoment(record.at, settings),
    Comment: record.content,
    Status: 0,
    OrganizationInchargeIdLevel1: dossier?.agencyCode ?? '',
    OrganizationInchargeName: dossier?.agencyName ?? agency?.name ?? record.unit ?? '',
  };
}
