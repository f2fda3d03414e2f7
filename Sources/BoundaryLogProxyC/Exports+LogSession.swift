import CBoundaryLogProxy

@c @implementation
public func blp_log_session_new(
    _ id: UnsafePointer<CChar>?, _ process: UnsafePointer<CChar>?, _ session: UnsafeMutablePointer<OpaquePointer?>?
) -> CInt {
    answer { () throws(APIError) in
        guard let session else { throw .isNull("session") }
        let process = process == nil ? "" : try text(process, "process")
        session.pointee = Handles.issue(try LogSession(id: try text(id, "id"), process: process))
    }
}

@c @implementation
public func blp_log_append(
    _ session: OpaquePointer?, _ allowed: CInt, _ method: UnsafePointer<CChar>?, _ url: UnsafePointer<CChar>?,
    _ matched_rule: UnsafePointer<CChar>?, _ unix_nanoseconds: Int64
) -> CInt {
    answer { () throws(APIError) in
        let target = try Handles.target(session, as: LogSession.self, "session")
        let rule = matched_rule == nil ? "" : try text(matched_rule, "matched_rule")
        try target.append(
            allowed: allowed != 0, method: try text(method, "method"), url: try text(url, "url"), rule: rule,
            nanoseconds: unix_nanoseconds == 0 ? LogSession.now() : unix_nanoseconds)
    }
}

@c @implementation
public func blp_log_flush(_ session: OpaquePointer?, _ proxy: OpaquePointer?) -> CInt {
    answer { () throws(APIError) in
        let target = try Handles.target(session, as: LogSession.self, "session")
        try target.flush(to: try Handles.target(proxy, as: HostedProxy.self, "proxy"))
    }
}

@c @implementation
public func blp_log_session_free(_ session: OpaquePointer?) -> CInt {
    answer { () throws(APIError) in
        guard let session else { return }
        _ = try Handles.target(session, as: LogSession.self, "session")
        guard Handles.revoke(session) else { throw APIError(BLP_E_INVALID, "session was freed") }
    }
}
