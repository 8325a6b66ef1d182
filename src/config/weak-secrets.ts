import { say, type Words } from '#messages/message';

/** Default values of installers and examples, and lazy choices, with any digits after them. */
const DEFAULTS =
  /^(?:(?:change|replace)[-_ ]?(?:me|this|it)|default|(?:my|the)?[-_ ]?secret|pass(?:word|wd)?|p@ssw0rd|admin(?:istrator)?|root|test(?:ing)?|guest|demo|user|qwerty(?:uiop)?|letmein|welcome|iloveyou|abcd?e?f?g?h?|mat-?khau|lienthong|hub|portal|key|token)[-_ !@#.]*\d*[!@#.]*$/i;

/** Fewer different characters are a keyboard pattern. */
const MIN_DIFFERENT = 5;

/** Why a secret can be guessed, without showing it; undefined when no weakness is found. Its length is checked elsewhere. */
export function weaknessOf(given: string): Words | undefined {
  const secret = bytesOf(given);
  if (DEFAULTS.test(secret)) return say('secret-default');
  if (/^\d{1,15}$/.test(secret)) return say('secret-number');
  if (new Set(secret).size < MIN_DIFFERENT) return say('secret-few-characters', { least: MIN_DIFFERENT });
  return undefined;
}

/** A webhook secret is the bytes behind `whsec_`; one character each, so that the same check applies. */
function bytesOf(secret: string): string {
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  return base64 === undefined ? secret : Buffer.from(base64, 'base64').toString('latin1');
}
