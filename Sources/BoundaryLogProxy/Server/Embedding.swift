import Reporting

/// What a program that runs the proxy inside of itself adds to it.
public struct Embedding {
    /// Gets the deliveries, when the configuration was made with `ConfigurationBuilder.setCallbackReporter`.
    public var report: CallbackReporter.Handler?
    /// Whether there is a `ProxyServer.submissions`. Costs a descriptor.
    public var takesSubmissions = false

    public init() {}
}
