"""`--reporter otlp` against OpenTelemetry's own protobuf definitions, and against a mapping that is written here once more (docs/otlp.md).

    scripts/test-otlp
"""

import json
import os
import random
import re
import time
import unittest

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from boundary import Log, fields, frame, request
from collector import Answer, Collector
from daemon import Daemon

BINARY = os.environ["BOUNDARY_LOG_PROXY"]
KNOWN_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}


def redacted(url, query, userinfo):
    if query and "?" in url:
        start = url.index("?") + 1
        url = url[:start] + ("REDACTED" if url[start:] else "")
    authority = re.match(r"[A-Za-z0-9+.-]+://([^/?#]*)@", url, re.DOTALL)
    if userinfo and authority and authority.group(1):
        url = url[:authority.start(1)] + "REDACTED:REDACTED" + url[authority.end(1):]
    return url


def expected(log, session, process, query=False, userinfo=False):
    """The record of a log, without its times."""
    attributes = {"boundary.decision": "allow" if log.allowed else "deny", "boundary.sequence_number": log.number}
    if log.method in KNOWN_METHODS:
        attributes["http.request.method"] = log.method
    elif log.method:
        attributes |= {"http.request.method": "_OTHER", "http.request.method_original": log.method}
    url = re.match(r"(?:[A-Za-z0-9+.-]+://(?P<authority>[^/?#]*))?(?P<path>/[^?#]*)?", log.url, re.DOTALL)
    host = (url["authority"] or "").rpartition("@")[2]
    host = re.match(r"(\[[^\]]*\]?|[^:\[])*", host, re.DOTALL).group(0)
    for name, value in (
        ("url.full", redacted(log.url, query, userinfo)), ("url.domain", host), ("url.path", url["path"]), ("boundary.rule", log.rule),
        ("session.id", session), ("process.executable.name", process),
    ):
        if value:
            attributes[name] = value
    return {
        "severity": (9, "INFO") if log.allowed else (13, "WARN"), "event": "boundary.request",
        "body": f"{'ALLOW' if log.allowed else 'DENY'} {log.method} {redacted(log.url, query, userinfo)}", "attributes": attributes,
    }


def seen(record):
    attributes = {}
    for pair in record.attributes:
        assert pair.key not in attributes, f"{pair.key} is there twice"
        attributes[pair.key] = getattr(pair.value, pair.value.WhichOneof("value"))
    return {
        "severity": (record.severity_number, record.severity_text), "event": record.event_name, "body": record.body.string_value,
        "attributes": attributes,
    }


def expected_time(log):
    if log.time is None:
        return 0
    seconds, nanos = log.time
    value = seconds * 10**9 + nanos
    return value if seconds >= 0 and 0 <= nanos < 10**9 and value < 2**64 else 0


URLS = [
    "https://a.io/x", "https://a.io", "http://user:pass@a.io:8443/p/a/t/h?q=1&token=s#frag", "https://[2001:db8::1]:443/v6?", "wss://u@h/",
    "a.io:443", "/only/path?x", "?q", "", "https://", "https://@/", "https://a@b@c:1/@?@", "https://a.io?next=/x@y", "http://h#f?x", "://x", "ht tp://x/y",
    "https://münchen.de/straße?ü=1", "https://a.io/\u0000\u001f\"\\\u2028\U0001F600", "HTTPS://UPPER/%2F?%3F", "x+y-z.1://host:port:port/", "https://h:/p",
]


def random_text(generator, length):
    return "".join(generator.choice("aZ0:/?#@[]%\"\\ \u0001\u00e9\u20ac\U0001F600") for _ in range(generator.randrange(length)))


