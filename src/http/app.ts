import { type Context, Hono } from 'hono';
import { accepts } from 'hono/accepts';
import type { LedgerReader } from '../ledger/read.ts';
import type { Telemetry } from '../observe/telemetry.ts';
import type { Pipeline } from '../pipeline.ts';
import { createBodies } from './bodies.ts';
import { addCatalogueReaders, type CatalogueReaderMeans } from './catalogue.ts';
import { addCatalogueChanges } from './catalogue-changes.ts';
import { addChangeReaders, type ChangeReaderMeans } from './changes.ts';
import { addDocs } from './docs.ts';
import { addCallbackDoor, type CallbackDoorMeans } from './doors/callback/door.ts';
import type { DoorMeans } from './doors/door.ts';
import { addNationalPortalDoor, type NationalPortalDoorMeans } from './doors/national-portal/door.ts';
import { addRestDoor } from './doors/rest/door.ts';
import type { ReceiptMeans } from './doors/rest/receipts.ts';
import type { SoapDoorMeans } from './doors/soap/answer.ts';
import { addSoapDoor } from './doors/soap/door.ts';
import { addDossierReaders, type DossierReaderMeans } from './dossiers.ts';
import { slowingGuesses } from './guesses.ts';
import { addHealth, type HealthMeans } from './health.ts';
import { addHsds } from './hsds/hsds.ts';
import { addPublicKeys, type PublicKeysMeans } from './jwks.ts';
import { addLookUp, type LookUpMeans } from './look-up.ts';
import { addOperators } from './operators/operators.ts';
import type { OperatorMeans } from './operators/request.ts';
import { createPageBudget } from './page-budget.ts';
import { problemResponse, Refusal, refusalOf } from './problem.ts';
import { createRefusalLog } from './refusal-log.ts';
import { type RouteDoc, routesOf } from './route.ts';
import { addSnapshot, type SnapshotMeans } from './snapshot.ts';
import { addStatistics, type StatisticsMeans } from './statistics.ts';

export interface AppMeans
  extends DoorMeans,
    ReceiptMeans,
    NationalPortalDoorMeans,
    SoapDoorMeans,
    CallbackDoorMeans,
    DossierReaderMeans,
    ChangeReaderMeans,
    SnapshotMeans,
    CatalogueReaderMeans,
    LookUpMeans,
    StatisticsMeans,
    OperatorMeans,
    PublicKeysMeans,
    HealthMeans {
  readonly province: SnapshotMeans['province'];
  readonly pipeline: Pipeline;
  readonly ledger: LedgerReader;
  readonly telemetry: Telemetry;
  /** What people see who follow an address that there is not. */
  readonly unknownPage: (c: Context) => Response | Promise<Response>;
}

/** Everything that is answered over HTTP. */
export function createApp(given: Omit<AppMeans, 'noteRefusal' | 'bodies' | 'pages'>): Hono {
  const means: AppMeans = {
    ...given,
    bodies: createBodies(given.clients, given.maxBodyBytes),
    noteRefusal: createRefusalLog(given),
    pages: createPageBudget(),
  };
  const app = new Hono();
  const docs: RouteDoc[] = [];
  const add = slowingGuesses(routesOf(app, docs), means);
  addRestDoor(add, means);
  addNationalPortalDoor(add, means);
  addSoapDoor(add, means);
  addCallbackDoor(add, means);
  addDossierReaders(add, means);
  addChangeReaders(add, means);
  addSnapshot(add, means);
  addCatalogueReaders(add, means);
  addCatalogueChanges(add, means);
  addHsds(add, means);
  addStatistics(add, means);
  addLookUp(add, means);
  addOperators(add, means);
  addPublicKeys(add, means);
  addHealth(add, means);
  addDocs(app, add, docs);
  app.notFound((c) => answerUnrouted(c, app, means.unknownPage));
  app.onError(async (error, c) => {
    await means.noteRefusal(c, error);
    return problemResponse(c, refusalOf(error));
  });
  return app;
}

/** What a process without the role api answers: its probes and metrics, which no other process knows. */
export function createProbes(means: HealthMeans): Hono {
  const app = new Hono();
  addHealth(routesOf(app, []), means);
  app.notFound((c) => answerUnrouted(c, app));
  app.onError((error, c) => problemResponse(c, refusalOf(error)));
  return app;
}

/** A path that has other methods says which; OPTIONS is heard wherever there is one (RFC 9110, 9.3.7 and 15.5.6). */
function answerUnrouted(c: Context, app: Hono, unknownPage?: AppMeans['unknownPage']): Response | Promise<Response> {
  const { method, path } = c.req;
  const known = ['GET', 'POST'].filter((one) => app.router.match(one, path)[0].length > 0);
  if (known.length === 0 && unknownPage && isForPeople(c)) return unknownPage(c);
  if (known.length === 0) return problemResponse(c, new Refusal('not-found', `there is nothing at ${path}`));
  const headers = {
    Allow: [...known.flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one])), 'OPTIONS'].join(', '),
  };
  if (method === 'OPTIONS') return c.body(null, 204, headers);
  const detail = `got the method ${method}, expected one of ${headers.Allow}`;
  return problemResponse(c, new Refusal('method-not-allowed', detail, { headers }));
}

/** Where programs go a problem stays one, whoever asks. */
const FOR_PROGRAMS = /^\/(?:api|callbacks|docs|health|hsds|mapi|metrics|schemas|soap|\.well-known)(?:\/|$)/;

function isForPeople(c: Context): boolean {
  const { method, path } = c.req;
  if (!['GET', 'HEAD'].includes(method) || FOR_PROGRAMS.test(path)) return false;
  const supports = ['application/problem+json', 'application/json', 'text/html'];
  return accepts(c, { header: 'Accept', supports, default: 'application/problem+json' }) === 'text/html';
}
