import EventLoop
internal import Glibc
import Pipeline

/// Appends each delivery as JSON lines to a file or a pipe, one delivery at a time, off the loop's thread. Confined to the loop's thread.
///
/// A write that ends in an error may have written a part. The next attempt at the same delivery goes on with the byte after it, so that no
/// line is torn or doubled. If the file is to be opened anew in between, the torn line is ended in the old file first; where that fails
/// too, it is written whole to the new one.
public final class FileReporter: Reporter, ReporterStatisticsSource {
    public let traits = ReporterTraits(mixesSessions: true, inFlightMax: 1)
    public private(set) var statistics = ReporterStatistics()
    public private(set) var destination: FileDestination

    /// A write is under way, perhaps for ever: a pipe that nobody reads. `EventLoop.close` would wait for it.
    public var isWriting: Bool { writer.isBusy }

    /// Called when nobody reads a borrowed descriptor any more (EPIPE), before the attempt's `.transient` completion, once: standard output
    /// will not come back.
    public var onDestinationGone: (() -> Void)?

    /// The part of a delivery that earlier attempts wrote.
    private struct Progress {
        var delivery: UInt64
        var written: Int
    }

    private let loop: EventLoop
    private let writer: FileWriter
    private var later: NextTurn?
    private var file: LogFile?
    private var wantsReopen = false
    /// Where it goes on with the next byte that belongs to no torn line.
    private var next: (destination: FileDestination, file: LogFile)?
    private var progress: Progress?
    /// The lines of the delivery that is under way, all of them; used again.
    private var lines: [UInt8] = []
    private var current: (number: UInt64, completion: (DeliveryOutcome) -> Void)?
    /// An outcome that was known inside `send`, which may not call back.
    private var pendingOutcome: DeliveryOutcome?
    private var isClosing = false

    /// Throws if the file cannot be opened for appending. Making and opening it happens on the calling thread.
    /// https://man7.org/linux/man-pages/man2/open.2.html
    public init(_ loop: EventLoop, _ destination: FileDestination) throws(ReportingError) {
        self.loop = loop
        self.destination = destination
        writer = FileWriter(loop)
        file = try Self.open(destination)
        later = NextTurn(loop) { [unowned self] in
            guard let outcome = pendingOutcome else { return }
            pendingOutcome = nil
            finish(outcome)
        }
    }

    deinit {
        assert(later == nil, "a FileReporter must be closed before it goes away")
    }

    /// Somewhat more than the truth, as long as no character needs an escape.
    public func bodyBytes(of batch: Batch) -> Int { DeliveryContent.lineBytes(of: batch) }

    public func send(_ delivery: Delivery, completion: @escaping (DeliveryOutcome) -> Void) {
        precondition(current == nil && later != nil, "a FileReporter takes one delivery at a time, and none after it was closed")
        current = (delivery.number, completion)
        guard !isClosing else { return }
        if let progress, progress.delivery != delivery.number {
            // That one was given up; its rest cannot be had any more.
            self.progress = nil
        }
        lines.removeAll(keepingCapacity: true)
        DeliveryContent.appendLines(of: delivery, to: &lines)
        endTornLineOrGoOn()
    }

    /// Opens the file anew: now, or before the next byte if a delivery is under way. Until that succeeds, deliveries are `.transient`.
    public func reopen() -> String? {
        guard case .path = next?.destination ?? destination else { return nil }
        wantsReopen = true
        guard current == nil, progress == nil, let code = openIfNeeded() else { return nil }
        return "\(destination.description): \(SystemError.text(code))"
    }

    /// Opens another file, or says why it cannot be; the writing moves there when what is returned is called: now, or before the next byte if a
    /// delivery is under way. A line is ended where it was begun.
    public func moving(to new: FileDestination) throws(ReportingError) -> () -> Void {
        let file = try Self.open(new)
        return { [self] in
            next = (new, file)
            wantsReopen = true
            if current == nil, progress == nil { _ = openIfNeeded() }
        }
    }

    private static func open(_ destination: FileDestination) throws(ReportingError) -> LogFile {
        switch destination {
        case .descriptor(let descriptor, _): return LogFile(borrowing: descriptor)
        case .path(let path):
            do throws(LogFile.Failure) {
                return try LogFile(path: path)
            } catch {
                throw .file(purpose: "log file", path: path, reason: SystemError.text(error.code))
            }
        }
    }

