import type { Outgoing } from '#kit';
import { contractTest, testConnection } from '#kit/testing';
import type { Question } from '#schemas/question.v1';
import adapter from './adapter.ts';

await contractTest({
  folder: import.meta.dirname,
  adapter,
  connect: (url, options) =>
    testConnection(
      {
        adapterUrl: url,
        username: 'sim',
        password: 'sim-password',
        dstcode: 'VN:GOV:000.00.00.G22:vpcpdvcprovider',
        madonvi: 'H60',
        ratings: {
          fields: { dossierCode: 'MaHoSo', ratedAt: 'ThoiGian', level: 'MucDo', comment: 'NoiDung' },
          levels: { 'very-satisfied': '1', satisfied: '2', dissatisfied: '3' },
        },
      },
      options,
    ),
  sample: (outgoing) => (outgoing.operation === 'question.upsert.v1' ? answered(outgoing) : outgoing),
  refusal: (text) => ({ status: 200, body: { error_code: '-3', message: text } }),
});

/** The portal takes answers to its own questions: its stand-in has 5101 to 5103. */
function answered(outgoing: Outgoing): Outgoing {
  const question = outgoing.record as Question;
  const code = `DVCQG-HD-51${question.code.slice(-2)}`;
  const answers = [{ at: question.stateAt, by: 'Trần Văn B', content: question.content }];
  return { ...outgoing, code, record: { ...question, code, state: 'answered', answers } };
}
