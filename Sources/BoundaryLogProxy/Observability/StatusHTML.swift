import HTTPServer
import StatusWebPage

/// The page `/`: one file (Sources/StatusWebPage/page.html) without anything from elsewhere, and without data, which its script fetches.
enum StatusHTML {
    private static let nonceMark = Array("__NONCE__".utf8)

    static func response() -> HTTPServerResponse {
        let nonce = StatusToken.random(byteCount: 16)
        return HTTPServerResponse(
            status: 200, contentType: "text/html; charset=utf-8",
            headers: StatusAccess.headers + [
                (
                    "Content-Security-Policy",
                    "default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
                )
            ],
            body: filled(StatusWebPage.html, nonce: Array(nonce.utf8)))
    }

    private static func filled(_ page: [UInt8], nonce: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(page.count + 256)
        var position = 0
        while position < page.count {
            if page[position] == nonceMark[0], page[position...].starts(with: nonceMark) {
                result += nonce
                position += nonceMark.count
            } else {
                result.append(page[position])
                position += 1
            }
        }
        return result
    }
}
