// Speaks to the hub's SOAP door with what wsdl2h and soapcpp2 make of its WSDL: address, user, password, code prefix, SOAP version.
#include <ctime>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>
#include "HubSoap11.nsmap"
#include "soapHubSoap11Proxy.h"

static std::string prefix;
static struct soap *context;

static std::string quoted(const std::string &text) {
  std::string out = "\"";
  for (char letter : text) {
    if (letter == '"' || letter == '\\') out += '\\';
    out += letter;
  }
  return out + '"';
}

static std::string *text(const char *value) {
  std::string *kept = soap_new_std__string(context);
  *kept = value;
  return kept;
}

static ns1__Dossier *dossier(const char *number) {
  ns1__Dossier *made = soap_new_ns1__Dossier(context);
  made->code = prefix + "-" + number;
  made->serviceCode = "1.013225";
  made->agencyCode = "H60.01";
  made->status = "received";
  made->statusAt = 1754961300;  // 2025-08-12T08:15:00+07:00
  return made;
}

static ns1__Document *document(const char *id) {
  ns1__Document *made = soap_new_ns1__Document(context);
  made->id = text(id);
  return made;
}

static ns1__Dossier *full() {
  ns1__Dossier *made = dossier("0002");
  made->applicant = soap_new_ns1__Applicant(context);
  made->applicant->name = "Nguyễn Thị Ánh Tuyết & \"Đức\"";
  made->applicant->identityNumber = text("001000000001");
  made->note = text("12345678901234567.89");
  static bool yes = true, no = false;
  made->documents = {document("007"), document("008")};
  made->documents[0]->name = text("Đơn xin cấp");
  made->documents[0]->digitised = &yes;
  made->documents[1]->digitised = &no;
  static LONG64 amount = 20000;
  made->fees = {soap_new_ns1__Fee(context)};
  made->fees[0]->amountVnd = &amount;
  made->databases = {"dân cư", "đất đai"};
  return made;
}

/// As `soapcpp2 -1` and `soapcpp2 -2` write this table: its first line is the version that is spoken.
static const struct Namespace TABLES[2][6] = {
    {{"SOAP-ENV", "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/*/soap-envelope", NULL},
     {"SOAP-ENC", "http://schemas.xmlsoap.org/soap/encoding/", "http://www.w3.org/*/soap-encoding", NULL},
     {"xsi", "http://www.w3.org/2001/XMLSchema-instance", NULL, NULL},
     {"xsd", "http://www.w3.org/2001/XMLSchema", NULL, NULL},
     {"ns1", "urn:lienthong:hub:v1", NULL, NULL},
     {NULL, NULL, NULL, NULL}},
    {{"SOAP-ENV", "http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/", NULL},
     {"SOAP-ENC", "http://www.w3.org/2003/05/soap-encoding", "http://schemas.xmlsoap.org/soap/encoding/", NULL},
     {"xsi", "http://www.w3.org/2001/XMLSchema-instance", NULL, NULL},
     {"xsd", "http://www.w3.org/2001/XMLSchema", NULL, NULL},
     {"ns1", "urn:lienthong:hub:v1", NULL, NULL},
     {NULL, NULL, NULL, NULL}},
};

struct Hub : HubSoap11Proxy {
  std::string user, password;
  Hub(struct soap *soap, const std::string &user, const std::string &password)
      : HubSoap11Proxy(soap), user(user), password(password) {}
  /// gSOAP forgets the credentials after each call.
  void login() { soap->userid = user.c_str(), soap->passwd = password.c_str(); }
  void check(int failed) {
    if (!failed) return;
    HubSoap11Proxy::soap_stream_fault(std::cerr);
    std::exit(1);
  }
  ns1__PushReply push(const std::vector<ns1__Dossier *> &dossiers) {
    _ns1__PushDossiers request;
    request.dossier = dossiers;
    ns1__PushReply reply;
    login();
    check(PushDossiers(&request, reply));
    return reply;
  }
  int get(const std::string &code, _ns1__GetDossierResponse &reply) {
    _ns1__GetDossier request;
    request.code = code;
    login();
    return GetDossier(&request, reply);
  }
  std::string version() {
    _ns1__Ping request;
    _ns1__PingResponse reply;
    login();
    check(Ping(&request, reply));
    return reply.version;
  }
};

static const char *word(ns1__Outcome outcome) {
  return soap_ns1__Outcome2s(context, outcome);
}

int main(int, char **arguments) {
  std::string address = arguments[1];
  address = address.substr(0, address.find('?'));
  prefix = arguments[4];
  context = soap_new1(SOAP_C_UTFSTRING);
  Hub hub(context, arguments[2], arguments[3]);
  hub.soap_endpoint = address.c_str();
  soap_set_namespaces(context, TABLES[std::string(arguments[5]) == "1.2"]);

  ns1__Dossier *one = dossier("0003");
  one->documents = {document("1")};
  one->databases = {"một"};
  ns1__PushReply pushed = hub.push({dossier("0001"), full(), one});
  ns1__PushReply single = hub.push({dossier("0004")});
  _ns1__GetDossierResponse read, bare, none;
  hub.check(hub.get(prefix + "-0002", read));
  hub.check(hub.get(prefix + "-0001", bare));

  std::ostringstream out;
  out << "{\"outcomes\":[";
  for (size_t at = 0; at < pushed.result.size(); at++) out << (at ? "," : "") << quoted(word(pushed.result[at]->outcome));
  ns1__Dossier &found = *read.dossier;
  out << "],\"single\":" << quoted(word(single.result[0]->outcome)) << ",\"read\":{\"name\":" << quoted(found.applicant->name)
      << ",\"identityNumber\":" << quoted(*found.applicant->identityNumber) << ",\"note\":" << quoted(*found.note) << ",\"documents\":[";
  for (size_t at = 0; at < found.documents.size(); at++)
    out << (at ? "," : "") << "[" << quoted(*found.documents[at]->id) << "," << (*found.documents[at]->digitised ? "true" : "false") << "]";
  out << "],\"amounts\":[" << *found.fees[0]->amountVnd << "],\"databases\":[";
  for (size_t at = 0; at < found.databases.size(); at++) out << (at ? "," : "") << quoted(found.databases[at]);
  out << "],\"at\":" << found.statusAt << "},\"bare\":[" << (bare.dossier->note ? "false" : "true") << "," << bare.dossier->documents.size() << ","
      << bare.dossier->fees.size() << "," << bare.dossier->databases.size() << "]";
  out << ",\"version\":" << quoted(hub.version());
  if (hub.get(prefix + "-9999", none)) {
    soap_set_fault(context);
    SOAP_ENV__Fault &fault = *context->fault;
    SOAP_ENV__Detail *detail = fault.SOAP_ENV__Detail ? fault.SOAP_ENV__Detail : fault.detail;
    _ns1__HubFault *told = detail ? detail->ns1__HubFault : nullptr;
    out << ",\"fault\":{\"code\":" << quoted(*soap_faultcode(context)) << ",\"reason\":" << quoted(*soap_faultstring(context))
        << ",\"problem\":" << quoted(told && !told->problems.empty() ? told->problems[0]->message : "") << "}";
  }
  std::cout << out.str() << "}" << std::endl;
}
