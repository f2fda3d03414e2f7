/// The page that the status listener serves: page.html, which holds all that it needs. A module of its own, since its 90 kB take the compiler as long as the
/// rest of the product, and would do so at each change of that.
public enum StatusWebPage {
    /// UTF-8. `__NONCE__` stands where the nonce of an answer's Content-Security-Policy belongs.
    public static var html: [UInt8] { PackageResources.page_html }
}
