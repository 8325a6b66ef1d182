import { defineSimulator } from '#kit/testing';
import { SHAPES, type Shape, sampleFile } from './simulator/samples.ts';

/** An office that sends a monthly table. `GET /files/{shape}` is its file; put it into the folder of the party. */
export default defineSimulator({
  routes: [
    { method: 'GET', path: '/files', handle: () => ({ body: { files: SHAPES } }) },
    {
      method: 'GET',
      path: '/files/{shape}',
      async handle({ params }, { ledger }) {
        const shape = params.shape as Shape;
        if (!SHAPES.includes(shape)) return { status: 404, body: { error: 'no such file', files: SHAPES } };
        const { name, bytes } = await sampleFile(shape);
        ledger.record('file', name, {});
        return { headers: { 'content-disposition': `attachment; filename="${name}"` }, body: bytes };
      },
    },
  ],
});
