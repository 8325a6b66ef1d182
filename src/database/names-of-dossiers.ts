/**
 * SQL: the codes by which parties name dossiers, as rows `(code, party)`: the own code of each, and its aliases. `party` is NULL, or
 * the one party for which the alias counts: the number is that of another dossier, too.
 *
 * @param own a query of own codes
 */
export const namesOfDossiers = (own: string): string => `(
  SELECT own.code COLLATE "C" AS code, NULL::text AS party FROM (${own}) AS own(code)
  UNION ALL
  SELECT a.code, CASE WHEN EXISTS (SELECT FROM dossiers o WHERE o.code = a.code)
      OR EXISTS (SELECT FROM aliases o WHERE o.code = a.code AND o.dossier <> a.dossier) THEN a.party END
  FROM (${own}) AS own(code) JOIN aliases a ON a.dossier = own.code)`;
