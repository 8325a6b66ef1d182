// Speaks to the hub's SOAP door with what wsimport makes of its WSDL: address, user, password, code prefix, SOAP version.
import hub.Applicant;
import hub.Document;
import hub.Dossier;
import hub.Fee;
import hub.HubFaultMessage;
import hub.HubPort;
import hub.ItemResult;
import hub.LienThong;
import java.net.URL;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import javax.xml.datatype.DatatypeFactory;
import javax.xml.namespace.QName;
import javax.xml.soap.SOAPException;
import javax.xml.ws.Binding;
import javax.xml.ws.BindingProvider;
import javax.xml.ws.Holder;
import javax.xml.ws.handler.Handler;
import javax.xml.ws.handler.MessageContext;
import javax.xml.ws.handler.soap.SOAPHandler;
import javax.xml.ws.handler.soap.SOAPMessageContext;
import javax.xml.ws.soap.AddressingFeature;

public class JaxWsClient {
  static String prefix;

  static Dossier dossier(String number) throws Exception {
    Dossier made = new Dossier();
    made.setCode(prefix + "-" + number);
    made.setServiceCode("1.013225");
    made.setAgencyCode("H60.01");
    made.setStatus("received");
    made.setStatusAt(DatatypeFactory.newInstance().newXMLGregorianCalendar("2025-08-12T08:15:00+07:00"));
    return made;
  }

  static Document document(String id, Boolean digitised) {
    Document made = new Document();
    made.setId(id);
    made.setDigitised(digitised);
    return made;
  }

  static Dossier full() throws Exception {
    Dossier made = dossier("0002");
    Applicant applicant = new Applicant();
    applicant.setName("Nguyễn Thị Ánh Tuyết & \"Đức\"");
    applicant.setIdentityNumber("001000000001");
    made.setApplicant(applicant);
    made.setNote("12345678901234567.89");
    made.getDocuments().add(document("007", true));
    made.getDocuments().get(0).setName("Đơn xin cấp");
    made.getDocuments().add(document("008", false));
    Fee fee = new Fee();
    fee.setAmountVnd(20000L);
    made.getFees().add(fee);
    made.getDatabases().addAll(List.of("dân cư", "đất đai"));
    return made;
  }

  static List<ItemResult> push(HubPort hub, Dossier... dossiers) throws Exception {
    Holder<List<ItemResult>> results = new Holder<>();
    hub.pushDossiers(List.of(dossiers), new Holder<>(), results);
    return results.value;
  }

  static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  static String list(List<String> values) {
    return values.stream().collect(Collectors.joining(",", "[", "]"));
  }

  public static void main(String[] arguments) throws Exception {
    LienThong service = new LienThong(new URL(arguments[0]));
    prefix = arguments[3];
    // By SOAP 1.2 with WS-Addressing, which answers have to speak then.
    HubPort hub =
        arguments[4].equals("1.2")
            ? service.getHubSoap12(new AddressingFeature(true, true))
            : service.getHubSoap11();
    ((BindingProvider) hub).getRequestContext().put(BindingProvider.USERNAME_PROPERTY, arguments[1]);
    ((BindingProvider) hub).getRequestContext().put(BindingProvider.PASSWORD_PROPERTY, arguments[2]);

    CodeReader codes = new CodeReader();
    Binding binding = ((BindingProvider) hub).getBinding();
    List<Handler> handlers = binding.getHandlerChain();
    handlers.add(codes);
    binding.setHandlerChain(handlers);

    Dossier oneOfEach = dossier("0003");
    oneOfEach.getDocuments().add(document("1", null));
    oneOfEach.getDatabases().add("một");
    List<ItemResult> pushed = push(hub, dossier("0001"), full(), oneOfEach);
    List<ItemResult> single = push(hub, dossier("0004"));
    Dossier read = hub.getDossier(prefix + "-0002");
    Dossier bare = hub.getDossier(prefix + "-0001");
    Holder<String> version = new Holder<>();
    hub.ping(new Holder<>(), version);

    String fault = "null";
    try {
      hub.getDossier(prefix + "-9999");
    } catch (HubFaultMessage error) {
      String problem = error.getFaultInfo().getProblems().get(0).getMessage();
      fault = String.format("{\"code\":%s,\"reason\":%s,\"problem\":%s}", quoted(codes.code), quoted(error.getMessage()), quoted(problem));
    }

    System.out.println(String.format(
        "{\"version\":%s,\"outcomes\":%s,\"single\":%s,\"read\":{\"name\":%s,\"identityNumber\":%s,\"note\":%s,\"documents\":%s,\"amounts\":%s,\"databases\":%s,\"at\":%d},\"bare\":[%b,%d,%d,%d],\"fault\":%s}",
        quoted(version.value),
        list(pushed.stream().map(result -> quoted(result.getOutcome().value())).collect(Collectors.toList())),
        quoted(single.get(0).getOutcome().value()),
        quoted(read.getApplicant().getName()),
        quoted(read.getApplicant().getIdentityNumber()),
        quoted(read.getNote()),
        list(read.getDocuments().stream().map(one -> "[" + quoted(one.getId()) + "," + one.isDigitised() + "]").collect(Collectors.toList())),
        list(read.getFees().stream().map(one -> String.valueOf(one.getAmountVnd())).collect(Collectors.toList())),
        list(read.getDatabases().stream().map(JaxWsClient::quoted).collect(Collectors.toList())),
        read.getStatusAt().toGregorianCalendar().getTimeInMillis() / 1000,
        bare.getNote() == null,
        bare.getDocuments().size(),
        bare.getFees().size(),
        bare.getDatabases().size(),
        fault));
  }

  /** JAX-WS hands over the declared fault; its code stands in the message alone. */
  static class CodeReader implements SOAPHandler<SOAPMessageContext> {
    String code = "";

    @Override
    public boolean handleFault(SOAPMessageContext context) {
      try {
        code = context.getMessage().getSOAPBody().getFault().getFaultCode();
      } catch (SOAPException error) {
        throw new IllegalStateException(error);
      }
      return true;
    }

    @Override
    public boolean handleMessage(SOAPMessageContext context) {
      return true;
    }

    @Override
    public void close(MessageContext context) {}

    @Override
    public Set<QName> getHeaders() {
      return Set.of();
    }
  }
}
