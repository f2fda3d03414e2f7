import Logging

/// PLACEHOLDER for the assembled daemon.
public enum Daemon {
    /// Runs until it is told to stop. The exit status: 0 clean, 1 could not start, 3 something was lost.
    public static func run(configuration: Configuration, logger: Logger) -> Int32 {
        logger.info("nothing is assembled yet", metadata: ["socket": "\(configuration.socketPath)"])
        return 0
    }
}
