import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import pg from 'pg';
import { beWorker } from './workers.ts';

/** The minimum that reads a dossier: Hono, and one prepared statement for the ready JSON. */
beWorker(async ({ databaseUrl }: { readonly databaseUrl: string }): Promise<string> => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
  const app = new Hono();
  app.get('/api/v1/dossiers/:code', async (c) => {
    const { rows } = await pool.query<{ masked: string }>({
      name: 'read',
      text: 'SELECT masked FROM dossiers WHERE code = $1',
      values: [c.req.param('code')],
    });
    const json = rows[0]?.masked;
    return json === undefined ? c.notFound() : c.body(json, 200, { 'Content-Type': 'application/json' });
  });
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, () =>
      resolve(`http://127.0.0.1:${((server as Server).address() as AddressInfo).port}`),
    );
  });
});
