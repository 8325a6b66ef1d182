import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import pg from 'pg';
import { Dossier } from '#schemas/dossier.upsert.v1';
import { createUuids } from '../../../src/database/uuid.ts';
import { beWorker } from '../workers.ts';
import { COLUMNS, composed, hmac, rowOf, seal } from './row.ts';
import { WRITE } from './statement.ts';

export interface PeerOrder {
  readonly databaseUrl: string;
  readonly secret: string;
}

export interface PeerState {
  readonly url: string;
  /** The processor time of this process so far. */
  readonly cpuSeconds: number;
}

/**
 * What a good engineer writes by hand for the hub's first duties, with Fastify and pg: one statement and one commit for each
 * request, on the hub's own tables and indexes. It knows no ownership, no order of late events, no quarantine, no replay.
 */
async function start({ databaseUrl, secret }: PeerOrder): Promise<string> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
  const key = randomBytes(32);
  const uuids = createUuids(Date.now);
  const expected = hmac(key, `Bearer ${secret}`);
  const app = Fastify({ bodyLimit: 20 * 1024 * 1024, ajv: { customOptions: { strict: false, coerceTypes: false } } });
  // The ledger stores the received bytes.
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_, body, done) => done(null, body));

  async function push(request: FastifyRequest, reply: FastifyReply): Promise<object> {
    if (!timingSafeEqual(hmac(key, request.headers.authorization ?? ''), expected)) return reply.code(401).send({});
    const bytes = request.body as Buffer;
    const given = composed(JSON.parse(bytes.toString()) as Dossier | readonly Dossier[]);
    const dossiers = Array.isArray(given) ? (given as readonly Dossier[]) : [given as Dossier];
    const isValid = request.getValidationFunction(Dossier) ?? request.compileValidationSchema(Dossier);
    const invalid = dossiers.find((dossier) => !isValid(dossier));
    if (invalid) return reply.code(422).send({ problems: isValid.errors });
    const rows = dossiers.map((dossier) => rowOf(dossier, key));
    const [id, receipt] = [uuids.next(), uuids.next()];
    const results = dossiers.map(({ code }, index) => ({ index, code, outcome: 'accepted' }));
    const body = [seal(key, bytes), hmac(key, bytes), bytes.length, JSON.stringify(results)];
    const columns = Object.keys(COLUMNS).map((_, at) => rows.map((row) => row[at]));
    await pool.query({
      name: 'write',
      text: WRITE,
      values: [id, receipt, new Date().toISOString(), ...body, ...columns],
    });
    return reply.code(Array.isArray(given) ? 200 : 201).send({ receipt, results });
  }

  app.post('/api/v1/parties/one-stop/dossiers', push);
  await app.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

let url: Promise<string> | undefined;
beWorker<PeerOrder, PeerState>(async (order) => {
  url ??= start(order);
  const { user, system } = process.cpuUsage();
  return { url: await url, cpuSeconds: (user + system) / 1e6 };
});
