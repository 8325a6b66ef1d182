import type { Dossier } from '#schemas/dossier.upsert.v1';
import { maskTail } from './identifiers.ts';

type Applicant = NonNullable<Dossier['applicant']>;

/** An applicant as readers without the scope for personal data see it: to be recognised, not found. */
export function maskApplicant(applicant: Applicant): Applicant {
  const masked: Applicant = { ...applicant, name: isPerson(applicant) ? maskName(applicant.name) : applicant.name };
  for (const member of ['identityNumber', 'phone', 'email', 'address', 'techId'] as const) {
    const value = applicant[member];
    if (value !== undefined) masked[member] = maskTail(value);
  }
  return masked;
}

/** The name of a company or a state body is public; where the kind is not known it is treated as a person's. */
function isPerson(applicant: Applicant): boolean {
  return applicant.kind === undefined || applicant.kind === 'citizen';
}

/** `Nguyễn Văn An` → `N***** V** A*`: as many words and letters as there are, no name. */
export function maskName(name: string): string {
  return name
    .split(/\s+/)
    .map((word) => [...word].map((letter, at) => (at === 0 ? letter : '*')).join(''))
    .join(' ');
}
