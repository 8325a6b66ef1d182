/** A record of each kind, in the form of a source's push. */
const AT = '2025-08-20T09:00:00+07:00';
const DOSSIER = 'H60.01-250812-0035';
const PERSON = {
  name: 'Nguyễn Văn An',
  address: 'Số 1, phường Minh Xuân',
  phone: '0900000001',
  email: 'an@example.test',
};

type Given = Record<string, unknown>;

export const question = (given: Given = {}): Given => ({
  code: 'H60-HD-0001',
  state: 'received',
  stateAt: AT,
  askedAt: AT,
  content: 'Bao giờ có kết quả đăng ký khai sinh?',
  asker: PERSON,
  ...given,
});

export const petition = (given: Given = {}): Given => ({
  code: 'H60-PA-0001',
  state: 'received',
  stateAt: AT,
  sentAt: AT,
  content: 'Bộ phận một cửa nên có thêm ghế.',
  sender: PERSON,
  ...given,
});

export const rating = (given: Given = {}): Given => ({
  dossierCode: DOSSIER,
  ratedAt: AT,
  level: 'satisfied',
  ...given,
});

export const postalOrder = (given: Given = {}): Given => ({
  code: 'BC-0001',
  state: 'registered',
  stateAt: AT,
  dossierCode: DOSSIER,
  direction: 'return',
  receiver: PERSON,
  ...given,
});

export const payment = (given: Given = {}): Given => ({
  code: 'TT-0001',
  state: 'requested',
  stateAt: AT,
  dossierCode: DOSSIER,
  amountVnd: 50_000,
  items: [{ code: 'LP01', name: 'Lệ phí', amountVnd: 50_000 }],
  payer: { name: PERSON.name },
  ...given,
});

/** By the address of each kind. */
export const SAMPLES: Readonly<Record<string, (given?: Given) => Given>> = {
  questions: question,
  petitions: petition,
  ratings: rating,
  'postal-orders': postalOrder,
  payments: payment,
};