    /// A write under way cannot be stopped: its delivery is `.transient` but may be written all the same, and `EventLoop.close` waits for
    /// it.
    public func close(_ closed: @escaping () -> Void) {
        precondition(!isClosing, "a FileReporter was closed twice")
        isClosing = true
        pendingOutcome = nil
        later?.close()
        let last = NextTurn(loop) { [self] in
            later?.close()
            later = nil
            finish(.transient(reason: "the reporter was closed", retryAfter: nil))
            closed()
        }
        later = last
        last.schedule()
        // A job that is under way holds it until its end.
        file = nil
    }

    // MARK: One attempt

    private func endTornLineOrGoOn() {
        guard wantsReopen, let old = file, let progress else { return openAndWrite() }
        let begun = lineStart(before: progress.written)
        guard begun < progress.written else { return openAndWrite() }
        let end = lines[progress.written...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? lines.count
        write(Array(lines[progress.written..<end]), to: old) { [self] written, error in
            statistics.bodyBytes += UInt64(written)
            self.progress?.written = error == nil ? end : begun
            openAndWrite()
        }
    }

    private func openAndWrite() {
        if let code = openIfNeeded() {
            pendingOutcome = .transient(reason: "cannot open \(destination.description): \(SystemError.text(code))", retryAfter: nil)
            later?.schedule()
            return
        }
        guard let file, let number = current?.number else { return }
        let begin = progress?.written ?? 0
        let separator = file.endsInsideLine ? 1 : 0
        let isWhole = begin == 0 && separator == 0
        let bytes = isWhole ? lines : (separator == 1 ? [UInt8(ascii: "\n")] : []) + lines[begin...]
        write(bytes, to: file) { [self] written, error in
            if written > 0, separator == 1 { file.lineWasEnded() }
            let ours = max(0, written - separator)
            statistics.bodyBytes += UInt64(ours)
            guard let error else {
                progress = nil
                return finish(.delivered)
            }
            progress = begin + ours > 0 ? Progress(delivery: number, written: begin + ours) : nil
            failed(error)
        }
    }

    /// `completion` is not called once closing has begun.
    private func write(_ bytes: [UInt8], to file: LogFile, completion: @escaping (Int, LoopError?) -> Void) {
        writer.write(bytes, to: file.descriptor) { [self] written, error in
            // Also what keeps the descriptor open until here.
            _ = file
            if !isClosing { completion(written, error) }
        }
    }

    private func failed(_ error: LoopError) {
        if error.code == -EPIPE {
            switch destination {
            case .descriptor:
                onDestinationGone?()
                onDestinationGone = nil
            case .path:
                // A FIFO whose reader went: the next one begins with a whole line.
                file = nil
                let begun = lineStart(before: progress?.written ?? 0)
                progress?.written = begun
            }
        }
        finish(.transient(reason: "cannot write to \(destination.description): \(error.reason)", retryAfter: nil))
    }

    /// Where the line begins that holds the byte before `end`, or `end` itself when that byte ends a line.
    private func lineStart(before end: Int) -> Int {
        lines[..<end].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    }

    private func finish(_ outcome: DeliveryOutcome) {
        guard let completion = current?.completion else { return }
        current = nil
        if lines.capacity > RequestBody.keptBytesMax { lines = [] }
        statistics.attempts += 1
        if case .transient(let reason, _) = outcome {
            statistics.failures += 1
            statistics.lastErrorReason = reason
        }
        completion(outcome)
    }

    /// An `errno`, or nil when the file is open. The old one stays open until the new one is.
    private func openIfNeeded() -> Int32? {
        if let next {
            (destination, file) = next
            self.next = nil
            wantsReopen = false
            return nil
        }
        guard case .path(let path) = destination, wantsReopen || file == nil else { return nil }
        do throws(LogFile.Failure) {
            file = try LogFile(path: path)
            wantsReopen = false
            return nil
        } catch {
            statistics.lastErrorReason = "cannot open \(path): \(SystemError.text(error.code))"
            return error.code
        }
    }
}
