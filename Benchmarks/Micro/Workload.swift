import Oracle
import Wire

/// Batches as boundary sends them.
enum Workload {
    static func payload(logCount: Int, urlBytes: Int) -> [UInt8] {
        var message = OracleMessage()
        message.logs.sessionID = "d401b2fd-3509-42c0-abae-2adeb7babe3b"
        message.logs.confinedProcessName = "claude-code"
        message.logs.logs = (0..<logCount).map { number in
            var log = OracleLog()
            log.allowed = number % 3 != 2
            log.time.seconds = 1_795_447_957
            log.time.nanos = Int32(414_790_379 + number)
            log.httpRequest.method = "GET"
            let url = "https://api.example.com/v1/" + String(repeating: "abcdefghij", count: 20)
            log.httpRequest.url = String(url.prefix(urlBytes))
            if log.allowed { log.httpRequest.matchedRule = "domain=*.example.com" }
            log.sequenceNumber = Int32(1000 + number)
            return log
        }
        return ProtobufOracle.serialized(message)
    }

    static func request(of payload: [UInt8]) -> [UInt8] {
        guard case .logs(let scanned) = BoundaryScan.scan(.message, payload.span.bytes) else { return [] }
        var request = [UInt8](repeating: 0, count: scanned.byteCount)
        request.withUnsafeMutableBytes { BoundaryScan.copyRequest(scanned, of: payload.span.bytes, to: $0) }
        return request
    }

    /// What the proxy does with a frame before it is in the ring. Returns the logs in it.
    @inline(never)
    static func scanAndCopy(_ payload: [UInt8], to destination: inout [UInt8]) -> Int {
        guard case .logs(let scanned) = BoundaryScan.scan(.message, payload.span.bytes) else { return 0 }
        destination.withUnsafeMutableBytes { BoundaryScan.copyRequest(scanned, of: payload.span.bytes, to: $0) }
        return scanned.logCount
    }
}
