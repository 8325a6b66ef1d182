"""Speaks to the hub's SOAP door as zeep reads its WSDL: address, user, password, code prefix, SOAP version."""

import json
import sys

from zeep import Client
from zeep.exceptions import Fault
from zeep.wsse.username import UsernameToken

wsdl, user, password, prefix, version = sys.argv[1:6]
client = Client(wsdl, wsse=UsernameToken(user, password, use_digest=True))
hub = client.bind("LienThong", "HubSoap12" if version == "1.2" else "HubSoap11")


def dossier(number, **more):
    return {
        "code": f"{prefix}-{number}",
        "serviceCode": "1.013225",
        "agencyCode": "H60.01",
        "status": "received",
        "statusAt": "2025-08-12T08:15:00+07:00",
        **more,
    }


full = dossier(
    "0002",
    applicant={"name": 'Nguyễn Thị Ánh Tuyết & "Đức"', "identityNumber": "001000000001"},
    note="12345678901234567.89",
    documents=[{"id": "007", "name": "Đơn xin cấp", "digitised": True}, {"id": "008", "digitised": False}],
    fees=[{"amountVnd": 20000}],
    databases=["dân cư", "đất đai"],
)
one_of_each = dossier("0003", documents=[{"id": "1"}], fees=[], databases=["một"])
pushed = hub.PushDossiers(dossier=[dossier("0001"), full, one_of_each])
single = hub.PushDossiers(dossier=[dossier("0004")])
read = hub.GetDossier(code=f"{prefix}-0002")
bare = hub.GetDossier(code=f"{prefix}-0001")
try:
    hub.GetDossier(code=f"{prefix}-9999")
    fault = None
except Fault as error:
    problem = error.detail.find(".//{urn:lienthong:hub:v1}message")
    fault = {"code": error.code, "reason": error.message, "problem": problem.text}

report = {
    "version": hub.Ping()["version"],
    "outcomes": [result["outcome"] for result in pushed["result"]],
    "single": single["result"][0]["outcome"],
    "read": {
        "name": read["applicant"]["name"],
        "identityNumber": read["applicant"]["identityNumber"],
        "note": read["note"],
        "documents": [[document["id"], document["digitised"]] for document in read["documents"]],
        "amounts": [fee["amountVnd"] for fee in read["fees"]],
        "databases": read["databases"],
        "at": int(read["statusAt"].timestamp()),
    },
    "bare": [bare["note"] is None, len(bare["documents"]), len(bare["fees"]), len(bare["databases"])],
    "fault": fault,
}
print(json.dumps(report))
