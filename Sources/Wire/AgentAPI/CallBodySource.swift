/// Where the bodies of calls lie. A session asks for their bytes when it writes them, and keeps none.
public protocol CallBodySource {
    /// Appends the bytes `range` of the body of `call`: exactly as many, and the same ones whenever asked. Must not call the session.
    func append(_ range: Range<Int>, of call: CallID, to output: inout OutputRawSpan)
}
