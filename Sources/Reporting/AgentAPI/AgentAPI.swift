/// The part of coderd's agent API that is used here (docs/protocol.md).
package enum AgentAPI {
    /// The lowest that knows ReportBoundaryLogs: Coder 2.30. A coderd that is older than what is asked for refuses, a newer one does not mind.
    static let version = "2.7"
    /// Any role but `agent`, and none is `agent` too: it would make coderd take us for the agent itself, and its users' sessions with it.
    static let role = "boundary-log-proxy"
    static let tokenHeader = "Coder-Session-Token"
    package static let reportBoundaryLogs: StaticString = "/coder.agent.v2.Agent/ReportBoundaryLogs"

    /// The address of the session, under coderd's own.
    static func sessionURL(_ coder: String) -> String {
        let base = coder.hasSuffix("/") ? coder.dropLast() : coder[...]
        return "\(base)/api/v2/workspaceagents/me/rpc?version=\(version)&role=\(role)"
    }
}
