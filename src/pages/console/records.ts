import type Type from 'typebox';
import type { AnomalyShown } from '../../http/operators/anomalies.ts';
import type { BackfillPreviewShown } from '../../http/operators/backfills.ts';
import type { CodePreviewShown, EndedShown, TableShown, UnknownShown } from '../../http/operators/code-tables.ts';
import type { ComparedShown } from '../../http/operators/compared.ts';
import type { CountedShown } from '../../http/operators/counted-dossiers.ts';
import type { WholeDeliveryShown } from '../../http/operators/deliveries.ts';
import type { CurrentStatesShown } from '../../http/operators/dossiers.ts';
import type { DoubtfulShown } from '../../http/operators/doubtful.ts';
import type { DueShown } from '../../http/operators/due-dossiers.ts';
import type { FlowShown, RouteShown } from '../../http/operators/flow.ts';
import type { AuditShown, IncidentShown } from '../../http/operators/incidents.ts';
import type { JourneyShown } from '../../http/operators/journey.ts';
import type { LegalHoldShown } from '../../http/operators/legal-holds.ts';
import type { BodyShown, MessageShown, WholeMessageShown } from '../../http/operators/messages.ts';
import type { OwnKeyShown } from '../../http/operators/own-key.ts';
import type { PartyShown } from '../../http/operators/parties.ts';
import type { CauseShown, ResolvedShown, WholeCauseShown } from '../../http/operators/quarantine.ts';
import type { QueuedRecordShown, QueuedShown } from '../../http/operators/record-queue.ts';
import type { PreviewShown, ReplayedShown, ReplayShown } from '../../http/operators/replays.ts';
import type { ErasureShown, RetentionShown } from '../../http/operators/retention.ts';
import type { CodeEntryShown, DeliveryShown, WaitingShown } from '../../http/operators/shown.ts';
import type { TroubledShown } from '../../http/operators/troubled-records.ts';

/** The data of the operators' API, typed by its own schemas. */
export type Anomaly = Type.Static<typeof AnomalyShown>;
export type AuditEntry = Type.Static<typeof AuditShown>;
export type BackfillPreview = Type.Static<typeof BackfillPreviewShown>;
export type Body = Type.Static<typeof BodyShown>;
export type Cause = Type.Static<typeof CauseShown>;
export type CodeEntry = Type.Static<typeof CodeEntryShown>;
export type CodeTable = Type.Static<typeof TableShown>;
export type DoubtfulDossier = Type.Static<typeof DoubtfulShown>;
export type CodePreview = Type.Static<typeof CodePreviewShown>;
export type Compared = Type.Static<typeof ComparedShown>;
export type CountedDossier = Type.Static<typeof CountedShown>;
export type CurrentStates = Type.Static<typeof CurrentStatesShown>;
export type Delivery = Type.Static<typeof DeliveryShown>;
export type DueDossier = Type.Static<typeof DueShown>;
export type Erasure = Type.Static<typeof ErasureShown>;
export type Flow = Type.Static<typeof FlowShown>;
export type Incident = Type.Static<typeof IncidentShown>;
export type Journey = Type.Static<typeof JourneyShown>;
export type LegalHold = Type.Static<typeof LegalHoldShown>;
export type Message = Type.Static<typeof MessageShown>;
export type OwnKey = Type.Static<typeof OwnKeyShown>;
export type Party = Type.Static<typeof PartyShown>;
export type Preview = Type.Static<typeof PreviewShown>;
export type QueuedRecord = Type.Static<typeof QueuedShown>;
export type TroubledRecord = Type.Static<typeof TroubledShown>;
export type QueuedRecordInFull = Type.Static<typeof QueuedRecordShown>;
export type Retention = Type.Static<typeof RetentionShown>;
export type Replay = Type.Static<typeof ReplayShown>;
export type Replayed = Type.Static<typeof ReplayedShown>;
export type EndedService = Type.Static<typeof EndedShown>;
export type ShownRoute = Type.Static<typeof RouteShown>;
export type Resolved = Type.Static<typeof ResolvedShown>;
export type UnknownCode = Type.Static<typeof UnknownShown>;
export type Waiting = Type.Static<typeof WaitingShown>;
export type WholeCause = Type.Static<typeof WholeCauseShown>;
export type WholeDelivery = Type.Static<typeof WholeDeliveryShown>;
export type WholeMessage = Type.Static<typeof WholeMessageShown>;

/** A page of a list. */
export interface Listed<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}
