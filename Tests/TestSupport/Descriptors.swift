internal import CGNU
import Glibc

/// Descriptors that are closed on exec from their beginning. Tests start programs side by side: one that is forked between the making of a descriptor and the
/// setting of its flag would keep it open as long as it runs, and its other side would wait for an end that does not come.
public enum ClosedOnExec {
    /// `flags`: besides O_CLOEXEC. https://man7.org/linux/man-pages/man2/pipe.2.html
    public static func pipe(flags: Int32 = 0) -> (read: Int32, write: Int32)? {
        var ends: [Int32] = [-1, -1]
        return pipe2(&ends, O_CLOEXEC | flags) == 0 ? (ends[0], ends[1]) : nil
    }

    /// `flags`: besides SOCK_CLOEXEC. Negative when it fails. https://man7.org/linux/man-pages/man2/accept.2.html
    public static func accept(_ listener: Int32, flags: UInt32 = 0) -> Int32 {
        accept4(listener, nil, nil, Int32(SOCK_CLOEXEC.rawValue | flags))
    }
}

/// Gives the calling thread descriptors of its own, copies of all that there are: none appears and none goes away but by its doing. libdispatch, for one,
/// looks into /proc now and then, from a thread of its own. https://man7.org/linux/man-pages/man2/unshare.2.html
public func unshareDescriptors() -> Bool { unshare(Int32(BLP_CLONE_FILES)) == 0 }

/// Waits until nobody can read any more what is written to a pipe whose other end was closed: a program that another test is starting has a copy of it between
/// fork and exec. False after a minute.
public func waitUntilNobodyReads(_ pipe: Int32) -> Bool {
    var error = pollfd(fd: pipe, events: 0, revents: 0)
    return poll(&error, 1, 60_000) == 1 && error.revents & Int16(POLLERR) != 0
}
