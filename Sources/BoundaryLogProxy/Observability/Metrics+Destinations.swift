import Pipeline
import Reporting

extension Metrics {
    /// The destinations, each with the labels of its samples: `destination` when there are several. With one there is none, so that the series are those of the original.
    struct Destinations {
        let labelled: [(labels: [(String, String)], destination: DestinationStatus)]

        init(_ s: Snapshot) {
            let areSeveral = s.destinations.count > 1
            labelled = s.destinations.map { (areSeveral ? [("destination", $0.name)] : [], $0) }
        }

        var areSeveral: Bool { labelled.count > 1 }

        /// A family with one sample for each destination for which there is a value; none at all when there is no value.
        func each<Value: CustomStringConvertible>(
            _ name: String, _ kind: PrometheusText.Kind, _ help: String, _ out: inout PrometheusText, _ value: (DestinationStatus) -> Value?
        ) {
            family(name, kind, help, &out) { destination in value(destination).map { [([], $0)] } ?? [] }
        }

        /// A family with the samples that `samples` gives for each destination, with their own labels; none at all when there are none.
        func family<Value: CustomStringConvertible>(
            _ name: String, _ kind: PrometheusText.Kind, _ help: String, _ out: inout PrometheusText,
            _ samples: (DestinationStatus) -> [(labels: [(String, String)], value: Value)]
        ) {
            let all = labelled.flatMap { entry in samples(entry.destination).map { (entry.labels + $0.labels, $0.value) } }
            guard !all.isEmpty else { return }
            out.family(name, kind, help)
            for (labels, value) in all { out.sample(name, labels, value) }
        }
    }

    static func deliveries(_ destinations: Destinations, _ out: inout PrometheusText) {
        destinations.family(prefix + "deliveries_total", .counter, "Attempts at deliveries by outcome; transient ones are tried again.", &out) { destination in
            let deliveries = destination.deliveries
            return [
                ([("outcome", "delivered")], deliveries.delivered), ([("outcome", "transient")], deliveries.transient),
                ([("outcome", "rejected")], deliveries.rejected), ([("outcome", "too_large")], deliveries.tooLarge),
            ]
        }
        out.family(prefix + "delivery_duration_seconds", .histogram, "How long attempts at deliveries took.")
        for (labels, destination) in destinations.labelled {
            out.histogram(
                prefix + "delivery_duration_seconds", labels, bounds: DeliveryStatistics.durationBounds,
                counts: destination.deliveries.durationCounts, sum: destination.deliveries.durationSum)
        }
        destinations.each(
            prefix + "destination_up", .gauge, "0 while the last attempt at a delivery failed or was refused, or there is no session.", &out
        ) { $0.trouble == nil ? 1 : 0 }
        destinations.family(
            prefix + "credentials_refused_total", .counter,
            "Answers of the destination that refuse the token or who it belongs to: to deliveries by HTTP, to attempts at a session with coderd.", &out
        ) { destination in
            [401, 403].map { code in
                let count = destination.reporter?.responses[code, default: 0] ?? 0
                return ([("code", "\(code)")], count + (destination.session?.credentialsRefused[code, default: 0] ?? 0))
            }
        }
        destinations.each(prefix + "since_last_success_seconds", .gauge, "Time since the last successful delivery.", &out) { $0.secondsSinceLastSuccess }
    }

    static func reporter(_ destinations: Destinations, _ out: inout PrometheusText) {
        destinations.each(
            prefix + "destination_bytes_total", .counter, "Bytes written to the destination in bodies of requests, or lines, failed attempts included.", &out
        ) { $0.reporter?.bodyBytes }
        func connecting(_ destination: DestinationStatus) -> ReporterStatistics? {
            destination.reporter.flatMap { $0.connectionsOpened > 0 || $0.transportErrors > 0 ? $0 : nil }
        }
        destinations.each(prefix + "http_connections_total", .counter, "Connections made to the HTTP destination.", &out) { connecting($0)?.connectionsOpened }
        destinations.each(prefix + "http_transport_errors_total", .counter, "Requests that ended without an answer.", &out) { connecting($0)?.transportErrors }
        destinations.family(prefix + "http_responses_total", .counter, "Answers of the HTTP destination by status.", &out) { destination in
            (connecting(destination)?.responses ?? [:]).sorted(by: { $0.key < $1.key }).map { ([("code", "\($0.key)")], $0.value) }
        }
    }

    static func session(_ destinations: Destinations, clock: UInt64, _ out: inout PrometheusText) {
        destinations.family(prefix + "session_state", .gauge, "1 for the state that the session with coderd is in.", &out) { destination in
            destination.session.map { session in
                AgentAPIStatus.State.allCases.map { ([("state", $0.rawValue)], session.state == $0 ? 1 : 0) }
            } ?? []
        }
        destinations.each(prefix + "session_state_seconds", .gauge, "How long it has been in that state.", &out) { destination in
            destination.session.map { Double(clock - min($0.stateSince, clock)) / 1e9 }
        }
        destinations.each(prefix + "session_dials_total", .counter, "Attempts to open a session with coderd.", &out) { $0.session?.dials }
        destinations.each(
            prefix + "session_dials_failed_total", .counter, "Attempts that coderd refused, or that did not reach it.", &out) { $0.session?.dialsFailed }
        destinations.each(prefix + "session_reconnects_total", .counter, "Sessions opened after the first.", &out) { $0.session?.reconnects }
        destinations.family(prefix + "calls_total", .counter, "Calls of coderd's ReportBoundaryLogs by their end.", &out) { destination in
            destination.session.map { session in
                [([("result", "ok")], session.callsSucceeded)]
                    + AgentAPIStatus.CallFailureCause.allCases.map { ([("result", $0.rawValue)], session.callsFailed[$0, default: 0]) }
            } ?? []
        }
        destinations.each(prefix + "calls_in_flight", .gauge, "Calls under way.", &out) { $0.session?.callsInFlight }
        destinations.each(
            prefix + "calls_perhaps_delivered_total", .counter,
            "Calls that failed after they had been written whole, and are repeated: coderd may have recorded their logs twice.", &out
        ) { $0.session?.callsPerhapsDelivered }
        destinations.family(prefix + "session_bytes_total", .counter, "Bytes exchanged with coderd inside the WebSocket.", &out) { destination in
            destination.session.map { [([("direction", "sent")], $0.bytesSent), ([("direction", "received")], $0.bytesReceived)] } ?? []
        }
    }
}
