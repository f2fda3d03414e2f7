import Pipeline

/// A destination that the test plays: deliveries wait in `underWay` until the test settles them.
final class ModelReporter: Reporter {
    var traits: ReporterTraits
    private(set) var underWay: [Delivery] = []
    /// Bytes that a log takes in a body besides its batch's, as with JSON lines.
    var bodyBytesPerLog = 0

    init(mixesSessions: Bool = false, inFlightMax: Int = 64) {
        traits = ReporterTraits(mixesSessions: mixesSessions, inFlightMax: inFlightMax)
    }

    func bodyBytes(of batch: Batch) -> Int { batch.request.count + bodyBytesPerLog * batch.logCount }
    func send(_ delivery: Delivery, completion: @escaping (DeliveryOutcome) -> Void) { underWay.append(delivery) }
    func take(at index: Int) -> Delivery { underWay.remove(at: index) }
    func reopen() -> String? { nil }
    func close(_ closed: @escaping () -> Void) { closed() }
}
