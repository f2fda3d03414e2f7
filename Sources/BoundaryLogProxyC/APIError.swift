import BoundaryLogProxy
import CBoundaryLogProxy

/// What a function of the C API answers when it cannot do what was asked.
struct APIError: Error {
    var code: CInt
    var text: String

    init(_ code: blp_error, _ text: String) {
        self.code = code.rawValue
        self.text = text
    }

    static func isNull(_ argument: String) -> APIError { APIError(BLP_E_INVALID, "\(argument) is NULL") }
}

/// Runs the body of a function of the C API: its error becomes the code that is returned, and the thread's `blp_last_error`.
func answer(_ function: StaticString = #function, _ body: () throws(APIError) -> Void) -> CInt {
    do {
        try body()
        return BLP_OK.rawValue
    } catch {
        // A Swift function's name has its argument labels.
        var text = String("\(function)".prefix { $0 != "(" }) + ": " + error.text
        text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { blp_set_thread_error($0.baseAddress, $0.count) }
        }
        return error.code
    }
}

/// The text of a NUL-ended argument.
func text(_ pointer: UnsafePointer<CChar>?, _ argument: String) throws(APIError) -> String {
    guard let pointer else { throw .isNull(argument) }
    guard let text = String(validatingCString: pointer) else { throw APIError(BLP_E_INVALID, "\(argument) is not UTF-8") }
    return text
}
