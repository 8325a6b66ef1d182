/**
 * Whether the personal data of a dossier or a record was erased, as a condition in SQL.
 *
 * @param subject the column with the code of a dossier or the subject of a record
 */
export const isErased = (subject: string): string => `(
  EXISTS (SELECT FROM dossiers o WHERE o.code = ${subject} AND o.erasure IS NOT NULL)
  OR EXISTS (SELECT FROM records o WHERE o.subject = ${subject} AND o.erasure IS NOT NULL))`;
