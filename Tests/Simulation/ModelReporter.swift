import Pipeline

/// What the forwarder asks of its destination; deliveries themselves are the simulation's.
final class ModelReporter: Reporter {
    let traits: ReporterTraits
    private let bodyBytesPerLog: Int

    init(traits: ReporterTraits, bodyBytesPerLog: Int) {
        self.traits = traits
        self.bodyBytesPerLog = bodyBytesPerLog
    }

    func bodyBytes(of batch: Batch) -> Int { batch.request.count + bodyBytesPerLog * batch.logCount }
    func send(_ delivery: Delivery, completion: @escaping (DeliveryOutcome) -> Void) { preconditionFailure("the simulation sends") }
    func reopen() -> String? { nil }
    func close(_ closed: @escaping () -> Void) { closed() }
}
