import BoundaryLogProxy
import CBoundaryLogProxy

@c @implementation
public func blp_proxy_new(_ config: OpaquePointer?, _ proxy: UnsafeMutablePointer<OpaquePointer?>?) -> CInt {
    answer { () throws(APIError) in
        guard let proxy else { throw .isNull("proxy") }
        let (configuration, callbacks) = try Handles.target(config, as: HostConfiguration.self, "config").build()
        proxy.pointee = Handles.issue(HostedProxy(configuration, callbacks))
    }
}

@c @implementation
public func blp_proxy_start(_ proxy: OpaquePointer?) -> CInt {
    answer { () throws(APIError) in try hosted(proxy).start() }
}

@c @implementation
public func blp_proxy_stop(_ proxy: OpaquePointer?) -> CInt {
    answer { () throws(APIError) in try hosted(proxy).stop() }
}

@c @implementation
public func blp_proxy_stop_now(_ proxy: OpaquePointer?) -> CInt {
    answer { () throws(APIError) in try hosted(proxy).stopNow() }
}

@c @implementation
public func blp_proxy_reopen(_ proxy: OpaquePointer?) -> CInt {
    answer { () throws(APIError) in try hosted(proxy).reopen() }
}

@c @implementation
public func blp_proxy_destroy(_ proxy: OpaquePointer?) -> CInt {
    answer { () throws(APIError) in
        guard let proxy else { return }
        try hosted(proxy).destroy()
        _ = Handles.revoke(proxy)
    }
}

/// The proxy that a handle stands for.
func hosted(_ proxy: OpaquePointer?) throws(APIError) -> HostedProxy { try Handles.target(proxy, as: HostedProxy.self, "proxy") }
