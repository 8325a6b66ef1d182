import Type from 'typebox';

/** A problem in an answer: a stable code and its arguments for programs, and a sentence for people. */
export const ProblemShown = Type.Object(
  {
    path: Type.String({ description: 'JSON Pointer' }),
    code: Type.Optional(Type.String({ description: 'stable; absent in results that an older version stored' })),
    args: Type.Optional(Type.Record(Type.String(), Type.Any(), { description: 'the values in the sentence, by name' })),
    message: Type.String({ description: 'English, or Vietnamese with Accept-Language: vi' }),
  },
  { additionalProperties: false, title: 'ItemProblem' },
);
