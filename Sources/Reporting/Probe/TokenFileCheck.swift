/// A token file, looked at by somebody who does not want the token.
public enum TokenFileCheck {
    /// Throws unless it holds a token that can be sent.
    public static func check(_ path: String) throws(ReportingError) { _ = try TokenFile.read(path) }
}
