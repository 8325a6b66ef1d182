import type { Html } from '../layout.ts';
import { choiceField, type Form, textField } from './forms.ts';
import type { Visit } from './visit.ts';
import { RECORD_KINDS, word } from './words.ts';

const OF_PERSON = ['name', 'identityNumber', 'phone', 'email'] as const;

/** The name of a kind of record, or of dossiers. */
export function kindName({ say }: Visit, kind: string): string {
  return kind === 'dossier' ? say('hồ sơ', 'dossier') : word(say, RECORD_KINDS, kind);
}

/** The fields that name a dossier, a record of a kind, or a person. */
export function subjectFields(visit: Visit, given: Form = () => undefined): readonly Html[] {
  const { say } = visit;
  const kinds = ['dossier', ...Object.keys(RECORD_KINDS)].map((value) => ({ value, text: kindName(visit, value) }));
  return [
    choiceField('kind', say('Loại', 'Kind'), kinds, given('kind') ?? 'dossier'),
    textField('code', say('Mã', 'Code'), given('code')),
    textField('name', say('Họ tên', 'Name'), given('name')),
    textField('identityNumber', say('Số định danh', 'Identity number'), given('identityNumber')),
    textField('phone', say('Điện thoại', 'Phone'), given('phone')),
    textField('email', say('Thư điện tử', 'E-mail'), given('email')),
  ];
}

/** The person or subject in these fields, in the form of the API. */
export function subjectOf(form: Form) {
  const person = Object.fromEntries(OF_PERSON.flatMap((name) => (form(name) ? [[name, form(name)]] : [])));
  if (Object.keys(person).length > 0) return { code: form('code'), person };
  return { code: form('code'), kind: form('kind') === 'dossier' ? undefined : form('kind') };
}
