/** What installers, examples and people in a hurry write; with any figures behind it. */
const DEFAULTS =
  /^(?:(?:change|replace)[-_ ]?(?:me|this|it)|default|(?:my|the)?[-_ ]?secret|pass(?:word|wd)?|p@ssw0rd|admin(?:istrator)?|root|test(?:ing)?|guest|demo|user|qwerty(?:uiop)?|letmein|welcome|iloveyou|abcd?e?f?g?h?|mat-?khau|lienthong|hub|portal|key|token)[-_ !@#.]*\d*[!@#.]*$/i;

/** Fewer different characters than this are a pattern of somebody's fingers. */
const MIN_DIFFERENT = 5;

/**
 * Why a secret can be guessed, in words that do not show it; undefined where nothing speaks against it. Whether it is
 * long enough for its use is asked elsewhere.
 */
export function weaknessOf(given: string): string | undefined {
  const secret = bytesOf(given);
  if (DEFAULTS.test(secret)) return 'it is a default that anybody tries first';
  if (/^\d{1,15}$/.test(secret)) return 'it is a number';
  if (new Set(secret).size < MIN_DIFFERENT) return `it has fewer than ${MIN_DIFFERENT} different characters`;
  return undefined;
}

/** The secret of a webhook is the bytes behind `whsec_`: a character each, so that the same is asked of them. */
function bytesOf(secret: string): string {
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  return base64 === undefined ? secret : Buffer.from(base64, 'base64').toString('latin1');
}
