public import CBoundaryLogProxy
import Glibc

@c @implementation
public func blp_stats(_ proxy: OpaquePointer?, _ statistics: UnsafeMutablePointer<blp_statistics>?) -> CInt {
    answer { () throws(APIError) in
        let hosted = try hosted(proxy)
        guard let statistics else { throw .isNull("statistics") }
        // The host's struct may be shorter than ours, if it was compiled with an older header: no more than its size says is touched.
        let memory = UnsafeMutableRawPointer(statistics)
        let given = memory.load(as: UInt64.self)
        guard given >= 8 else { throw APIError(BLP_E_INVALID, "size is \(given): set it to sizeof(blp_statistics)") }
        var now = try hosted.statistics
        let size = min(given, UInt64(MemoryLayout<blp_statistics>.size)) & ~7
        now.size = size
        withUnsafeBytes(of: &now) { memory.copyMemory(from: $0.baseAddress!, byteCount: Int(size)) }
    }
}

@c @implementation
public func blp_metrics_text(
    _ proxy: OpaquePointer?, _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ length: UnsafeMutablePointer<Int>?
) -> CInt {
    answer { () throws(APIError) in
        let hosted = try hosted(proxy)
        guard let text else { throw .isNull("text") }
        let page = try hosted.metricsText()
        text.pointee = strdup(page)
        length?.pointee = page.utf8.count
    }
}
