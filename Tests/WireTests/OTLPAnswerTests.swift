import Testing
import Wire

struct OTLPAnswerTests {
    @Test func protobuf() {
        // partial_success { rejected_log_records: 300, error_message: "old" }
        let partial = bytesField(1, [0x08, 0xAC, 0x02] + stringField(2, "old"))
        #expect(OTLPAnswer(partial, isJSON: false, isSuccess: true) == answer(300, "old"))
        // Of a body that is cut off, what is there.
        #expect(OTLPAnswer(Array(partial.dropLast()), isJSON: false, isSuccess: true) == answer(300, "ol"))
        #expect(OTLPAnswer([], isJSON: false, isSuccess: true) == answer(0, ""))
        // google.rpc.Status
        #expect(OTLPAnswer([0x08, 0x03] + stringField(2, "bad"), isJSON: false, isSuccess: false) == answer(0, "bad"))
        #expect(OTLPAnswer(Array("<html>".utf8), isJSON: false, isSuccess: false).message.isEmpty)
    }

    @Test(arguments: [#""300""#, "300"])
    func json(count: String) {
        let body = Array(#"{"partialSuccess":{"rejectedLogRecords":\#(count),"errorMessage":"old"}}"#.utf8)
        #expect(OTLPAnswer(body, isJSON: true, isSuccess: true) == answer(300, "old"))
        #expect(OTLPAnswer(Array(#"{"code":3,"message":"bad"}"#.utf8), isJSON: true, isSuccess: false) == answer(0, "bad"))
        #expect(OTLPAnswer(Array("{".utf8), isJSON: true, isSuccess: true) == answer(0, ""))
    }

    private func answer(_ rejected: Int64, _ message: String) -> OTLPAnswer {
        var answer = OTLPAnswer([], isJSON: false, isSuccess: true)
        answer.rejectedLogRecords = rejected
        answer.message = Array(message.utf8)
        return answer
    }
}
