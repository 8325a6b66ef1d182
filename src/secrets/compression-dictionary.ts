/**
 * Texts that records and messages repeat: names of members in the order of the schemas, values of lists, and usual words. The
 * likeliest come last. Never change it: stored values need it. A better dictionary gets a format of its own (compression.ts).
 */
export const FIRST_DICTIONARY: string = [
  'Giấy phép chứng nhận Thủ tục đăng ký hộ kinh doanh cá thể quyền sử dụng đất xây dựng khai sinh kết hôn ',
  'Ủy ban nhân dân tỉnh, Sở Tư pháp Sở Nông nghiệp và Môi trường Sở Xây dựng Ủy ban nhân dân xã ',
  '"kind":"enterprise","kind":"state-body","kind":"organisation","identityKind":"cmnd","identityKind":"passport",',
  '"identityKind":"tax-code","email":"@gmail.com","techId":"","channel":"counter","channel":"post",',
  '"status":"submitted","status":"refused","status":"withdrawn","status":"stopped","status":"payment-required",',
  '"status":"supplement-required","status":"returned","status":"processing","status":"resolved",',
  '"refusedAt":"2025-08-19T16:30:00+07:00","returnedAt":"2025-08-19T16:30:00+07:00","note":"","parentCode":"H60.',
  '"aliases":[{"party":"national-portal","code":"G22.99-25","results":[{"id":"","code":"KQ.G15.000","name":"",',
  '"supplements":[{"id":"","requestedBy":"","content":"","requestedAt":"","receivedBy":"","receivedAt":"","previousDueAt":"",',
  '"newDueAt":"","databases":["1"],"componentCode":"000.00.00.G15-KQ0","digitised":false,"reused":true,',
  '"fromNationalStore":true,"deleted":true,"kind":"assessment","kind":"extension","collected":"supplement",',
  '"collected":"return"}],"resultDelivery":"post","filedAt":"national-portal","onlinePayment":"national-portal",',
  '"onlinePayment":"province","onlinePayment":"offline","state":"","stateAt":"","at":"","actor":"","title":"","unit":"",',
  '"content":"","startedAt":"","dossierCode":"H60.","amountVnd":',
  '[{"code":"H60.","serviceCode":"1.0","serviceName":"Cấp lại ","fieldCode":"G0","fieldName":"","agencyCode":"H60.1',
  '","agencyName":"Ủy ban nhân dân phường ","channel":"online","status":"received","statusAt":"2025-08-12T08:00:00.000+07:00",',
  '"submittedAt":"2025-08-12T08:00:00+07:00","receivedAt":"2025-08-12T08:00:00+07:00","dueAt":"2025-08-19T17:00:00+07:00",',
  '"finishedAt":"2025-08-19T10:00:00.000+07:00","applicant":{"kind":"citizen","name":"Nguyễn Thị ","identityKind":"cccd",',
  '"identityNumber":"0","phone":"09","address":"Số , đường , thôn , phường , xã , tỉnh Tuyên Quang"},"abstract":"Đề nghị ',
  'giải quyết thủ tục ","processingUnit":"Bộ phận tiếp nhận và trả kết quả","resultDelivery":"counter","filedAt":"province",',
  '"documents":[{"id":"","name":"Đơn đề nghị.pdf","url":"https://","digitised":true}],"fees":[{"name":"Lệ phí",',
  '"kind":"ordinary","amountVnd":0000,"collected":"reception"}],"onlinePayment":"none"}',
].join('');
