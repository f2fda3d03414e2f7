import Glibc
import enum TestSupport.ClosedOnExec
import Wire

@testable import Flood

/// A daemon in small, turned by the test: accepts, decodes, hands every good request to a record at once.
final class Acceptor {
    let path: String
    private(set) var record = DeliveryRecord()
    private(set) var batches = 0
    private(set) var logs = 0
    private(set) var statuses = 0
    private(set) var rejected: [BadFrame: Int] = [:]
    private let reader: BodyReader
    private let listener: Int32
    private var connections: [(descriptor: Int32, bytes: [UInt8])] = []
    private let directory: TemporaryDirectory

    /// `path`: where else to listen, perhaps in the place of an acceptor that is gone.
    init(_ configuration: FloodConfiguration, path: String? = nil) throws {
        directory = try TemporaryDirectory()
        self.path = path ?? directory.path + "/s"
        reader = BodyReader(urlBytes: configuration.urlBytes, seed: configuration.seed)
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        unlink(self.path)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: self.path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard result == 0, listen(listener, 16) == 0 else { throw FloodError.system("cannot listen on \(self.path)") }
    }

    deinit {
        close(listener)
        for connection in connections { close(connection.descriptor) }
    }

    /// Reads what is there, at most `bytesMax` per connection.
    func step(bytesMax: Int = 65536) {
        while true {
            let descriptor = ClosedOnExec.accept(listener, flags: SOCK_NONBLOCK.rawValue)
            if descriptor < 0 { break }
            connections.append((descriptor, []))
        }
        connections = connections.compactMap { connection in
            var connection = connection
            if readOnce(&connection.bytes, connection.descriptor, bytesMax) { return connection }
            close(connection.descriptor)
            return nil
        }
    }

    /// Whether the connection goes on.
    private func readOnce(_ bytes: inout [UInt8], _ descriptor: Int32, _ bytesMax: Int) -> Bool {
        var chunk = [UInt8](repeating: 0, count: bytesMax)
        let count = read(descriptor, &chunk, bytesMax)
        if count < 0 { return true }
        if count == 0 {
            if !bytes.isEmpty { rejected[.truncated, default: 0] += 1 }
            return false
        }
        bytes += chunk[..<count]
        var offset = 0
        var decoder = FrameDecoder()
        while true {
            switch decoder.next(in: bytes.span.bytes, offset: &offset) {
            case .frame(let tag, let range): take(tag, Array(bytes[range]))
            case .needMoreBytes:
                bytes.removeFirst(offset)
                return true
            case .failed(.unknownTag):
                rejected[.unknownTag, default: 0] += 1
                return false
            case .failed(.payloadTooLong):
                rejected[.lengthOver, default: 0] += 1
                return false
            }
        }
    }

    private func take(_ tag: FrameTag, _ payload: [UInt8]) {
        switch BoundaryScan.scan(tag, payload.span.bytes) {
        case .logs(let request):
            var inner = [UInt8](repeating: 0, count: request.byteCount)
            inner.withUnsafeMutableBytes { BoundaryScan.copyRequest(request, of: payload.span.bytes, to: $0) }
            batches += 1
            logs += (try? reader.read(inner, .protobuf, arrival: SystemClock.wall, into: &record)) ?? 0
        case .status: statuses += 1
        case .empty: break
        case .invalid: rejected[.invalidProtobuf, default: 0] += 1
        }
    }

    var hasConnections: Bool { !connections.isEmpty }

    /// As a faultless daemon would write it.
    var ledger: DaemonLedger {
        DaemonLedger(values: [
            "logs_received": logs, "logs_delivered": logs, "batches_received": batches, "client_dropped_channel_full": statuses,
        ])
    }
}
