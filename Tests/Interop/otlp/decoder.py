"""What the flood's OTLP sink reads bodies with (Sources/Flood/OTLPDecoder.swift): OpenTelemetry's own definitions, and a check of every record.

    decoder.py EXPECTED     a file that says what logs carry, as the stand-in for coderd has it (--expect)

Standard input has requests, each a length (4 bytes, little-endian), a byte that is 1 for JSON, and so many bytes of body. Each is answered with the number of
its records, -1 for a body that cannot be read, and 52 bytes for each record: session, sequence number, 1 for one that is not as it was sent, time.
"""

import json
import struct
import sys
from urllib.parse import urlsplit

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

HEAD = struct.Struct("<IB")
COUNT = struct.Struct("<i")
RECORD = struct.Struct("<36siB3xQ")


class Expectation:
    """What a record must be, by its log's number: all of it but times, session and number."""

    def __init__(self, text):
        said = json.loads(text)
        self.records = [self.record(request, said["process"]) for request in said["requests"]]

    @staticmethod
    def record(request, process):
        allowed, url = request["allowed"], urlsplit(request["url"])
        attributes = {
            "http.request.method": request["method"], "url.full": request["url"], "url.domain": url.hostname, "url.path": url.path,
            "process.executable.name": process, "boundary.decision": "allow" if allowed else "deny",
        }
        if request["matched_rule"]:
            attributes["boundary.rule"] = request["matched_rule"]
        severity = (9, "INFO") if allowed else (13, "WARN")
        return (*severity, "boundary.request", f"{'ALLOW' if allowed else 'DENY'} {request['method']} {request['url']}", attributes)

    def answer(self, record):
        """A record in the form of the answer."""
        session, number, attributes, pairs = "", None, {}, record.attributes
        for pair in pairs:
            key, value = pair.key, pair.value
            if key == "boundary.sequence_number":
                number = value.int_value if value.HasField("int_value") else None
            elif key == "session.id":
                session = value.string_value
            else:
                attributes[key] = value.string_value
        is_right = (
            number is not None and 0 <= number < 1 << 31 and len(session) == 36 and session.isascii() and record.observed_time_unix_nano > 0
            # None is there twice.
            and len(pairs) == len(attributes) + 2
            and (record.severity_number, record.severity_text, record.event_name, record.body.string_value, attributes)
            == self.records[number % len(self.records)])
        if not is_right:
            return RECORD.pack(b"", 0, 1, 0)
        return RECORD.pack(session.encode(), number, 0, record.time_unix_nano)


def records(body, is_json):
    """None for what is no request."""
    request = ExportLogsServiceRequest()
    try:
        json_format.Parse(body, request) if is_json else request.ParseFromString(body)
    except (DecodeError, json_format.ParseError, UnicodeDecodeError, RecursionError):
        return None
    return [record for resource in request.resource_logs for scope in resource.scope_logs for record in scope.log_records]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        expectation = Expectation(file.read())
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    # The sink waits for this, so that a decoder that lacks something is known before a log is sent.
    sink.write(COUNT.pack(0))
    sink.flush()
    while len(head := source.read(HEAD.size)) == HEAD.size:
        length, is_json = HEAD.unpack(head)
        found = records(source.read(length), is_json == 1)
        sink.write(COUNT.pack(-1) if found is None else COUNT.pack(len(found)) + b"".join(map(expectation.answer, found)))
        sink.flush()


main()
