import { type Context, Hono } from 'hono';
import { accepts } from 'hono/accepts';
import { say } from '#messages/message';
import type { AppContext } from './app-context.ts';
import { addAsks } from './asks.ts';
import { addCatalogueReaders } from './catalogue.ts';
import { addCatalogueChanges } from './catalogue-changes.ts';
import { addChangeReaders } from './changes.ts';
import { addDocs } from './docs.ts';
import { addCallbackDoor } from './doors/callback/door.ts';
import { addNationalPortalDoor } from './doors/national-portal/door.ts';
import { addRestDoor } from './doors/rest/door.ts';
import { addSoapDoor } from './doors/soap/door.ts';
import { addDossierReaders } from './dossiers.ts';
import { addDrops } from './drops.ts';
import { addFiles } from './files.ts';
import { addHealth, type HealthContext } from './health.ts';
import { addPublicKeys } from './jwks.ts';
import { addLookUp } from './look-up.ts';
import { addOperators } from './operators/operators.ts';
import { createPageBudget } from './page-budget.ts';
import { limitPersons } from './person-limit.ts';
import { problemResponse, Refusal, refusalOf } from './problem.ts';
import { addPublicQuestions } from './public/questions.ts';
import { addPublicRating } from './public/rating.ts';
import { addPublicReceipts } from './public/receipts.ts';
import { addRecordCriteria } from './record-criteria.ts';
import { addRecordDocuments } from './record-documents.ts';
import { addRecordReaders } from './records.ts';
import { createRefusalLog } from './refusal-log.ts';
import { addReports } from './reports.ts';
import { type RouteDoc, routesOf } from './route.ts';
import { limitSecretGuesses } from './secret-guess-limit.ts';
import { addSnapshot } from './snapshot.ts';
import { addStatistics } from './statistics.ts';

/** All routes of the hub. */
export function createApp(given: Omit<AppContext, 'noteRefusal' | 'pages'>): Hono {
  const hub: AppContext = {
    ...given,
    pipeline: limitPersons(given.pipeline, given),
    noteRefusal: createRefusalLog(given),
    pages: createPageBudget(),
  };
  const app = new Hono();
  const docs: RouteDoc[] = [];
  const add = limitSecretGuesses(hub.reads.routed(routesOf(app, docs)), hub);
  addRestDoor(add, hub);
  addNationalPortalDoor(add, hub);
  addSoapDoor(add, hub);
  addCallbackDoor(add, hub);
  addDrops(add, hub);
  addFiles(add, hub);
  addAsks(add, hub);
  addDossierReaders(add, hub);
  addRecordReaders(add, hub);
  addRecordCriteria(add, hub);
  addRecordDocuments(add, hub);
  addChangeReaders(add, hub);
  addSnapshot(add, hub);
  addCatalogueReaders(add, hub);
  addCatalogueChanges(add, hub);
  addStatistics(add, hub);
  addReports(add, hub);
  addLookUp(add, hub);
  addPublicQuestions(add, hub);
  addPublicRating(add, hub);
  addPublicReceipts(add, hub);
  addOperators(add, hub);
  addPublicKeys(add, hub);
  addHealth(add, hub);
  addDocs(app, add, docs);
  app.notFound((c) => answerUnrouted(c, app, hub.unknownPage));
  app.onError(async (error, c) => {
    await hub.noteRefusal(c, error);
    return problemResponse(c, refusalOf(error));
  });
  return app;
}

/** The probes and metrics, for a process without the role api. */
export function createProbes(hub: HealthContext): Hono {
  const app = new Hono();
  addHealth(routesOf(app, []), hub);
  app.notFound((c) => answerUnrouted(c, app));
  app.onError((error, c) => problemResponse(c, refusalOf(error)));
  return app;
}

/** Answers 405 with the allowed methods, OPTIONS, or 404 (RFC 9110 9.3.7 and 15.5.6). */
function answerUnrouted(c: Context, app: Hono, unknownPage?: AppContext['unknownPage']): Response | Promise<Response> {
  const { method, path } = c.req;
  const known = ['GET', 'POST'].filter((one) => app.router.match(one, path)[0].length > 0);
  if (known.length === 0 && unknownPage && isForPeople(c)) return unknownPage(c);
  if (known.length === 0) return problemResponse(c, new Refusal('not-found', say('nothing-at', { path })));
  const headers = {
    Allow: [...known.flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one])), 'OPTIONS'].join(', '),
  };
  if (method === 'OPTIONS') return c.body(null, 204, headers);
  const detail = say('method', { method, list: headers.Allow.split(', ') });
  return problemResponse(c, new Refusal('method-not-allowed', detail, { headers }));
}

/** Paths for programs. They get a problem document even when a browser asks. */
const FOR_PROGRAMS = /^\/(?:api|callbacks|docs|health|mapi|metrics|schemas|soap|\.well-known)(?:\/|$)/;

function isForPeople(c: Context): boolean {
  const { method, path } = c.req;
  if (!['GET', 'HEAD'].includes(method) || FOR_PROGRAMS.test(path)) return false;
  const supports = ['application/problem+json', 'application/json', 'text/html'];
  return accepts(c, { header: 'Accept', supports, default: 'application/problem+json' }) === 'text/html';
}
