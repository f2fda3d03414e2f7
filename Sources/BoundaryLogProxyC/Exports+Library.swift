import BoundaryLogProxy
import CBoundaryLogProxy
import EventLoop
import Glibc

/// Lives as long as the process, as the header promises.
nonisolated(unsafe) private let version: UnsafePointer<CChar> = UnsafePointer(strdup(Version.text))

@c @implementation
public func blp_version() -> UnsafePointer<CChar>? { version }

@c @implementation
public func blp_last_error() -> UnsafePointer<CChar>? { blp_thread_error() }

/// No function of the API: for thread.c.
@c @implementation
public func blp_process_ends() { BackgroundWork.processIsEnding() }

@c @implementation
public func blp_free(_ memory: UnsafeMutableRawPointer?) { free(memory) }
