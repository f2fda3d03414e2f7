import BoundaryLogProxy
public import CBoundaryLogProxy
public import EventLoop

@c @implementation
public func blp_proxy_attach(_ proxy: OpaquePointer?, _ loop: UnsafeMutablePointer<HostLoop>?) -> CInt {
    answer { () throws(APIError) in
        let hosted = try hosted(proxy)
        guard let loop else { throw .isNull("loop") }
        try hosted.attach(to: loop)
    }
}

@c @implementation
public func blp_proxy_close(_ proxy: OpaquePointer?, _ closed: blp_closed_fn?, _ context: UnsafeMutableRawPointer?) -> CInt {
    answer { () throws(APIError) in
        let hosted = try hosted(proxy)
        // The host's own pointers, which go back to it.
        nonisolated(unsafe) let (proxy, context) = (proxy, context)
        try hosted.close { closed?(context, proxy) }
    }
}
