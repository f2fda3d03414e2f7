import BoundaryLogProxy
import CBoundaryLogProxy
import EventLoop

/// What a `blp_config` stands for. From any thread.
final class HostConfiguration: HandleTarget {
    static let kind: UInt = 0x11
    static let typeName = "blp_config"

    struct Content: Sendable {
        var builder = ConfigurationBuilder()
        var callbacks = HostCallbacks()

        init() { builder.useDefaultsForEmbedding() }
    }
    private let content = Lock(Content())

    func change<Failure: Error>(_ body: (inout Content) throws(Failure) -> Void) throws(APIError) {
        do {
            try content.withLock(body)
        } catch {
            throw APIError(BLP_E_CONFIG, "\(error)")
        }
    }

    /// Whole and checked, as it is now.
    func build() throws(APIError) -> (Configuration, HostCallbacks) {
        var content = content.withLock { $0 }
        if content.callbacks.report != nil { content.builder.setCallbackReporter() }
        do {
            return (try content.builder.build(), content.callbacks)
        } catch {
            throw APIError(BLP_E_CONFIG, "\(error)")
        }
    }
}