def corpus(count):
    generator = random.Random(1)
    logs = [Log(url=url, number=number) for number, url in enumerate(URLS)]
    for number in range(len(logs), count):
        logs.append(Log(
            allowed=generator.random() < 0.5,
            time=generator.choice([None, (0, 0), (-1, 5), (generator.randrange(2**33), generator.randrange(10**9)), (2**62, 0), (1, -1)]),
            method=generator.choice([*KNOWN_METHODS, "", "get", "BREW", random_text(generator, 12)]),
            url=generator.choice([*URLS, "https://" + random_text(generator, 300), random_text(generator, 40)]),
            rule=generator.choice(["", "domain=*.io", random_text(generator, 200)]),
            number=generator.choice([number, -1, 2**31 - 1, -(2**31)])))
    return logs


class OTLPTests(unittest.TestCase):
    maxDiff = None

    def run_daemon(self, collector, *options, **more):
        daemon = Daemon(BINARY, "--reporter", "otlp", "--otlp-endpoint", collector.url, *options, **more)
        self.addCleanup(lambda: daemon.process.poll() is None and daemon.process.kill())
        return daemon

    def collector(self, *answers):
        collector = Collector(answers)
        self.addCleanup(collector.close)
        return collector

    def test_records_in_every_form(self):
        logs = corpus(4000)
        for protocol, compression, redaction in (
            ("http/protobuf", "none", ""), ("http/protobuf", "gzip", "query,userinfo"), ("http/json", "none", "query"), ("http/json", "gzip", "userinfo"),
        ):
            with self.subTest(protocol=protocol, compression=compression, redaction=redaction):
                collector = self.collector()
                daemon = self.run_daemon(
                    collector, "--otlp-protocol", protocol, "--otlp-compression", compression, *(["--redact-url", redaction] if redaction else []))
                begun = time.time_ns()
                sent = []
                for start in range(0, len(logs), 20):
                    names = random.Random(start).choice([("s-1", "claude"), ("", ""), ("é\"", "p\\\n")])
                    part = logs[start:start + 20]
                    daemon.send(frame(part, session=names[0], process=names[1]))
                    sent += [(log, *names) for log in part]
                records = collector.records(len(sent))
                ended = time.time_ns()
                # Frames came on connections of their own: only within a session does order hold.
                for names in {(session, process) for _, session, process in sent}:
                    mine = [log for log, session, process in sent if (session, process) == names]
                    theirs = [r for r in records if (seen(r)["attributes"].get("session.id", ""), seen(r)["attributes"].get("process.executable.name", "")) == names]
                    # By content, because that of two connections may be taken in either order.
                    want = [expected(log, *names, "query" in redaction, "userinfo" in redaction) | {"time": expected_time(log)} for log in mine]
                    got = [seen(record) | {"time": record.time_unix_nano} for record in theirs]
                    key = lambda record: json.dumps(record, sort_keys=True)
                    self.assertEqual(sorted(got, key=key), sorted(want, key=key))
                # The wall clock may be set while this runs, but not by an hour.
                hour = 3600 * 10**9
                for record in records:
                    self.assertTrue(begun - hour <= record.observed_time_unix_nano <= ended + hour)
                daemon.stop()

    def test_json_has_64_bit_integers_as_strings_and_known_fields_only(self):
        collector = self.collector()
        daemon = self.run_daemon(collector, "--otlp-protocol", "http/json")
        daemon.send(frame([Log(number=-7)]))
        request = collector.next()
        record = request.json["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]
        self.assertEqual(record["timeUnixNano"], "1795447957414790379")
        self.assertIsInstance(record["observedTimeUnixNano"], str)
        self.assertEqual(record["severityNumber"], 9)
        number = next(pair for pair in record["attributes"] if pair["key"] == "boundary.sequence_number")
        self.assertEqual(number["value"], {"intValue": "-7"})
        self.assertEqual(request.headers["Content-Type"], "application/json")
        self.assertEqual(request.path, "/v1/logs")
        daemon.stop()

    def test_many_sessions_share_a_request_resource_and_scope(self):
        collector = self.collector(Answer(503, headers=[("Retry-After", "1")]))
        daemon = self.run_daemon(collector, "--otlp-resource-attribute", "team=a b", environment={"CODER_WORKSPACE_NAME": "w", "CODER_WORKSPACE_ID": "i"})
        for number in range(50):
            daemon.send(frame([Log()], session=f"s-{number}"))
        first = collector.next()
        records = collector.records(50)
        self.assertEqual({seen(record)["attributes"]["session.id"] for record in records}, {f"s-{number}" for number in range(50)})
        [resource] = first.message.resource_logs
        attributes = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
        self.assertEqual(
            {key: attributes[key] for key in ("team", "service.name", "coder.workspace.name", "coder.workspace.id")},
            {"team": "a b", "service.name": "boundary-log-proxy", "coder.workspace.name": "w", "coder.workspace.id": "i"})
        self.assertIn("host.name", attributes)
        [scope] = resource.scope_logs
        self.assertEqual((scope.scope.name, scope.scope.version), ("boundary-log-proxy", attributes["service.version"]))
        daemon.stop()

    def test_environment_of_the_specification(self):
        collector = self.collector()
        daemon = Daemon(BINARY, "--reporter", "otlp", environment={
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": collector.url + "/custom",
            "OTEL_EXPORTER_OTLP_HEADERS": "x-a=general", "OTEL_EXPORTER_OTLP_LOGS_HEADERS": "x-key=a%20b, x-other=2",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json", "OTEL_EXPORTER_OTLP_TIMEOUT": "5000",
            "OTEL_RESOURCE_ATTRIBUTES": "service.name=ignored,deployment.environment.name=prod%2Ceu", "OTEL_SERVICE_NAME": "mine"})
        daemon.send(frame([Log()]))
        request = collector.next()
        self.assertEqual(request.path, "/custom")
        self.assertEqual((request.headers["x-key"], request.headers["x-other"], request.headers.get("x-a")), ("a b", "2", None))
        self.assertEqual((request.headers["Content-Encoding"], request.headers["Content-Type"]), ("gzip", "application/json"))
        attributes = {pair.key: pair.value.string_value for pair in request.message.resource_logs[0].resource.attributes}
        self.assertEqual((attributes["service.name"], attributes["deployment.environment.name"]), ("mine", "prod,eu"))
        daemon.stop()

    def test_partial_success_is_counted_and_not_tried_again(self):
        for protocol in ("protobuf", "json"):
            with self.subTest(protocol=protocol):
                if protocol == "json":
                    answer = Answer(body=b'{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too old"}}', content_type="application/json")
                else:
                    response = ExportLogsServiceResponse()
                    response.partial_success.rejected_log_records = 3
                    response.partial_success.error_message = "too old"
                    answer = Answer(body=response.SerializeToString())
                collector = self.collector(answer)
                daemon = self.run_daemon(collector, "--otlp-protocol", f"http/{protocol}")
                daemon.send(frame([Log(number=number) for number in range(10)]))
                self.assertEqual(len(collector.next().records), 10)
                daemon.wait_for("refused a part of a delivery.*too old")
                metrics = daemon.metrics()
                self.assertEqual(metrics["agent_boundary_log_proxy_logs_forwarded_total"], 7)
                self.assertEqual(self.dropped(metrics, "forward_failed"), 3)
                daemon.send(frame([Log(number=10)]))
                self.assertEqual(len(collector.next().records), 1)
                daemon.stop(status=3)

    def dropped(self, metrics, reason):
        [value] = [value for name, value in metrics.items() if name.startswith("agent_boundary_log_proxy_logs_dropped_total") and f'reason="{reason}"' in name]
        return value

    def test_a_warning_without_rejected_records_is_said_and_nothing_is_lost(self):
        response = ExportLogsServiceResponse()
        response.partial_success.error_message = "please use gzip"
        collector = self.collector(Answer(body=response.SerializeToString()))
        daemon = self.run_daemon(collector)
        daemon.send(frame([Log()]))
        collector.next()
        daemon.wait_for("please use gzip")
        metrics = daemon.metrics()
        self.assertEqual(metrics["agent_boundary_log_proxy_logs_forwarded_total"], 1)
        self.assertEqual(self.dropped(metrics, "forward_failed"), 0)
        daemon.stop()

    def test_retryable_statuses_are_tried_again_and_no_others(self):
        for status in (429, 502, 503, 504):
            with self.subTest(status=status):
                collector = self.collector(Answer(status))
                daemon = self.run_daemon(collector)
                daemon.send(frame([Log(number=status)]))
                first, second = collector.next(), collector.next()
                self.assertEqual([seen(r) for r in first.records], [seen(r) for r in second.records])
                self.assertEqual(first.headers["Idempotency-Key"], second.headers["Idempotency-Key"])
                daemon.stop()
        for status in (400, 401, 404, 500, 501):
            with self.subTest(status=status):
                # google.rpc.Status: code 3, a message.
                collector = self.collector(Answer(status, body=b"\x08\x03\x12\x0bnot like so"))
                daemon = self.run_daemon(collector)
                daemon.send(frame([Log(number=status)]))
                collector.next()
                daemon.wait_for(f"HTTP {status}: not like so")
                self.assertEqual(self.dropped(daemon.metrics(), "forward_failed"), 1)
                daemon.send(frame([Log(number=1)]))
                self.assertEqual(seen(collector.next().records[0])["attributes"]["boundary.sequence_number"], 1)
                daemon.stop(status=3)

    def test_too_large_is_halved(self):
        collector = self.collector(Answer(413))
        daemon = self.run_daemon(collector)
        daemon.send(frame([Log(number=number) for number in range(10)]))
        self.assertEqual([len(collector.next().records) for _ in range(3)], [10, 5, 5])
        daemon.stop()

    def test_only_denied_requests_are_sent_and_the_others_are_counted(self):
        collector = self.collector()
        daemon = self.run_daemon(collector, "--otlp-filter", "denied")
        daemon.send(frame([Log(allowed=True) for _ in range(7)]) + frame([Log(allowed=number % 2 == 0, number=number) for number in range(10)]))
        records = collector.records(5)
        self.assertEqual([seen(r)["attributes"]["boundary.sequence_number"] for r in records], [1, 3, 5, 7, 9])
        daemon.stop()
        self.assertRegex(daemon.log, r"logs_received[\"=: ]+17")
        self.assertRegex(daemon.log, r"logs_delivered[\"=: ]+5")
        self.assertRegex(daemon.log, r"logs_dropped_filtered[\"=: ]+12")

    def test_redaction_reaches_file_and_http(self):
        url = "https://user:secret@a.io/p?token=secret"
        want = "https://REDACTED:REDACTED@a.io/p?REDACTED"
        daemon = Daemon(BINARY, "--reporter", "file", "--redact-url", "query,userinfo")
        self.addCleanup(lambda: daemon.process.poll() is None and daemon.process.kill())
        daemon.send(frame([Log(url=url)]))
        output = daemon.stop()
        self.assertEqual([json.loads(line)["url"] for line in output.splitlines()], [want])
        logs = [Log(url=url, number=1), Log(url="https://b.io/x", rule="", number=2), Log(allowed=False, url=url, number=3)]
        for options in ((), ("--http-compression", "gzip"), ("--http-format", "ndjson")):
            with self.subTest(options=options):
                collector = self.collector()
                daemon = Daemon(BINARY, "--reporter", "http", "--http-url", collector.url + "/ingest", "--redact-url", "query,userinfo", *options)
                self.addCleanup(lambda daemon=daemon: daemon.process.poll() is None and daemon.process.kill())
                daemon.send(frame(logs))
                body = collector.next().raw
                daemon.stop()
                if "ndjson" in options:
                    self.assertEqual([json.loads(line)["url"] for line in body.splitlines()], [want, "https://b.io/x", want])
                else:
                    # All else is as the client sent it; logs are fields 1, and in them requests 3.
                    self.assertEqual(fields(body, 1, 3), fields(request([Log(url=want, number=1), logs[1], Log(allowed=False, url=want, number=3)]), 1, 3))


if __name__ == "__main__":
    unittest.main(verbosity=2)
