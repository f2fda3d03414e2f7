import BoundaryLogProxy
public import CBoundaryLogProxy
// Only for the type of the host's loop, which the header names.
public import CLibUV

@c @implementation
public func blp_proxy_attach(_ proxy: OpaquePointer?, _ loop: UnsafeMutablePointer<uv_loop_s>?) -> CInt {
    answer { () throws(APIError) in
        let hosted = try hosted(proxy)
        guard let loop else { throw .isNull("loop") }
        try hosted.attach(to: UnsafeMutableRawPointer(loop))
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
