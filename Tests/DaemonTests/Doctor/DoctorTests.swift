import BoundaryLogProxy
import Glibc
import TestSupport
import Testing

@testable import boundary_log_proxy

/// `boundary-log-proxy doctor` on this machine: socket, spool, files, limits. Each finding has its real cause.
@Suite(.timeLimit(.minutes(4))) struct DoctorTests {
    let directory = TemporaryDirectory()
    var environment: [String: String] { ["STATE_DIRECTORY": directory.path("spool")] }
    /// A directory of its own, so that what is looked at is not in /tmp.
    func arguments(_ more: String...) -> [String] { ["--socket", directory.path("s")] + more }
    func doctor(_ more: String...) async throws -> DoctorRun { try await DoctorRun(arguments() + more, environment: environment) }

    func shell(_ command: String) async throws {
        let outcome = try await Subprocess.run("/bin/sh", ["-c", command])
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    /// Rights mean nothing to root: whoever runs as root runs it as nobody.
    static let asNobody = geteuid() == 0 ? ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []

    @Test func wellWithoutADaemon() async throws {
        let run = try await doctor()
        #expect(run.status == 0 && run.says("socket", "ok", "it can be made") && run.says("spool", "ok", "can be made") && run.says("destination", "ok", "standard output"), "\(run.output)")
        // Nothing was made.
        #expect(access(directory.path("s"), F_OK) != 0 && access(directory.path("spool"), F_OK) != 0)
    }

    @Test func besideARunningDaemonThatNoticesNothing() async throws {
        let daemon = try Subprocess(Subprocess.product("boundary-log-proxy"), arguments("--metrics-listen", "127.0.0.1:0"), environment: environment, timeLimit: .seconds(300))
        #expect(await daemon.waitFor("listening"), "\(daemon.written(to: .standardError))")
        let before = daemon.written(to: .standardError)
        let run = try await doctor()
        #expect(run.status == 0 && run.says("socket", "ok", "(pid \(daemon.pid))") && run.says("spool lock", "ok", "(pid \(daemon.pid))"), "\(run.output)")
        #expect(run.says("socket mode", "ok", "0600"))
        // Another configuration than the daemon's.
        let other = try await doctor("--socket-mode", "0660", "--metrics-listen", "127.0.0.1:1")
        #expect(other.status == 0 && other.says("socket mode", "warn", "0600") && other.says("metrics listener", "warn", "nobody listens"), "\(other.output)")
        // A second daemon on the same spool, and a socket that another program serves.
        let second = try await DoctorRun(["--socket", directory.path("t")], environment: environment)
        #expect(second.failures == ["spool lock"] && second.says("spool lock", "fail", "pid \(daemon.pid)"), "\(second.output)")
        #expect(daemon.written(to: .standardError) == before)
        daemon.send(SIGTERM)
        let outcome = await daemon.outcome()
        #expect(outcome.status == 0 && outcome.errors.contains("final ledger"), "\(outcome.errors)")
    }

    @Test func whatIsWrongWithASocket() async throws {
        let long = try await DoctorRun(["--socket", "/tmp/" + String(repeating: "x", count: 102), "--durability", "memory"])
        #expect(long.status == 0, "107 bytes are allowed: \(long.output)")
        let missing = try await DoctorRun(["--socket", directory.path("none/s"), "--durability", "memory"])
        #expect(missing.failures == ["socket"] && missing.says("socket", "fail", "ENOENT"), "\(missing.output)")
        try await shell("touch \(directory.path("s"))")
        let file = try await doctor()
        #expect(file.failures == ["socket"] && file.says("socket", "fail", "a regular file"), "\(file.output)")
        unlink(directory.path("s"))
        // Left behind: bound, and its process gone.
        try await shell("python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' \(directory.path("s"))")
        let stale = try await doctor()
        #expect(stale.status == 0 && stale.says("socket", "ok", "the next start replaces it"), "\(stale.output)")
        #expect(access(directory.path("s"), F_OK) == 0)
        unlink(directory.path("s"))
        let program = "import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\ns.listen()\nprint(1, flush=True)\ns.accept()"
        let stranger = try Subprocess("/usr/bin/python3", ["-c", program, directory.path("s")], timeLimit: .seconds(300))
        #expect(stranger.takeLine() == "1")
        let served = try await doctor()
        #expect(served.failures == ["socket"] && served.says("socket", "fail", "served by python3 (pid \(stranger.pid))"), "\(served.output)")
        // It was not even connected to.
        #expect(!stranger.hasEnded)
        stranger.send(SIGKILL)
        let group = try await doctor("--socket-group", "nosuchgroup")
        #expect(group.failures.contains("socket group"), "\(group.output)")
    }

    @Test func directoriesThatAreNotWritable() async throws {
        try await shell("mkdir -m 0555 \(directory.path("d")) && chmod 0755 \(directory.path)")
        let run = try await DoctorRun(
            ["--socket", directory.path("d/s"), "--spool-dir", directory.path("d/spool"), "--file-path", directory.path("d/log")], through: Self.asNobody)
        #expect(run.failures == ["socket", "spool", "destination"], "\(run.output)")
        #expect(run.says("socket", "fail", "EACCES") && run.says("destination", "fail", "not writable"), "\(run.output)")
    }

    @Test(.enabled(if: geteuid() == 0, "it takes another user")) func whetherAUserCouldConnect() async throws {
        chmod(directory.path, 0o755)
        let no = try await doctor("--user", "nobody")
        #expect(no.failures == ["client"] && no.says("client", "fail", "cannot connect"), "\(no.output)")
        #expect(try await doctor("--user", "nobody", "--socket-mode", "0666").says("client", "ok", "nobody can connect"))
        #expect(try await doctor("--user", "nobody", "--socket-mode", "0660", "--socket-group", "nogroup").says("client", "ok", "can connect"))
        #expect(try await doctor("--user", "0").says("client", "ok", "root can connect"))
        chmod(directory.path, 0o700)
        #expect(try await doctor("--user", "nobody", "--socket-mode", "0666").says("client", "fail", "cannot pass the directory \(directory.path)"))
        #expect(try await doctor("--user", "nosuchuser").failures == ["client"])
    }

    @Test func whatIsWrongWithASpool() async throws {
        try await shell("mkdir -m 0777 \(directory.path("spool")) && touch \(directory.path("spool/other"))")
        let open = try await doctor()
        #expect(open.failures == ["spool"] && open.says("spool", "fail", "others may write"), "\(open.output)")
        try await shell("rm \(directory.path("spool/other"))")
        #expect(try await doctor().says("spool", "ok", "narrowed to 0700"))
        try await shell("chmod 0700 \(directory.path("spool")) && touch \(directory.path("spool/spool-damaged-20260101T000000Z.db"))")
        #expect(try await doctor().says("spool damage", "warn", "20260101T000000Z"))
        try await shell("rm -r \(directory.path("spool")) && touch \(directory.path("spool"))")
        #expect(try await doctor().failures == ["spool"])
        let large = try await doctor("--spool-dir", directory.path("large"), "--spool-bytes-max", "1TiB")
        #expect(large.status == 0 && large.says("spool disk", "warn", "may grow by"), "\(large.output)")
    }

    @Test(.enabled(if: geteuid() == 0, "mounting takes root")) func aFullFileSystemInMemory() async throws {
        let script = "mkdir -p $0/m && mount -t tmpfs -o size=128k,mode=0700 none $0/m && head -c 1000000 /dev/zero > $0/m/full 2>/dev/null; shift 0; exec \"$@\""
        let run = try await DoctorRun(
            arguments("--spool-dir", directory.path("m/spool")), through: ["/usr/bin/unshare", "-m", "/bin/sh", "-c", script, directory.path])
        #expect(run.failures == ["spool disk"] && run.says("spool disk", "fail", "no room") && run.says("spool file system", "warn", "tmpfs"), "\(run.output)")
    }

    @Test func fewDescriptors() async throws {
        let run = try await DoctorRun(arguments(), environment: environment, through: ["/bin/sh", "-c", "ulimit -n 200 && exec \"$0\" \"$@\""])
        #expect(run.status == 0 && run.says("descriptors", "warn", "may have 200") && run.says("descriptors", "warn", "needs 1185"), "\(run.output)")
    }

    @Test func aTakenMetricsPort() async throws {
        let server = try DoctorServer()
        let run = try await doctor("--metrics-listen", "127.0.0.1:\(server.port)")
        #expect(run.failures == ["metrics listener"] && server.requests.isEmpty, "\(run.output)")
    }

    @Test func theStatusListener() async throws {
        let server = try DoctorServer()
        let port = try await doctor("--status-listen", "127.0.0.1:\(server.port)")
        #expect(port.failures == ["status listener"] && server.requests.isEmpty, "\(port.output)")
        let path = "unix:" + directory.path("status")
        #expect(try await doctor("--status-listen", path).says("status listener", "ok", "can be made"))
        #expect(access(directory.path("status"), F_OK) != 0)
        try await shell("touch \(directory.path("status"))")
        #expect(try await doctor("--status-listen", path).says("status listener", "fail", "a regular file"))
        unlink(directory.path("status"))
        let daemon = try Subprocess(Subprocess.product("boundary-log-proxy"), arguments("--status-listen", path), environment: environment, timeLimit: .seconds(300))
        #expect(await daemon.waitFor("listening"), "\(daemon.written(to: .standardError))")
        #expect(try await doctor("--status-listen", path).says("status listener", "ok", "is served"))
        #expect(try await doctor("--status-listen", path + "2").says("status listener", "warn", "nobody serves"))
        daemon.send(SIGTERM)
        #expect(await daemon.outcome().status == 0)
    }

    @Test func whoMaySpeak() async throws {
        func doctor(_ more: String...) async throws -> DoctorRun { try await DoctorRun(arguments("--socket-mode", "0666", "--user", "root") + more, environment: environment) }
        #expect(try await doctor().says("client", "ok", "root can connect"))
        let other = try await doctor("--allow-uid", "nobody", "--allow-gid", "daemon")
        #expect(other.failures == ["client"] && other.says("client", "fail", "refused then") && other.says("allowed clients", "ok", "nobody and members of the groups daemon"), "\(other.output)")
        #expect(try await doctor("--allow-uid", "nobody", "--allow-gid", "root").says("client", "ok", "root can connect"))
        let unknown = try await doctor("--allow-uid", "no-such-user")
        #expect(unknown.failures == ["allowed clients"] && unknown.says("allowed clients", "fail", "no-such-user"), "\(unknown.output)")
    }

    @Test func filesAsTheDestination() async throws {
        #expect(try await doctor("--file-path", directory.path("out")).says("destination", "ok", "can be made"))
        #expect(access(directory.path("out"), F_OK) != 0)
        #expect(try await doctor("--file-path", directory.path).says("destination", "fail", "is a directory"))
        #expect(try await doctor("--file-path", directory.path("none/out")).failures == ["destination"])
        try await shell("touch \(directory.path("out"))")
        #expect(try await doctor("--file-path", directory.path("out")).says("destination", "ok", "appended"))
    }

    @Test func supervisors() async throws {
        let systemd = try await DoctorRun(arguments("--drain-timeout", "2m"), environment: environment.merging(["INVOCATION_ID": "1"]) { $1 })
        #expect(systemd.status == 0 && systemd.says("supervisor", "warn", "TimeoutStopSec"), "\(systemd.output)")
        let kubernetes = try await DoctorRun(arguments(), environment: environment.merging(["KUBERNETES_SERVICE_HOST": "10.0.0.1"]) { $1 })
        #expect(kubernetes.says("supervisor", "ok", "Kubernetes"), "\(kubernetes.output)")
    }

    @Test func commandLine() async throws {
        let program = Subprocess.product("boundary-log-proxy")
        #expect(try await Subprocess.run(program, ["doctor", "--nonsense"]).status == 2)
        let bad = try await doctor("--buffer-bytes", "3", "--overflow", "nothing")
        #expect(bad.failures == ["configuration", "configuration"], "\(bad.output)")
        let file = try await doctor("--config", directory.path("none.yaml"))
        #expect(file.failures == ["configuration"], "\(file.output)")
        let text = try await Subprocess.run(program, ["doctor"] + arguments("--reporter", "discard", "--durability", "memory"))
        #expect(text.status == 0 && !text.output.contains("\u{1B}"), "\(text.output)")
        #expect(text.output.contains("\nwarn  destination         discard: every log is thrown away\n                          -> choose a --reporter"), "\(text.output)")
    }

    @Test func coloursAndJSON() {
        let findings = [Doctor.Finding("a", .ok, "b"), Doctor.Finding("c", .fail, "d\u{1B}[1m", advice: "e")]
        #expect(DoctorReport.text(findings, isColoured: true).hasPrefix("\u{1B}[32mok  \u{1B}[0m  a"))
        #expect(!DoctorReport.text(findings, isColoured: false).contains("\u{1B}"))
        #expect(DoctorReport.text(findings, isColoured: false).hasSuffix("\n1 ok, 0 to be looked at, 1 failed\n"))
        #expect(DoctorReport.json(findings).contains("\"ok\": false"))
    }
}
