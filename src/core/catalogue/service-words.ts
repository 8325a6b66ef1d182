import type { Bilingual } from '#messages/message';
import type { CHANNELS } from '#schemas/dossier.upsert.v1';
import type { LEVELS, Service } from '#schemas/service.upsert.v1';

export const LEVEL: Readonly<Record<(typeof LEVELS)[number], Bilingual>> = {
  ministry: ['Cấp bộ', 'Ministry'],
  province: ['Cấp tỉnh', 'Province'],
  district: ['Cấp huyện', 'District'],
  commune: ['Cấp xã', 'Commune'],
};

export const ONLINE_LEVEL: Readonly<Record<NonNullable<Service['onlineLevel']>, Bilingual>> = {
  full: ['Trực tuyến toàn trình', 'Online from start to end'],
  partial: ['Trực tuyến một phần', 'Partly online'],
  information: ['Chỉ cung cấp thông tin trực tuyến', 'Information online only'],
};

export const CHANNEL: Readonly<Record<(typeof CHANNELS)[number], Bilingual>> = {
  counter: ['Trực tiếp', 'At the counter'],
  online: ['Trực tuyến', 'Online'],
  post: ['Bưu chính công ích', 'By post'],
};

export const TERM_UNIT: Readonly<Record<'working-day' | 'day' | 'hour' | 'month', Bilingual>> = {
  'working-day': ['ngày làm việc', 'working days'],
  day: ['ngày', 'days'],
  hour: ['giờ', 'hours'],
  month: ['tháng', 'months'],
};

/** Labels of the members of catalogue records. For a list, the label of one of its items. */
export const MEMBER: Readonly<Record<string, Bilingual>> = {
  code: ['Mã', 'Code'],
  name: ['Tên', 'Name'],
  inForce: ['Hiệu lực', 'In force'],
  category: ['Loại thủ tục', 'Kind'],
  publishedBy: ['Cơ quan công bố', 'Published by'],
  decision: ['Quyết định công bố', 'Decision'],
  fieldCode: ['Mã lĩnh vực', 'Field code'],
  fieldName: ['Lĩnh vực', 'Field'],
  fields: ['Lĩnh vực', 'Field'],
  levels: ['Cấp thực hiện', 'Level'],
  agencies: ['Cơ quan thực hiện', 'Agency'],
  receivedAt: ['Địa chỉ tiếp nhận hồ sơ', 'Where to file'],
  audience: ['Đối tượng thực hiện', 'For whom'],
  audienceNote: ['Ghi chú về đối tượng thực hiện', 'Note on who may apply'],
  channels: ['Hình thức nộp', 'How to file'],
  channel: ['Hình thức nộp', 'How to file'],
  terms: ['Thời hạn giải quyết', 'Time'],
  fees: ['Phí, lệ phí', 'Fee'],
  cases: ['Trường hợp', 'Case'],
  steps: ['Trình tự thực hiện', 'Step'],
  components: ['Thành phần hồ sơ', 'Paper'],
  forms: ['Mẫu đơn, tờ khai', 'Form'],
  results: ['Kết quả thực hiện', 'Result'],
  legalBases: ['Căn cứ pháp lý', 'Legal basis'],
  conditions: ['Yêu cầu, điều kiện thực hiện', 'Conditions'],
  onlineLevel: ['Mức độ trực tuyến', 'Online service'],
  historicLevel: ['Mức độ theo quy định trước đây', 'Level by the former rule'],
  onlinePayment: ['Thanh toán trực tuyến phí, lệ phí', 'Payment online'],
  byPost: ['Tiếp nhận hồ sơ, trả kết quả qua dịch vụ bưu chính công ích', 'By post'],
  amountVnd: ['mức thu', 'amount'],
  amount: ['thời gian', 'number'],
  unit: ['đơn vị tính', 'unit'],
  text: ['nội dung', 'wording'],
  description: ['mô tả', 'description'],
  url: ['địa chỉ', 'address'],
  originals: ['số bản chính', 'originals'],
  copies: ['số bản sao', 'copies'],
  number: ['số văn bản', 'number'],
  level: ['Cấp', 'Level'],
  parentCode: ['Cơ quan cấp trên', 'Parent agency'],
  branch: ['Ngành', 'Branch'],
};
