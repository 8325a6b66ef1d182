import Type from 'typebox';
import {
  AgencyCode,
  AnyCode,
  closed,
  DossierCode,
  FieldCode,
  FileReference,
  Id,
  Instant,
  Line,
  Name,
  oneOf,
  Prose,
  ServiceCode,
  Url,
  Vnd,
} from './parts.ts';
import { Email, Phone } from './people.ts';

/** The statuses of a dossier, in the order of the national code table (1…10). */
export const STATUSES = [
  'submitted',
  'received',
  'refused',
  'processing',
  'supplement-required',
  'payment-required',
  'withdrawn',
  'stopped',
  'resolved',
  'returned',
] as const;
export type Status = (typeof STATUSES)[number];

export const CHANNELS = ['counter', 'online', 'post'] as const;

const optional = Type.Optional;

export const Applicant = closed({
  kind: optional(oneOf(['citizen', 'enterprise', 'state-body', 'organisation'])),
  name: Name,
  identityKind: optional(oneOf(['cccd', 'cmnd', 'passport', 'tax-code'])),
  identityNumber: optional(
    Type.String({
      minLength: 1,
      maxLength: 40,
      pattern: '^[0-9A-Z][0-9A-Z-]*$',
      description: 'identity number of letters, digits and hyphens',
      clean: 'code',
    }),
  ),
  phone: optional(Phone),
  email: optional(Email),
  address: optional(Line),
  techId: optional(Id),
});

export const DossierDocument = closed({
  id: optional(Id),
  name: optional(Prose),
  componentCode: optional(AnyCode),
  url: optional(Url),
  file: optional(FileReference),
  digitised: optional(Type.Boolean()),
  reused: optional(Type.Boolean()),
  fromNationalStore: optional(Type.Boolean()),
  deleted: optional(Type.Boolean()),
});

export const Fee = closed({
  code: optional(Id),
  name: optional(Line),
  kind: optional(oneOf(['ordinary', 'assessment', 'extension'])),
  amountVnd: optional(Vnd),
  collected: optional(oneOf(['reception', 'supplement', 'return'])),
});

export const Supplement = closed({
  id: optional(Id),
  requestedBy: optional(Name),
  content: optional(Prose),
  requestedAt: optional(Instant),
  receivedBy: optional(Name),
  receivedAt: optional(Instant),
  previousDueAt: optional(Instant),
  newDueAt: optional(Instant),
});

export const Result = closed({
  id: optional(Id),
  code: optional(AnyCode),
  name: optional(Prose),
  url: optional(Url),
  file: optional(FileReference),
});

const list = <T extends Type.TSchema>(items: T, maxItems = 1_000) => optional(Type.Array(items, { maxItems }));

/** A dossier as its owner knows it at `statusAt`. Members that are absent say nothing; they do not erase. */
export const Dossier = closed(
  {
    code: DossierCode,
    serviceCode: ServiceCode,
    serviceName: optional(Line),
    fieldCode: optional(FieldCode),
    fieldName: optional(Name),
    agencyCode: AgencyCode,
    agencyName: optional(Name),
    channel: optional(oneOf(CHANNELS)),
    status: oneOf(STATUSES),
    statusAt: Instant,
    submittedAt: optional(Instant),
    receivedAt: optional(Instant),
    dueAt: optional(Instant),
    finishedAt: optional(Instant),
    returnedAt: optional(Instant),
    refusedAt: optional(Instant),
    applicant: optional(Applicant),
    abstract: optional(Prose),
    processingUnit: optional(Name),
    note: optional(Prose),
    resultDelivery: optional(oneOf(['counter', 'post'])),
    filedAt: optional(oneOf(['national-portal', 'province'])),
    aliases: list(closed({ party: Id, code: AnyCode }), 50),
    parentCode: optional(DossierCode),
    documents: list(DossierDocument),
    fees: list(Fee),
    onlinePayment: optional(oneOf(['none', 'national-portal', 'province', 'offline'])),
    supplements: list(Supplement),
    results: list(Result),
    databases: list(Id, 100),
  },
  { title: 'Dossier', $id: 'dossier.upsert.v1' },
);
export type Dossier = Type.Static<typeof Dossier>;
