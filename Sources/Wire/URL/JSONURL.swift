/// A URL as it may leave, as the content of a JSON string: measured first, then written.
struct JSONURL {
    private let url: RedactedURL
    private let firstBytes: Int
    private let secondBytes: Int

    @inline(__always)
    init(_ bytes: RawSpan, _ url: RedactedURL) {
        self.url = url
        firstBytes = JSONString.contentByteCount(bytes, url.first)
        secondBytes = url.second.isEmpty ? 0 : JSONString.contentByteCount(bytes, url.second)
    }

    var byteCount: Int { firstBytes &+ url.afterFirst.utf8CodeUnitCount &+ secondBytes &+ url.afterSecond.utf8CodeUnitCount }

    @inline(__always)
    func append(_ bytes: RawSpan, to output: inout OutputRawSpan) {
        JSONString.appendContent(bytes, url.first, byteCount: firstBytes, to: &output)
        output.append(url.afterFirst)
        JSONString.appendContent(bytes, url.second, byteCount: secondBytes, to: &output)
        output.append(url.afterSecond)
    }
}
