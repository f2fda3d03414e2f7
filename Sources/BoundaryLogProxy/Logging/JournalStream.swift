import Glibc

/// Whether what is written to a descriptor goes to systemd's journal, which has a clock of its own and takes a priority before each line.
///
/// https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#%24JOURNAL_STREAM
enum JournalStream {
    /// `JOURNAL_STREAM` names the stream by device and inode: standard error may have been led elsewhere since.
    static func isJournal(_ descriptor: Int32, environment: [String: String]) -> Bool {
        guard let stream = environment["JOURNAL_STREAM"] else { return false }
        var status = stat()
        return fstat(descriptor, &status) == 0 && stream == "\(status.st_dev):\(status.st_ino)"
    }
}
