import ArgumentParser
import Flood

@main struct FloodCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "boundary-flood",
        abstract: "Floods boundary-log-proxy with audit logs and checks that every one of them is accounted for.",
        discussion: """
            Without arguments it starts a daemon of its own, sends 1,000,000 logs over 8 connections at full speed, ends the daemon and \
            judges: each log, by session and sequence number, has arrived at the flood's own HTTP sink once and in order, or is counted \
            as dropped by the daemon. Everything after -- goes to the daemon's command line.

            With --reporter coder the sink is a stand-in for coderd in a process of its own (scripts/stand-in builds it), which also notes \
            whatever a client of coderd must not do. Where it kills sessions (--sink-kill-every, --sink-outage) a log may arrive twice if it belonged \
            to a call that was in flight at a kill; such duplicates are counted and shown, any other is a failure.

            With --reporter otlp the sink reads requests with OpenTelemetry's own definitions (scripts/otlp-python) and holds every record against what \
            was sent. With several reporters each has a sink, and a verdict, of its own; what the daemon says of each is read from its metrics, when \
            everything has been delivered.

            With --crash-every the daemon is killed with SIGKILL at random moments and started anew at once, on the same socket and spool. Clients behave as \
            boundary does: the message that cannot be written is lost by the client and counts as not sent, then it connects again. In the end the daemon is left \
            to deliver everything, and the verdict holds what is missing and what came twice against the promise of --durability:
              memory  a kill may take whatever was not delivered; nothing may come twice
              spill   a kill may take what was written less than --spool-after and 250 ms before it
              sync    a kill may take what was written less than 350 ms before it (a group's 100 ms, the rest for its commit), and only the end of what a \
            session wrote, nothing out of its middle
            In all of them also what lay unread in the daemon's sockets at the kill; the age of what had been read counts from the oldest unread message of its \
            connection. With spill and sync a request may come again under its Idempotency-Key, with the same content, if it was in flight at a kill: answered at \
            most 350 ms before it, or received at most 50 ms after it. Anything beyond that is a failure. The ledgers of killed processes are lost with them: the \
            verdict rests on what the clients wrote and the sink saw; drops count as the killed processes' metrics last showed them.

            EXIT STATUS
              0  every log is accounted for (drops that the daemon counted are shown, in yellow)
              1  the verdict failed
              2  the flood could not be run

            EXAMPLES
              boundary-flood --connections 500
              boundary-flood --bad 5 --tag mixed --reconnect-every 100
              boundary-flood --rate 20000 --sink-outage 2s
              boundary-flood --overflow block --sink-rate 50000
              boundary-flood --reporter coder --duration 10s --sink-kill-every 500ms
              boundary-flood --reporter otlp --otlp-compression gzip
              boundary-flood --reporter coder,otlp --sink-outage 30s --outage-of otlp --rate 20000 --duration 60s --durability spill
              boundary-flood --socket /tmp/boundary-audit.sock --duration 30s
              boundary-flood --durability spill --crash-every 500ms --crashes 200 --rate 20000
              boundary-flood --durability sync --crash-every 500ms --crashes 200 --rate 20000 --sink-outage all
              boundary-flood --rate 20000 --duration 160s --sink-outage 60s
              boundary-flood --json -- --log-level debug

            NAMES IN --json
              ok sent messages sessions connections broken_connections blocked_writes statuses bytes_sent bad_invalid_protobuf \
            bad_unknown_tag bad_length_over bad_truncated send_seconds sent_per_second megabytes_per_second
              with a daemon of its own also: delivered dropped dropped_REASON… spooled lost duplicated duplicated_in_flight out_of_order foreign requests request_bytes \
            answered_503 answered_413 delivery_seconds delivered_per_second latency_p50_us latency_p99_us latency_p999_us latency_max_us \
            daemon_cpu_seconds daemon_cpu_seconds_per_million daemon_cpu_seconds_start (before the first message) daemon_cpu_seconds_sending daemon_context_switches \
            daemon_private_idle_bytes \
            daemon_private_peak_bytes daemon_resident_peak_bytes daemon_written_bytes \
            daemon_written_bytes_sending spool_peak_bytes daemon_drain_seconds daemon_exit_code failures
              after an outage also: catch_up_seconds catch_up_latency_seconds
              with --crash-every also: basis durability kills killed_connections failed_messages promise_window_seconds lost_within_promise lost_unread \
            lost_oldest_seconds lost_beyond_promise lost_before_later_ones resent_requests resent_logs resent_requests_of_one_kill_max resent_answer_oldest_seconds resent_not_in_flight \
            resent_with_other_content duplicated_under_other_key
              with --reporter coder also: dials dials_refused coder_sessions kills calls_in_flight_at_kills logs_in_flight_at_kills violations
              with several reporters these are of the first, and destination_REPORTER is an object with those of another
            """)

    @OptionGroup(title: "The clients") var load: LoadOptions
    @OptionGroup(title: "The sink") var sink: SinkOptions
    @OptionGroup(title: "The daemon") var daemon: DaemonOptions

    @Flag(name: .long, help: "Print one JSON object instead of the report.") var json = false
    @Flag(name: .long, help: "No progress.") var quiet = false

    func validate() throws {
        if let problem = daemon.problem ?? floodConfiguration.problem { throw ValidationError(problem) }
        if daemon.socket != nil, daemon.isAsked || sink.isAsked {
            throw ValidationError("with --socket there is neither a daemon nor a sink of the flood's own: their options mean nothing")
        }
    }

    func run() throws {
        Interruption.install()
        let target: FloodRun.Target = if let path = daemon.socket { .socket(path: path) } else {
            .ownDaemon(path: daemon.daemon ?? ExecutablePath.sibling("boundary-log-proxy"), arguments: daemon.forwarded)
        }
        var flood = FloodRun(floodConfiguration, target: target)
        flood.keepsDirectory = daemon.keep
        flood.showsProgress = !quiet
        let result: FloodResult
        do {
            result = try flood.run()
        } catch {
            TerminalOutput.write("boundary-flood: \(error)\n", to: 2)
            throw ExitCode(2)
        }
        TerminalOutput.write(json ? result.json + "\n" : result.text(colour: TerminalOutput.takesColour(1)))
        guard result.isGood else {
            let tail = result.messagesTail(lines: 20)
            if !tail.isEmpty { TerminalOutput.write("The daemon's last messages:\n" + tail, to: 2) }
            throw ExitCode(1)
        }
    }

    private var floodConfiguration: FloodConfiguration {
        var configuration = FloodConfiguration()
        load.apply(to: &configuration)
        sink.apply(to: &configuration.sink)
        daemon.apply(to: &configuration)
        return configuration
    }
}
